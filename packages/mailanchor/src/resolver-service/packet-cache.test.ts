import {
  decodeMessage,
  encodeMessage,
  type Message,
  makeQuery,
  Name,
  parseRecord,
  type QueryOptions,
  RRType,
  responseTo,
} from '@mailanchor/dns';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PacketCache } from './packet-cache.ts';
import { QueryHead, Variant } from './query-head.ts';

const head = new QueryHead(12345);
const query = (text = 'www.example.', type: number = RRType.A, options: QueryOptions = {}) =>
  encodeMessage(makeQuery(Name.fromText(text), type, { id: 1, rd: true, ...options }));
const read = (octets: Uint8Array) => {
  expect(head.read(octets)).toBe(true);
  return head;
};
const records = ['www.example. 300 IN A 192.0.2.1', 'www.example. 200 IN A 192.0.2.2'].map((text) =>
  parseRecord(text, { origin: Name.root }),
);
/** Keeps an answer to the query from second 1000 on. */
const kept = (octets: Uint8Array, { limit = 1_000_000, ttl = 200, answers = records } = {}) => {
  const cache = new PacketCache(limit);
  store(cache, octets, ttl, answers);
  return cache;
};
const store = (cache: PacketCache, octets: Uint8Array, ttl = 200, answers = records) => {
  const response = encodeMessage(responseTo(decodeMessage(octets), { ra: true, answers }));
  cache.set(octets, read(octets), response, { now: 1000, ttl, status: 3 });
};
const get = (cache: PacketCache, octets: Uint8Array, now = 1000, max = 65535): Message | undefined => {
  const response = cache.get(octets, read(octets), now, max);
  return response && decodeMessage(response);
};

describe('the same question', () => {
  test('gets the same answer, under its own id and with its own letters, TTLs counted down', () => {
    const cache = kept(query());
    const again = get(cache, query('wWw.exAmple.', RRType.A, { id: 0xabcd }), 1150);
    expect(again).toMatchObject({ id: 0xabcd, qr: true, ra: true, rd: true, tc: false });
    expect(again?.questions[0]?.name.toString()).toBe('wWw.exAmple.');
    expect(again?.answers.map(({ name, ttl }) => `${name} ${ttl}`)).toEqual([
      'wWw.exAmple. 150',
      'wWw.exAmple. 50',
    ]);
    expect(cache.status).toBe(3);
  });

  test("RD is the asker's", () => {
    const cache = kept(query());
    expect(get(cache, query('www.example.', RRType.A, { rd: false }))?.rd).toBe(false);
    expect(get(cache, query())?.rd).toBe(true);
  });

  test('what is given out can be changed without harm', () => {
    const cache = kept(query());
    cache.get(query(), read(query()), 1000, 65535)!.fill(0);
    expect(get(cache, query())?.answers).toHaveLength(2);
  });

  test.each([
    [1199, true],
    [1200, false],
    [999, false],
  ])('until its time has passed, and not under a clock set back: second %i', (now, there) => {
    const cache = kept(query());
    expect(get(cache, query(), now) !== undefined).toBe(there);
    // What has expired takes no room.
    expect(cache.size).toBe(there ? 1 : 0);
    expect(cache.octets > 0).toBe(there);
  });

  test('too long for the client: header, question and OPT, and TC', () => {
    const octets = query('www.example.', RRType.A, { do: true });
    const cache = kept(octets);
    const cut = get(cache, octets, 1100, 60);
    expect(cut).toMatchObject({
      tc: true,
      answers: [],
      authorities: [],
      additionals: [],
      edns: { do: true },
    });
    expect(cut?.questions).toHaveLength(1);
    expect(get(cache, octets, 1100)?.tc).toBe(false);
    const bare = query('www.example.', RRType.A, { edns: false });
    expect(get(kept(bare), bare, 1000, 40)).toMatchObject({ tc: true, answers: [] });
  });
});

test.each<[string, Uint8Array]>([
  ['another name', query('xww.example.')],
  ['a name above', query('example.')],
  ['another type', query('www.example.', RRType.AAAA)],
  ['DO', query('www.example.', RRType.A, { do: true })],
  ['AD', query('www.example.', RRType.A, { ad: true })],
  ['CD', query('www.example.', RRType.A, { cd: true })],
  ['without EDNS', query('www.example.', RRType.A, { edns: false })],
])('another question: %s', (_, octets) => {
  const cache = kept(query());
  expect(get(cache, octets)).toBeUndefined();
  expect(get(cache, query())).toBeDefined();
});

test.each<[string, Uint8Array]>([
  ['another name', query('xww.example.')],
  ['another type', query('www.example.', RRType.AAAA)],
  ['another variant', query('www.example.', RRType.A, { do: true })],
])('not the same for having the same hash: %s', (_, octets) => {
  const cache = kept(query());
  const { hash } = read(query());
  const other = read(octets);
  other.hash = hash;
  expect(cache.get(octets, other, 1000, 65535)).toBeUndefined();
});

