import { type DsData, Name, RRType, rdataFromText } from '@mailanchor/dns';
import { childRequest, dsOf, isSignedBy, keysNamedBy, sameDelegation } from '@mailanchor/dnssec';
import { createSigningKey, Seed, SignedZone, type SigningKey, Zone } from '@mailanchor/lab';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

const zone = Name.fromText('child.example');
const NOW = Date.UTC(2026, 0, 1) / 1000;
let ksk: SigningKey;
let next: SigningKey;
let zsk: SigningKey;

beforeAll(async () => {
  const seed = new Seed('cds');
  ksk = await createSigningKey('ecdsa-p256', 'ksk', seed, 'now');
  next = await createSigningKey('ed25519', 'ksk', seed, 'next');
  zsk = await createSigningKey('ecdsa-p256', 'zsk', seed, 'now');
});

const cds = (...texts: string[]) => texts.map((text) => rdataFromText(RRType.CDS, text));
const cdnskey = (...texts: string[]) => texts.map((text) => rdataFromText(RRType.CDNSKEY, text));
const ds = (key: SigningKey, digestType = 2): DsData => {
  const made = dsOf(zone, key.rdata, digestType)!;
  return { ...made, digest: Uint8Array.from(made.digest) };
};
const line = (record: DsData) =>
  `${record.keyTag} ${record.algorithm} ${record.digestType} ${Buffer.from(record.digest).toString('hex')}`;

describe('what is asked for (rfc7344#section-4, rfc8078#section-4)', () => {
  const DELETE = '0 0 0 00';
  const DELETE_KEY = '0 3 0 AA==';
  test.each([
    ['nothing', [], [], { kind: 'none' }],
    ['deletion by both', [DELETE], [DELETE_KEY], { kind: 'delete' }],
    ['deletion by CDS alone', [DELETE], [], { kind: 'delete' }],
    ['deletion by CDNSKEY alone', [], [DELETE_KEY], { kind: 'delete' }],
    ['deletion with another tag', ['1 0 0 00'], [], { kind: 'invalid', problem: 'bad-delete' }],
    ['deletion with two octets', ['0 0 0 0000'], [], { kind: 'invalid', problem: 'bad-delete' }],
    [
      'deletion beside a key',
      [DELETE, `1 13 2 ${'00'.repeat(32)}`],
      [],
      { kind: 'invalid', problem: 'bad-delete' },
    ],
    [
      'deletion by CDS, a key by CDNSKEY',
      [DELETE],
      ['257 3 13 AAAA'],
      { kind: 'invalid', problem: 'bad-delete' },
    ],
    ['deletion with flags', [], ['257 3 0 AA=='], { kind: 'invalid', problem: 'bad-delete' }],
  ])('%s', (_, one, two, request) => {
    expect(childRequest(zone, cds(...one), cdnskey(...two))).toEqual(request);
  });

  test('CDS is taken as it is, whatever its digest', () => {
    const wanted = [ds(ksk, 4), ds(next)];
    expect(childRequest(zone, cds(...wanted.map(line)), [])).toEqual({ kind: 'replace', ds: wanted });
  });

  test('CDNSKEY alone: the parent computes (rfc7344#section-6.2.1)', () => {
    const request = childRequest(zone, [], [ksk.rdata]);
    expect(request.kind === 'replace' && request.ds.map(line)).toEqual([line(ds(ksk))]);
  });

  test('both must name the same keys', () => {
    const both = cds(line(ds(ksk)), line(ds(ksk, 4)));
    expect(childRequest(zone, both, [ksk.rdata])).toMatchObject({ kind: 'replace' });
    const differ = { kind: 'invalid', problem: 'cds-cdnskey-differ' };
    expect(childRequest(zone, both, [next.rdata])).toEqual(differ);
    expect(childRequest(zone, both, [ksk.rdata, next.rdata])).toEqual(differ);
    expect(childRequest(zone, [...both, ...cds(line(ds(next)))], [ksk.rdata])).toEqual(differ);
    const wrong = { ...ds(ksk), digest: new Uint8Array(32) };
    expect(childRequest(zone, cds(line(wrong)), [ksk.rdata])).toEqual(differ);
  });

  test('records that cannot be read, or too many', () => {
    const malformed = { kind: 'invalid', problem: 'malformed' };
    expect(childRequest(zone, [Uint8Array.of(1)], [])).toEqual(malformed);
    expect(childRequest(zone, [], [Uint8Array.of(1, 1)])).toEqual(malformed);
    expect(
      childRequest(
        zone,
        Array.from({ length: 33 }, () => cds(line(ds(ksk)))[0]!),
        [],
      ),
    ).toEqual(malformed);
  });
});

