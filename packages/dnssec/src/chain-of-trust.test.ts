import { encodeDs, Name, type ResourceRecord, RRType } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { holds, type Setup, secureUnless, twins, worldOf } from '../test/signed-network/cases.ts';
import {
  all,
  answers,
  authorities,
  type Change,
  flipped,
  instead,
  on,
  plus,
  unsigned,
  without,
} from '../test/signed-network/forge.ts';
import { dsRdata, type SignOptions, toRecords } from '../test/signed-network/sign.ts';
import {
  KSK,
  REVOKED,
  type SigningKey,
  signingKey,
  tagOf,
  withFlags,
  ZSK,
} from '../test/signed-network/signing-key.ts';
import { World, type WorldZone } from '../test/signed-network/world.ts';
import { TTL } from '../test/signed-network/zone.ts';

const name = (text: string) => Name.fromText(text);
const ROOT = Name.root;
const EXAMPLE = name('example.');
const DATA = 'www A 192.0.2.80';
const Q = 'www.example. A';

const zone = (more: Partial<WorldZone> = {}): Setup => ({
  zones: [{ name: 'example.', text: DATA, ...more }],
  ask: Q,
});
const key = signingKey('example.', 15);
const second = signingKey('example.', 15, 1, ZSK);

/** The DS RRset of example. replaced, and signed by the root. */
const withDs =
  (...rdatas: readonly Uint8Array[]): Change =>
  (world) =>
    world.zone('.').put({ name: EXAMPLE, type: RRType.DS, ttl: TTL, rdatas });
const ds = (fields: Partial<Parameters<typeof encodeDs>[0]>, of: SigningKey = key) => {
  const rdata = dsRdata(EXAMPLE, of);
  return encodeDs({
    keyTag: of.tag,
    algorithm: of.algorithm,
    digestType: 2,
    digest: rdata.subarray(4),
    ...fields,
  });
};
const withProtocol = (of: SigningKey, protocol: number): SigningKey => {
  const rdata = Uint8Array.from(of.rdata);
  rdata[2] = protocol;
  return { ...of, rdata, tag: tagOf(rdata) };
};
/** The DNSKEY RRset signed by the keys given and by no others. */
const keysSignedBy =
  (signers: readonly SigningKey[], options: SignOptions = {}): Change =>
  (world) => {
    const of = world.zone('example.');
    const records = of.get(EXAMPLE, RRType.DNSKEY)!;
    const signatures = signers.map((signer) => {
      const [made] = of
        .sign(records, { algorithm: signer.algorithm, keyTag: signer.tag, ...options })
        .slice(-1);
      return made!;
    });
    on('example. DNSKEY', answers(instead(...toRecords(records), ...signatures)))(world);
  };