test('a dot inside a label is no boundary of labels', () => {
  const cache = kept(query('www\\.example.'));
  expect(get(cache, query('www.example.'))).toBeUndefined();
});

describe('bounded by octets', () => {
  const one = kept(query()).octets;

  test('what is not asked for goes first', () => {
    const cache = new PacketCache(one * 3 + 30);
    for (const name of ['aaa.example.', 'bbb.example.', 'ccc.example.']) store(cache, query(name));
    get(cache, query('aaa.example.'));
    store(cache, query('ddd.example.'));
    expect(cache.octets).toBeLessThanOrEqual(one * 3 + 30);
    const there = ['aaa', 'bbb', 'ccc', 'ddd'].filter((label) => get(cache, query(`${label}.example.`)));
    expect(there).toEqual(['aaa', 'ccc', 'ddd']);
  });

  test('however many come, all of them asked for', () => {
    const cache = new PacketCache(one * 10);
    for (let i = 0; i < 500; i++) {
      const octets = query(`n${i}.example.`);
      store(cache, octets);
      get(cache, octets);
      expect(cache.octets).toBeLessThanOrEqual(one * 10);
    }
    expect(cache.size).toBeGreaterThan(5);
  });

  test('a new answer takes the place of the old', () => {
    const cache = kept(query());
    store(cache, query());
    expect(cache.octets).toBe(one);
    expect(cache.size).toBe(1);
  });

  test('what may not be kept, or is too large, is not', () => {
    expect(kept(query(), { ttl: 0 }).size).toBe(0);
    expect(kept(query(), { limit: 100 }).size).toBe(0);
  });

  test('cleared', () => {
    const cache = kept(query());
    cache.clear();
    expect([cache.size, cache.octets, get(cache, query())]).toEqual([0, 0, undefined]);
  });
});

describe('the head of a query', () => {
  test.each<[string, QueryOptions, number, number]>([
    ['plain', { edns: false }, 0, 512],
    ['EDNS', { udpPayloadSize: 4096 }, Variant.EDNS, 4096],
    ['EDNS that takes less than everybody must', { udpPayloadSize: 100 }, Variant.EDNS, 512],
    ['DO, and so AD', { do: true, ad: true }, Variant.EDNS | Variant.DO, 1232],
    ['AD, CD', { edns: false, ad: true, cd: true }, Variant.AD | Variant.CD, 512],
    ['a cookie', { options: [{ code: 10, data: new Uint8Array(8) }] }, Variant.EDNS, 1232],
  ])('%s', (_, options, variant, payload) => {
    expect(read(query('www.example.', RRType.A, options))).toMatchObject({ variant, payload, type: 1 });
  });

  test.each<[string, Uint8Array]>([
    ['response', encodeMessage({ ...makeQuery(Name.root, 1), qr: true })],
    ['opcode', encodeMessage({ ...makeQuery(Name.root, 1), opcode: 4 })],
    ['TC', encodeMessage({ ...makeQuery(Name.root, 1), tc: true })],
    ['class CH', query('www.example.', 16, { class: 3 })],
    [
      'EDNS version 1',
      encodeMessage({
        ...makeQuery(Name.root, 1),
        edns: { version: 1, udpPayloadSize: 512, do: false, options: [] },
      }),
    ],
    [
      'an option cut short',
      query('www.example.', 1, { options: [{ code: 10, data: new Uint8Array(4) }] }).with(-5, 9),
    ],
    [
      'a label of 64 octets',
      Buffer.concat([
        query('www.example.', 1, { edns: false }).subarray(0, 12),
        Uint8Array.of(64),
        Buffer.alloc(64, 'a'),
        Uint8Array.of(0, 0, 1, 0, 1),
      ]),
    ],
    [
      'a pointer',
      Buffer.concat([
        query('www.example.', 1, { edns: false }).subarray(0, 12),
        Uint8Array.of(0xc0, 12, 0, 1, 0, 1),
        Buffer.alloc(220),
      ]),
    ],
    ['no question', new Uint8Array(17)],
    ['cut short', query().subarray(0, 20)],
  ])('left to the judge: %s', (_, octets) => {
    expect(head.read(octets)).toBe(false);
  });

  test('reads nothing beyond the octets, whatever they are; and what it takes, the decoder takes', () => {
    const spoilt = fc
      .tuple(
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 255 }),
        fc.integer({ min: 0, max: 45 }),
      )
      .map(([at, value, end]) =>
        query('www.example.', 15, { do: true }).with(Math.min(at, 39), value).subarray(0, end),
      );
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), spoilt), (octets) => {
        if (!head.read(octets)) return;
        const message = decodeMessage(octets);
        expect(message.questions[0]).toMatchObject({ type: head.type, class: 1 });
        expect(message.questions[0]!.name.wire.length).toBe(head.nameEnd - 12);
      }),
      { numRuns: 3000 },
    );
  });
});
