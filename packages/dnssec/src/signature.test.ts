import { encodeA, Name, RRType } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { type Setup, secureUnless, twins } from '../test/signed-network/cases.ts';
import {
  answers,
  type Change,
  flipped,
  movedTo,
  on,
  rrsig,
  unsigned,
  withTtl,
} from '../test/signed-network/forge.ts';
import {
  EXPIRATION,
  INCEPTION,
  NOW,
  type Records,
  rrsigRdata,
  type SignOptions,
} from '../test/signed-network/sign.ts';
import { signingKey } from '../test/signed-network/signing-key.ts';
import { DEFAULT_BUDGETS, Work } from './budget.ts';
import { KeyStore } from './public-key.ts';
import { nearestTime, serialAfter, verifyRRset } from './signature.ts';

const name = (text: string) => Name.fromText(text);
const Q = 'www.example. A';
const setup: Setup = {
  zones: [{ name: 'example.', text: 'www A 192.0.2.80\nwww A 192.0.2.81\nother A 192.0.2.82' }],
  ask: Q,
};
const at = (now: number, sign: SignOptions): Setup => ({
  zones: [
    { name: '.', sign },
    { name: 'example.', text: 'www A 192.0.2.80', sign },
  ],
  ask: Q,
  now,
});
/** The RRset signed anew by its zone, with other fields in the signature. */
const resigned =
  (options: SignOptions): Change =>
  (world) => {
    const zone = world.zone('example.');
    const records = zone.get(name('www.example.'), RRType.A)!;
    on(
      Q,
      answers(() => zone.sign(records, options)),
    )(world);
  };

describe('rule 1: signatures', () => {
  secureUnless('rule 1: a bit of the data flipped', setup, on(Q, answers(flipped('A'))));
  secureUnless('rule 1: a bit of the signature flipped', setup, on(Q, answers(flipped('RRSIG'))));
  secureUnless('rule 1: the signature left out', setup, on(Q, answers(unsigned)));
  secureUnless(
    'rule 1: a record left out of its RRset',
    setup,
    on(
      Q,
      answers((records) => records.slice(1)),
    ),
  );
  secureUnless(
    'rule 1: a record added to its RRset',
    setup,
    on(
      Q,
      answers((records) => [{ ...records[0]!, rdata: encodeA('192.0.2.99') }, ...records]),
    ),
  );
  secureUnless('rule 1: the records of another name', setup, (world) =>
    on(
      Q,
      answers(() => movedTo('www.example.')(world.zone('example.').of('other', 'A'))),
    )(world),
  );
  secureUnless('rule 1: original TTL changed', setup, on(Q, answers(rrsig({ originalTtl: 7200 }))));
  secureUnless('rule 1: labels fewer than signed', setup, on(Q, answers(rrsig({ labels: 1 }))));
  secureUnless('rule 1: labels more than the owner has', setup, resigned({ labels: 3 }));
  secureUnless('rule 1: another type covered', setup, resigned({ typeCovered: RRType.AAAA }));
  secureUnless('rule 1: another algorithm than the key has', setup, resigned({ algorithm: 13 }));
  secureUnless('rule 1: another key tag than the key has', setup, resigned({ keyTag: 1 }));
  secureUnless(
    'rule 1: signer is not the apex but the owner',
    setup,
    resigned({ signer: name('www.example.') }),
  );
  secureUnless('rule 1: signer is the parent zone', setup, resigned({ signer: Name.root }));
  secureUnless('rule 1: signer is a name beside the zone', setup, resigned({ signer: name('elsewhere.') }));
  secureUnless('rule 1: expired', setup, resigned({ expiration: NOW - 1 }));
  secureUnless('rule 1: not valid yet', setup, resigned({ inception: NOW + 1 }));
  secureUnless(
    'rule 1: expires before it begins',
    setup,
    resigned({ inception: NOW - 10, expiration: NOW - 20 }),
  );
  twins(
    'rule 1: a malformed signature, which makes the message malformed',
    setup,
    'answer secure',
    on(
      Q,
      answers((records) =>
        records.map((record) =>
          record.type === RRType.RRSIG ? { ...record, rdata: record.rdata.subarray(0, 20) } : record,
        ),
      ),
    ),
    'failure indeterminate',
  );
  secureUnless('rule 1: an empty signature', setup, on(Q, answers(rrsig({ signature: new Uint8Array(0) }))));

  const same = (title: string, change: Change) =>
    twins(title, setup, 'answer secure', change, 'answer secure');
  same(
    'rule 1: duplicates are removed',
    on(
      Q,
      answers((records) => [...records, records[0]!, records[1]!]),
    ),
  );
  same(
    'rule 1: the order does not matter',
    on(
      Q,
      answers((records) => records.toReversed()),
    ),
  );
  same('rule 1: upper case in the owner', on(Q, answers(movedTo('WWW.Example.'))));
  same('rule 1: a TTL counted down by a cache', on(Q, answers(withTtl(17))));
  same('rule 1: a TTL above the original', on(Q, answers(withTtl(7200))));
  same(
    'rule 1: a good signature after a bad one',
    on(
      Q,
      answers((records) => [...flipped('RRSIG')(records), records.at(-1)!]),
    ),
  );
  same(
    'rule 1: a signature of an unknown algorithm beside the good one',
    on(
      Q,
      answers((records) => [...rrsig({ algorithm: 200 })(records), records.at(-1)!]),
    ),
  );
  same(
    'rule 1: the signature in the authority section',
    on(Q, (message) => ({
      ...message,
      answers: unsigned(message.answers),
      authorities: [message.answers.at(-1)!],
    })),
  );
  same('rule 1: ends this second', resigned({ expiration: NOW }));
  same('rule 1: begins this second', resigned({ inception: NOW }));

  const wrap = 2 ** 32;
  const around = { inception: wrap - 1000, expiration: 1000 };
  twins(
    'rule 1: dates across the wrap of 2106',
    at(wrap + 500, around),
    'answer secure',
    (world) => world.pass(600),
    'failure bogus',
  );
  twins(
    'rule 1: dates before the wrap of 2106',
    at(wrap - 500, around),
    'answer secure',
    (world) => world.pass(-600),
    'failure bogus',
  );
});