describe('rule 2: the chain', () => {
  holds('rule 2: one key for everything', zone(), 'answer secure');
  holds('rule 2: a key for keys and a key for data', zone({ keys: [key, second] }), 'answer secure');
  holds('rule 2: SEP means nothing', zone({ keys: [withFlags(key, ZSK)] }), 'answer secure');
  holds(
    'rule 2: a zone cut two labels down',
    { zones: [...zone().zones, { name: 'a.b.example.', text: DATA }], ask: 'www.a.b.example. A' },
    'answer secure',
  );
  holds(
    'rule 2: a chain of four zones',
    {
      zones: ['example.', 'b.example.', 'c.b.example.'].map((of) => ({ name: of, text: DATA })),
      ask: 'www.c.b.example. A',
    },
    'answer secure',
  );
  secureUnless('rule 2: no zone key flag', zone(), (world) =>
    world
      .zone('example.')
      .put({ name: EXAMPLE, type: RRType.DNSKEY, ttl: TTL, rdatas: [withFlags(key, 1).rdata] }),
  );
  holds('rule 2: no zone key flag, the DS agreeing', zone({ keys: [withFlags(key, 1)] }), 'failure bogus');
  holds('rule 2: revoked, the DS agreeing', zone({ keys: [withFlags(key, KSK | REVOKED)] }), 'failure bogus');
  holds(
    'rule 2: data signed by a revoked key',
    zone({ keys: [key, withFlags(second, ZSK | REVOKED)] }),
    'failure bogus',
  );
  holds(
    'rule 2: data signed by a key of protocol 2',
    zone({ keys: [key, withProtocol(second, 2)] }),
    'failure bogus',
  );
  holds('rule 2: protocol 2, the DS agreeing', zone({ keys: [withProtocol(key, 2)] }), 'failure bogus');
  secureUnless('rule 2: DS of another tag', zone(), withDs(ds({ keyTag: (key.tag + 1) % 65536 })));
  secureUnless('rule 2: DS of another algorithm', zone(), withDs(ds({ algorithm: 13 })));
  secureUnless('rule 2: DS of another digest', zone(), withDs(ds({ digest: new Uint8Array(32) })));
  secureUnless(
    'rule 2: DS digest cut short',
    zone(),
    withDs(ds({ digest: dsRdata(EXAMPLE, key).subarray(4, 24) })),
  );
  secureUnless('rule 2: DS of another key', zone(), withDs(dsRdata(EXAMPLE, signingKey('example.', 15, 7))));
  secureUnless('rule 2: DS of the same key for another zone', zone(), withDs(dsRdata(name('com.'), key)));
  twins(
    'rule 2: any one DS is enough',
    zone(),
    'answer secure',
    withDs(ds({ digest: new Uint8Array(32) }), ds({ keyTag: 9 }), dsRdata(EXAMPLE, key)),
    'answer secure',
  );
  secureUnless(
    'rule 2: keys signed by a key that no DS names',
    zone({ keys: [key, second] }),
    keysSignedBy([second]),
  );
  secureUnless('rule 2: keys not signed', zone(), on('example. DNSKEY', answers(unsigned)));
  secureUnless(
    'rule 2: a key slipped in',
    zone(),
    on(
      'example. DNSKEY',
      answers(plus({ name: EXAMPLE, type: RRType.DNSKEY, class: 1, ttl: TTL, rdata: second.rdata })),
    ),
  );
  secureUnless('rule 2: no keys', zone(), on('example. DNSKEY', answers(without('DNSKEY'))));
  secureUnless(
    'rule 2: no answer for the keys',
    zone(),
    on('example. DNSKEY', () => 'silent'),
  );
  secureUnless('rule 2: DS from a wildcard', zone(), (world) => {
    const root = world.zone('.');
    const expanded = root.sign(root.get(EXAMPLE, RRType.DS)!, { labels: 0 });
    world.network.mutate(
      (message) => ({ ...message, authorities: without('DS')(message.authorities) }),
      '192.0.2.1',
    );
    on('example. DS', answers(instead(...expanded)))(world);
  });
  const badDs = answers(flipped('RRSIG'));
  const badReferral = authorities(flipped('RRSIG'));
  secureUnless(
    'rule 2: DS with a wrong signature, wherever it is',
    zone(),
    all(on('example. DS', badDs), (world) => world.network.mutate(badReferral, '192.0.2.1')),
  );
  twins(
    'rule 2: a DS with a wrong signature in a referral is asked for',
    zone(),
    'answer secure',
    (world) => world.network.on(name('example.'), RRType.A, badReferral),
    'answer secure',
  );
});

describe('rule 7: unsupported algorithms and digests', () => {
  const insecure = (title: string, setup: Setup, change: Change = () => {}) =>
    holds(title, { ...setup, change }, 'answer insecure');
  insecure('rule 7: unknown digest', zone({ ds: [3] }));
  insecure('rule 7: unknown algorithm', zone(), withDs(ds({ algorithm: 200 })));
  insecure(
    'rule 7: unknown algorithm and unknown digest',
    zone(),
    withDs(ds({ algorithm: 200 }), ds({ digestType: 99 })),
  );
  insecure('rule 7: SHA-1 alone', zone({ ds: [1] }));
  holds('rule 7: SHA-384', zone({ ds: [4] }), 'answer secure');
  holds('rule 7: one that is supported is enough', zone({ ds: [3, 1, 2] }), 'answer secure');
  const sha1 = { sha1: true };
  holds('rule 7: SHA-1 with the setting', { ...zone({ ds: [1] }), options: sha1 }, 'answer secure');
  twins(
    'rule 7: a wrong SHA-256 beside a right SHA-1',
    { ...zone({ ds: [1] }), options: sha1 },
    'answer secure',
    withDs(dsRdata(EXAMPLE, key, 1), ds({ digest: new Uint8Array(32) })),
    'failure bogus',
  );
  twins(
    'rule 7: an unknown algorithm beside a key that is gone',
    zone({ ds: [3] }),
    'answer insecure',
    withDs(ds({ algorithm: 200 }), ds({ digest: new Uint8Array(32) })),
    'failure bogus',
  );
  twins(
    'rule 7: an unknown algorithm, not signed',
    zone({ ds: [3] }),
    'answer insecure',
    (world) =>
      world.network.mutate(
        (message) => ({
          ...message,
          answers: unsigned(message.answers),
          authorities: unsigned(message.authorities),
        }),
        '192.0.2.1',
      ),
    'failure bogus',
  );
  test('rule 18: the reason is told', async () => {
    const resolution = await worldOf(zone({ ds: [3] })).ask('www.example.');
    expect(resolution).toMatchObject({ status: 'insecure', reason: { ede: 1, zone: EXAMPLE } });
    expect(resolution.chain.map((link) => `${link.zone} ${link.status} ${link.via}`)).toEqual([
      '. secure anchor',
      'example. insecure ds',
    ]);
  });
});

