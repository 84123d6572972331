/** What senders may believe, and for how long. */
import { describe, expect, test } from 'vitest';
import type { TlsaRecord } from '../tlsa.ts';
import { believableUntil, type Look, type PlaceMemory, rememberLook, type ServerSight } from './memory.ts';

const record = (octet: number): TlsaRecord => ({
  usage: 3,
  selector: 1,
  matching: 1,
  data: new Uint8Array(32).fill(octet),
});
const OLD = [record(1)];
const BOTH = [record(1), record(2)];

const says = (server: string, records: readonly TlsaRecord[], ttl = 300): ServerSight => ({
  server,
  kind: 'records',
  records,
  ttl,
});
const silent: ServerSight = { server: 'ns2', kind: 'failed', text: 'timeout' };
const look = (seconds: number, ...servers: ServerSight[]): Look => ({
  at: seconds * 1000,
  servers,
  assumedTtl: 60,
});
const after = (...looks: Look[]): PlaceMemory =>
  looks.reduce<PlaceMemory | undefined>((memory, one) => rememberLook(memory, one), undefined)!;
/** `how many records, until when in seconds` */
const told = ({ sets }: PlaceMemory) =>
  sets.map((set) => [set.records?.length ?? 'unknown', believableUntil(set) / 1000]);

describe('rfc7671#section-8.1: two TTLs', () => {
  test.each<[string, PlaceMemory, unknown]>([
    ['before the first look: unknown', after(look(0)), [['unknown', Infinity]]],
    [
      'the first complete look begins two TTLs',
      after(look(100, says('ns1', OLD))),
      [
        ['unknown', 700],
        [1, Infinity],
      ],
    ],
    [
      'a look with a silent server does not',
      after(look(100, says('ns1', OLD), silent)),
      [
        ['unknown', Infinity],
        [1, Infinity],
      ],
    ],
    [
      'a set is gone when every server has another',
      after(look(0, says('ns1', OLD)), look(1000, says('ns1', BOTH))),
      [
        [1, 1600],
        [2, Infinity],
      ],
    ],
    [
      'not while one lags, nor while one is silent',
      after(
        look(0, says('ns1', OLD), says('ns2', OLD)),
        look(1000, says('ns1', BOTH), says('ns2', OLD)),
        look(2000, says('ns1', BOTH), silent),
      ),
      [
        [1, Infinity],
        [2, Infinity],
      ],
    ],
    [
      'a set that comes back is believed as before',
      after(look(0, says('ns1', OLD)), look(1000, says('ns1', BOTH)), look(1100, says('ns1', OLD))),
      [
        [1, Infinity],
        [2, 1700],
      ],
    ],
    [
      'what nobody can believe is forgotten',
      after(look(0, says('ns1', OLD)), look(1000, says('ns1', BOTH)), look(1601, says('ns1', BOTH))),
      [[2, Infinity]],
    ],
    [
      'the longest TTL counts, also one that only the next look shows',
      after(look(0, says('ns1', OLD, 300)), look(1000, says('ns1', BOTH, 600))),
      [
        [1, 2200],
        [2, Infinity],
      ],
    ],
    [
      'a shorter TTL does not shorten the wait for what was there with a longer',
      after(
        look(0, says('ns1', OLD, 600)),
        look(2000, says('ns1', OLD, 10)),
        look(2100, says('ns1', BOTH, 10)),
      ),
      [
        [1, 3300],
        [2, Infinity],
      ],
    ],
    [
      'a clock that is put back does not either',
      after(look(5000, says('ns1', OLD)), look(6000, says('ns1', BOTH)), look(1000, says('ns1', BOTH))),
      [
        ['unknown', 1600],
        [1, 1600],
        [2, Infinity],
      ].slice(1),
    ],
  ])('%s', (_, memory, expected) => {
    expect(told(memory)).toEqual(expected);
  });

  test('it is JSON as it stands', () => {
    const memory = after(look(0, says('ns1', OLD)), look(1000, says('ns1', BOTH)));
    expect(JSON.parse(JSON.stringify(memory))).toEqual(memory);
  });
});