describe('rule 1: names inside the data in canonical form', () => {
  const text =
    'mx MX 10 Mail.Example.\nalias CNAME Mail.Example.\nsrv SRV 1 2 3 Mail.Example.\nmail A 192.0.2.1';
  for (const asked of ['mx.example. MX', 'srv.example. SRV', 'alias.example. CNAME']) {
    const lower = on(
      asked,
      answers((records) =>
        records.map((record) =>
          record.type === RRType.RRSIG
            ? record
            : {
                ...record,
                rdata: Buffer.from(Buffer.from(record.rdata).toString('latin1').toLowerCase(), 'latin1'),
              },
        ),
      ),
    );
    twins(
      `rule 1: ${asked}`,
      { zones: [{ name: 'example.', text }], ask: asked },
      'answer secure',
      lower,
      'answer secure',
    );
  }
});

describe('verifyRRset', () => {
  const zone = name('example.');
  const key = signingKey('example.', 15);
  const records: Records = {
    name: name('www.example.'),
    type: RRType.A,
    ttl: 3600,
    rdatas: [encodeA('192.0.2.1')],
  };
  const zoneKey = {
    tag: key.tag,
    rdata: key.rdata,
    data: { flags: 0x101, protocol: 3, algorithm: 15, publicKey: key.rdata.subarray(4) },
  };
  const verify = async (
    signatures: readonly Uint8Array[],
    { now = NOW, keys = [zoneKey], ttl = 3600, concurrent = false } = {},
  ) => {
    const work = new Work(DEFAULT_BUDGETS, 0);
    const context = { keys: new KeyStore(), policy: { sha1: false }, now, work, concurrent };
    return {
      work,
      result: await verifyRRset({ ...records, class: 1, ttl, signatures }, zone, keys, context),
    };
  };
  const good = rrsigRdata(records, zone, key);

  test.each([false, true])(
    'tells key, dates and labels of the signature that holds (pool: %s)',
    async (concurrent) => {
      const { result, work } = await verify([good], { concurrent });
      expect(result).toMatchObject({
        kind: 'valid',
        labels: 2,
        signature: { keyTag: key.tag, algorithm: 15, inception: INCEPTION, expiration: EXPIRATION },
      });
      expect(work).toMatchObject({ verifications: 1, failedVerifications: 0 });
    },
  );

  const ttls: readonly [string, number, number, number][] = [
    ['the TTL itself', 60, NOW, 60],
    ['the original TTL', 9000, NOW, 3600],
    ['what is left of the signature', 3600, EXPIRATION - 40, 40],
    ['nothing in the last second', 3600, EXPIRATION, 0],
  ];
  test.each(ttls)('rule 13: kept for %s', async (_, ttl, now, expected) => {
    expect((await verify([good], { now, ttl })).result).toMatchObject({ kind: 'valid', ttl: expected });
  });

  const reasons: readonly [string, readonly Uint8Array[], RegExp][] = [
    ['none', [], /^no signature over A of www\.example\.$/],
    ['malformed', [Uint8Array.of(0, 1, 2)], /^malformed/],
    ['another signer', [rrsigRdata(records, name('com.'), key)], /names com\. as signer, not example\./],
    ['unknown algorithm', [rrsigRdata(records, zone, key, { algorithm: 200 })], /algorithm 200/],
    ['labels', [rrsigRdata(records, zone, key, { labels: 3 })], /more labels/],
    [
      'unknown key',
      [rrsigRdata(records, zone, key, { keyTag: 7 })],
      /key 7, which example\. does not publish/,
    ],
    ['expired', [rrsigRdata(records, zone, key, { expiration: NOW - 1 })], /expired 2026-01-14T23:59:59Z/],
    [
      'not yet',
      [rrsigRdata(records, zone, key, { inception: NOW + 1 })],
      /not valid before 2026-01-15T00:00:01Z/,
    ],
    ['wrong', [rrsigRdata(records, zone, key, { spoil: true })], /does not verify/],
    [
      'the furthest counts',
      [rrsigRdata(records, zone, key, { spoil: true }), rrsigRdata(records, zone, key, { keyTag: 7 })],
      /does not verify/,
    ],
  ];
  test.each(reasons)('reason: %s', async (_, signatures, text) => {
    for (const concurrent of [false, true]) {
      const { result } = await verify(signatures, { concurrent });
      expect(result.kind === 'invalid' && result.reason.text).toMatch(text);
    }
  });

  const unusable: readonly [string, Partial<typeof zoneKey.data>][] = [
    ['no zone key', { flags: 0x001 }],
    ['revoked', { flags: 0x181 }],
    ['protocol 2', { protocol: 2 }],
  ];
  test.each(unusable)('rule 2: a key that is %s signs nothing', async (_, data) => {
    const keys = [{ ...zoneKey, data: { ...zoneKey.data, ...data } }];
    expect((await verify([good], { keys })).result.kind).toBe('invalid');
  });

  test('rule 14: signatures over the limit are not tried', async () => {
    const bad = rrsigRdata(records, zone, key, { spoil: true });
    const many = Array.from({ length: 20 }, () => bad);
    const { result, work } = await verify([...many, good]);
    expect(result.kind).toBe('invalid');
    expect(work.verifications).toBe(DEFAULT_BUDGETS.signaturesPerRRset);
    expect((await verify([...many.slice(0, 7), good])).result.kind).toBe('valid');
  });
});

