/** The work of a message is a small multiple of its octets, whatever they are. */
import { describe, expect, it } from 'vitest';
import { DnsFormatError } from './errors.ts';
import { readMessage } from './message-decode.ts';
import { MAX_POINTERS, MessageReader } from './message-reader.ts';

/** A message of at most 65535 octets: header, first `prefix`, then `repeat(n, at)` as long as there is room; all counted as answers. */
function bomb(
  prefix: readonly number[],
  repeat: (n: number, at: number) => readonly number[],
  limit = 65535,
): Uint8Array {
  const octets: number[] = [0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...prefix];
  let count = 0;
  for (;;) {
    const next = repeat(count, octets.length);
    if (octets.length + next.length > limit || count === 65535) break;
    octets.push(...next);
    count++;
  }
  octets[6] = count >> 8;
  octets[7] = count & 0xff;
  return Uint8Array.from(octets);
}

const pointer = (target: number) => [0xc0 | (target >> 8), target & 0xff];
/** Fields of a record without data behind its owner. */
const empty = [0, 1, 0, 1, 0, 0, 0, 0, 0, 0];

/** Steps and octets of names that reading the message took; undefined result where it was refused. */
function measure(octets: Uint8Array): { steps: number; produced: number; refused: boolean } {
  const reader = new MessageReader(octets);
  try {
    const message = readMessage(reader);
    const names = new Set(message.answers.map(({ name }) => name));
    let produced = 0;
    for (const name of names) produced += name.wire.length;
    for (const { rdata } of message.answers) if (rdata.buffer !== octets.buffer) produced += rdata.length;
    return { steps: reader.steps, produced, refused: false };
  } catch (error) {
    if (!(error instanceof DnsFormatError)) throw error;
    return { steps: reader.steps, produced: 0, refused: true };
  }
}

/** A record whose opaque data is 127 labels of one octet, each a place to point into. */
const labels = Array.from({ length: 127 }, () => [1, 0x61]).flat();
const longName = [0, ...[0xff, 0, 0, 1, 0, 0, 0, 0, 0, labels.length + 1], ...labels, 0];
const LONG_NAME_AT = 12 + 11;

describe('decompression', () => {
  it.each<readonly [string, Uint8Array]>([
    // Each owner is a pointer at the owner before it.
    [
      'a chain of pointers through the whole message',
      bomb([0, ...empty], (n, at) => [...pointer(n === 0 ? 12 : Math.min(at - 12, 0x3fff)), ...empty]),
    ],
    // Each owner has a label of its own before the pointer at the owner before it: names grow to the limit.
    [
      'labels chained by pointers',
      bomb([0, ...empty], (n, at) => [1, 0x61, ...pointer(n % 100 === 0 ? 12 : at - 14), ...empty], 0x3fff),
    ],
    // Every owner points somewhere else into one long name.
    [
      'pointers into every suffix of a long name',
      bomb(longName, (n) => [...pointer(LONG_NAME_AT + 2 * (n % 127)), ...empty]),
    ],
    ['pointers at one long name', bomb(longName, () => [...pointer(LONG_NAME_AT), ...empty])],
    // A label of its own for every owner, then the long name but for a label.
    [
      'a long name copied for every owner',
      bomb(longName, () => [1, 0x62, ...pointer(LONG_NAME_AT + 4), ...empty]),
    ],
    // RP records: two names in the data of each.
    [
      'two long names in the data of every record',
      bomb(longName, () => [
        ...pointer(LONG_NAME_AT),
        0,
        17,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        4,
        ...pointer(LONG_NAME_AT),
        ...pointer(LONG_NAME_AT),
      ]),
    ],
    // Data full of octets that each are a pointer at the pair before: the chain is entered at its end.
    [
      'a chain of pointers in opaque data',
      bomb(
        [
          0,
          0xff,
          0,
          0,
          1,
          0,
          0,
          0,
          0,
          0x3f,
          0x00,
          0,
          ...Array.from({ length: 8000 }, (_, i) => pointer(i === 0 ? 23 : 22 + 2 * i)).flat(),
        ],
        (n) => [...pointer(24 + 2 * ((n * 37) % 8000)), ...empty],
      ),
    ],
    ['nothing but 0xc0', new Uint8Array(65535).fill(0xc0)],
    ['nothing but 0x3f', new Uint8Array(65535).fill(0x3f)],
    ['nothing but 0x01', new Uint8Array(65535).fill(0x01)],
  ])('of %s is linear', (_what, octets) => {
    const { steps, produced } = measure(octets);
    expect(steps).toBeLessThanOrEqual(10 * octets.length);
    expect(produced).toBeLessThanOrEqual(64 * octets.length);
  });

  it('does the work of the bombs that are valid', () => {
    // Were these refused early, the test above would show nothing.
    const suffixes = measure(bomb(longName, (n) => [...pointer(LONG_NAME_AT + 2 * (n % 127)), ...empty]));
    expect(suffixes).toMatchObject({ refused: false });
    // 127 suffixes, each walked once, and a step for each pointer.
    expect(suffixes.steps).toBeGreaterThan((127 * 128) / 2);
    expect(suffixes.steps).toBeLessThan((127 * 128) / 2 + 127 + 3 * 5500);
    const copies = measure(bomb(longName, () => [1, 0x62, ...pointer(LONG_NAME_AT + 4), ...empty]));
    expect(copies.refused).toBe(false);
    expect(copies.produced).toBeGreaterThan(1_000_000);
  });

  it('follows no more pointers for a name than a name could need', () => {
    // One owner at the end of a chain of bare pointers inside opaque data.
    const chain = (length: number) => {
      const pairs = [0, 0, ...Array.from({ length }, (_, i) => pointer(i === 0 ? 23 : 23 + 2 * i)).flat()];
      const prefix = [0, 0xff, 0, 0, 1, 0, 0, 0, 0, pairs.length >> 8, pairs.length & 0xff, ...pairs];
      const octets = bomb(prefix, () => []).length;
      const message = [...bomb(prefix, () => [0], octets), ...pointer(12 + prefix.length - 2), ...empty];
      message[6] = 0;
      message[7] = 2;
      return measure(Uint8Array.from(message));
    };
    expect(chain(MAX_POINTERS - 1).refused).toBe(false);
    expect(chain(MAX_POINTERS + 1).refused).toBe(true);
    expect(chain(5000)).toMatchObject({ refused: true });
    expect(chain(5000).steps).toBeLessThan(2 * MAX_POINTERS + 10);
  });
});