describe('rule 8: algorithms', () => {
  const signedBy = (algorithm: number): Setup => zone({ keys: [signingKey('example.', algorithm)] });
  for (const algorithm of [8, 10, 13, 14, 15, 16]) {
    secureUnless(`rule 8: algorithm ${algorithm}`, signedBy(algorithm), on(Q, answers(flipped('RRSIG', -3))));
  }
  for (const algorithm of [5, 7]) {
    holds(`rule 8: algorithm ${algorithm} by default`, signedBy(algorithm), 'answer insecure');
    secureUnless(
      `rule 8: algorithm ${algorithm} with the setting`,
      { ...signedBy(algorithm), options: { sha1: true } },
      on(Q, answers(flipped('RRSIG', -3))),
    );
    holds(
      `rule 8: algorithm ${algorithm} beside another is not taken`,
      { ...zone({ keys: [signingKey('example.', 15), signingKey('example.', algorithm, 0, ZSK)] }) },
      'failure bogus',
    );
  }
  for (const algorithm of [1, 3, 6, 12]) {
    holds(
      `rule 8: algorithm ${algorithm} never`,
      { ...zone(), options: { sha1: true }, change: withDs(ds({ algorithm })) },
      'answer insecure',
    );
  }
});

describe('rule 9: trust anchors', () => {
  const island: readonly WorldZone[] = [
    { name: 'example.', text: DATA, keys: [] },
    { name: 'island.example.', text: DATA },
  ];
  const anchorOf = (of: string): ResourceRecord[] => new World([...island, { name: 'com.' }]).anchor(of);
  const wrong: ResourceRecord = { ...anchorOf('island.example.')[0]!, rdata: ds({ keyTag: 1 }) };
  const dnskey = (of: string, from: SigningKey): ResourceRecord => ({
    name: name(of),
    type: RRType.DNSKEY,
    class: 1,
    ttl: TTL,
    rdata: from.rdata,
  });
  const rootKey = signingKey('.', 15);
  const ask = 'www.island.example. A';
  const anchors = (...trustAnchors: readonly ResourceRecord[]) => ({ options: { trustAnchors } });

  holds('rule 9: as DNSKEY', { ...zone(), ...anchors(dnskey('.', rootKey)) }, 'answer secure');
  holds('rule 9: a DNSKEY that is not there', { ...zone(), ...anchors(dnskey('.', key)) }, 'failure bogus');
  holds(
    'rule 9: one that is there beside one that is not',
    { ...zone(), ...anchors(dnskey('.', key), dnskey('.', rootKey)) },
    'answer secure',
  );
  holds('rule 9: an island without an anchor', { zones: island, ask }, 'answer insecure');
  twins(
    'rule 9: an island below an insecure zone',
    { zones: island, ask, ...anchors(...anchorOf('.'), ...anchorOf('island.example.')) },
    'answer secure',
    on(ask, answers(unsigned)),
    'failure bogus',
  );
  holds(
    'rule 9: the longest anchor wins, if it is wrong too',
    { zones: [zone().zones[0]!], ask: Q, ...anchors(...anchorOf('.'), { ...wrong, name: EXAMPLE }) },
    'failure bogus',
  );
  holds(
    'rule 9: an anchor alone says nothing of what lies above',
    { zones: island, ask: 'www.example. A', ...anchors(...anchorOf('island.example.')) },
    'answer insecure',
  );
  holds(
    'rule 9: an anchor of unsupported algorithm',
    { zones: island, ask, ...anchors({ ...anchorOf('island.example.')[0]!, rdata: ds({ algorithm: 200 }) }) },
    'answer insecure',
  );
  holds('rule 9: no anchor at all', { ...zone(), ...anchors() }, 'answer insecure');
});

describe('rule 19: negative trust anchors', () => {
  const spoiled = zone({ sign: { spoil: true } });
  const nta = (...names: readonly string[]) => ({ options: { negativeTrustAnchors: names.map(name) } });
  holds('rule 19: bogus without', spoiled, 'failure bogus');
  holds('rule 19: insecure with', { ...spoiled, ...nta('example.') }, 'answer insecure');
  holds('rule 19: above', { ...spoiled, ...nta('.') }, 'answer insecure');
  holds('rule 19: of another name', { ...spoiled, ...nta('example2.') }, 'failure bogus');
  holds('rule 19: below, where no zone begins', { ...spoiled, ...nta('www.example.') }, 'answer insecure');
  holds(
    'rule 19: a denial below, where no zone begins',
    { ...spoiled, ask: 'www.example. TLSA', ...nta('www.example.') },
    'nodata insecure',
  );
  holds('rule 19: below, names beside it', { ...spoiled, ...nta('other.example.') }, 'failure bogus');
  holds(
    'rule 19: an anchor that is closer wins',
    {
      ...zone(),
      options: { negativeTrustAnchors: [ROOT], trustAnchors: new World(zone().zones).anchor('example.') },
    },
    'answer secure',
  );
  test('rule 19: told in the answer', async () => {
    const resolution = await worldOf({ ...spoiled, ...nta('example.') }).ask('www.example.');
    expect(resolution).toMatchObject({ status: 'insecure', negativeTrustAnchor: EXAMPLE });
    expect((await worldOf(zone()).ask('www.example.')).negativeTrustAnchor).toBeUndefined();
  });
});