describe('serial number arithmetic (rfc1982)', () => {
  const later: readonly [number, number, boolean][] = [
    [1, 0, true],
    [0, 1, false],
    [5, 5, false],
    [0, 0xffffffff, true],
    [0xffffffff, 0, false],
    [0x7fffffff, 0, true],
    [2 ** 32 + 5, 4, true],
    [2 ** 32 + 5, 6, false],
  ];
  test.each(later)('serialAfter(%i, %i) is %s', (a, b, expected) => {
    expect(serialAfter(a, b)).toBe(expected);
  });

  const times: readonly [number, number, number][] = [
    [1000, 900, 1000],
    [0xffffffff, 2 ** 32 + 10, 2 ** 32 - 1],
    [20, 2 ** 32 - 10, 2 ** 32 + 20],
    [20, 2 ** 33 + 10, 2 ** 33 + 20],
  ];
  test.each(times)('nearestTime(%i, %i) is %i', (value, now, expected) => {
    expect(nearestTime(value, now)).toBe(expected);
  });
});

/** One in 256 halves begins with a zero octet, which DER leaves out; every second has its top bit set, which DER sets a zero before. */
describe.each([
  [13, 32],
  [14, 48],
])('rule 8: ECDSA signatures of algorithm %i, halves of any size', (algorithm, half) => {
  const zone = name('example.');
  const key = signingKey('example.', algorithm);
  const zoneKey = {
    tag: key.tag,
    rdata: key.rdata,
    data: { flags: 0x101, protocol: 3, algorithm, publicKey: key.rdata.subarray(4) },
  };
  const records = { name: name('www.example.'), type: RRType.A, ttl: 3600, rdatas: [encodeA('192.0.2.1')] };
  const context = () => ({
    keys: new KeyStore(),
    policy: { sha1: false },
    now: NOW,
    work: new Work(DEFAULT_BUDGETS, 0),
  });
  const verify = async (rdata: Uint8Array) =>
    (await verifyRRset({ ...records, class: 1, signatures: [rdata] }, zone, [zoneKey], context())).kind;

  test('with leading zeros, and with the top bit set, in either half', async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 20_000 && seen.size < 6; i++) {
      const rdata = rrsigRdata(records, zone, key);
      const signature = rdata.subarray(-2 * half);
      const kinds = [0, half].map((at) =>
        signature[at] === 0 ? 'zero' : signature[at]! & 0x80 ? 'top' : 'plain',
      );
      const news = kinds.map((kind, i) => `${i} ${kind}`).filter((kind) => !seen.has(kind));
      for (const kind of news) seen.add(kind);
      if (news.length > 0) expect(await verify(rdata)).toBe('valid');
    }
    expect([...seen].sort()).toEqual(['0 plain', '0 top', '0 zero', '1 plain', '1 top', '1 zero']);
  });

  test.each([
    ['r is zero', 0, half],
    ['s is zero', half, 2 * half],
  ])('%s: not valid', async (_, from, to) => {
    const rdata = Uint8Array.from(rrsigRdata(records, zone, key));
    rdata.subarray(-2 * half).fill(0, from, to);
    expect(await verify(rdata)).toBe('invalid');
  });
});