test('whatever is published, an answer comes out', () => {
  const rdata = fc.oneof(
    fc.uint8Array({ maxLength: 48 }),
    fc.constantFrom('0 0 0 00', '0 0 0 0000').map((text) => cds(text)[0]!),
    fc.constantFrom('0 3 0 AA==', '257 3 13 AAAA').map((text) => cdnskey(text)[0]!),
  );
  fc.assert(
    fc.property(fc.array(rdata, { maxLength: 4 }), fc.array(rdata, { maxLength: 4 }), (one, two) => {
      const request = childRequest(zone, one, two);
      expect(request.kind === 'none').toBe(one.length + two.length === 0);
      // Nobody is to be understood as asking for deletion who publishes anything else.
      if (request.kind === 'delete') expect([...one, ...two].every((each) => each.length <= 5)).toBe(true);
    }),
  );
});

test('the same delegation: digests are the choice of the parent, keys are not', () => {
  const keys = [ksk.rdata, next.rdata];
  const same = (one: DsData[], other: DsData[], published = keys) =>
    sameDelegation(zone, one, other, published);
  expect(same([ds(ksk)], [ds(ksk, 4)])).toBe(true);
  expect(same([ds(ksk)], [ds(ksk), ds(ksk, 1)])).toBe(true);
  expect(same([ds(ksk)], [ds(next)])).toBe(false);
  expect(same([ds(ksk)], [ds(ksk), ds(next)])).toBe(false);
  // Keys in waiting are in no DNSKEY RRset.
  expect(same([ds(next)], [ds(next, 4)], [ksk.rdata])).toBe(true);
  // A digest of the same tag that is wrong names no key.
  expect(same([ds(ksk)], [{ ...ds(ksk), digest: new Uint8Array(32) }])).toBe(false);
});

describe('signer and continuity (rfc7344#section-4.1)', () => {
  const signed = (keys: SigningKey[], at = NOW) => {
    const text = `@ 60 SOA ns hostmaster 1 1 1 1 1\n@ 60 NS ns\n@ 60 CDS ${line(ds(ksk))}\nns 60 A 192.0.2.1\n`;
    const made = new SignedZone(zone, Zone.fromText(zone, text).records, {
      keys,
      denial: { kind: 'nsec' },
      clock: () => at * 1000,
      faults: [],
    });
    return (type: number) => {
      const rrset = made.zone.rrset(zone, type)!;
      return { ...rrset, signatures: made.signaturesOf(rrset).map(({ rdata }) => rdata) };
    };
  };

  test('a key that the DS names, and no other', async () => {
    const rrset = signed([ksk, zsk])(RRType.DNSKEY);
    const named = keysNamedBy(zone, [ds(ksk)], rrset.rdatas);
    expect(named.map(({ tag }) => tag)).toEqual([ksk.tag]);
    expect(await isSignedBy(zone, rrset, named, NOW)).toBe(true);
    expect(await isSignedBy(zone, rrset, keysNamedBy(zone, [ds(next)], rrset.rdatas), NOW)).toBe(false);
    // Its signature is of the key-signing key.
    expect(await isSignedBy(zone, rrset, keysNamedBy(zone, [ds(zsk)], rrset.rdatas), NOW)).toBe(false);
  });

  test('CDS of the zone itself, by the key that the DS names', async () => {
    const keys = signed([ksk, zsk])(RRType.DNSKEY).rdatas;
    const rrset = signed([ksk, zsk])(RRType.CDS);
    expect(await isSignedBy(zone, rrset, keysNamedBy(zone, [ds(ksk)], keys), NOW)).toBe(true);
    expect(await isSignedBy(zone, rrset, keysNamedBy(zone, [ds(zsk)], keys), NOW)).toBe(false);
    const other = { ...rrset, rdatas: [cds(line(ds(next)))[0]!] };
    expect(await isSignedBy(zone, other, keysNamedBy(zone, [ds(ksk)], keys), NOW)).toBe(false);
  });

  test('a revoked key vouches for nothing, whatever names it', () => {
    const revoked = Uint8Array.from(ksk.rdata);
    revoked[1]! |= 0x80;
    const own = dsOf(zone, revoked, 2)!;
    expect(keysNamedBy(zone, [own], [revoked])).toEqual([]);
    expect(keysNamedBy(zone, [ds(ksk)], [ksk.rdata])).toHaveLength(1);
  });

  test('a digest of SHA-1 names nothing that validators go by', async () => {
    const rrset = signed([ksk, zsk])(RRType.DNSKEY);
    expect(keysNamedBy(zone, [ds(ksk, 1)], rrset.rdatas)).toEqual([]);
  });

  test('a signature whose time is over does not count', async () => {
    const rrset = signed([ksk, zsk])(RRType.DNSKEY);
    const named = keysNamedBy(zone, [ds(ksk)], rrset.rdatas);
    expect(await isSignedBy(zone, rrset, named, NOW + 400 * 86_400)).toBe(false);
  });
});
