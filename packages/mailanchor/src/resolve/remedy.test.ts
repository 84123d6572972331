import { Ede, Name, RRType } from '@mailanchor/dns';
import type { Reason, Resolution, ZoneLink } from '@mailanchor/dnssec';
import { expect, test } from 'vitest';
import { remedyOf } from './remedy.ts';

const zone = Name.fromText('example.');
const ds = (keyTag: number) => ({ keyTag, algorithm: 13, digestType: 2 });
const key = (tag: number, flags = 257) => ({ tag, algorithm: 13, flags, bits: 256 });
const broken = (link: Partial<ZoneLink> = {}): ZoneLink => ({
  zone,
  status: 'bogus',
  via: 'ds',
  ds: [ds(12345)],
  keys: [key(54321), key(999, 256)],
  ...link,
});
const failed = (reason: Partial<Reason>, chain: readonly ZoneLink[] = []): Resolution => ({
  name: Name.fromText('www.example.'),
  type: RRType.A,
  aliases: [],
  canonicalName: Name.fromText('www.example.'),
  chain,
  kind: 'failure',
  status: 'bogus',
  rcode: 2,
  records: [],
  answer: [],
  authority: [],
  ttl: 60,
  reason: { ede: Ede.DNSSEC_BOGUS, text: 'broken', zone, ...reason },
});

test.each<[string, Resolution, string | RegExp]>([
  [
    'the DS is of another key',
    failed({ ede: Ede.DNSKEY_MISSING }, [broken()]),
    "the parent's DS is of key 12345, the zone signs with 54321: have the DS in the parent zone replaced by one of key 54321, or sign with key 12345 again",
  ],
  [
    'no key at all',
    failed({ ede: Ede.DNSKEY_MISSING }, [broken({ keys: [] })]),
    /^the parent's DS is of key 12345, and example\. shows no key: .*take the DS out/,
  ],
  [
    'the anchor is of another key',
    failed({ ede: Ede.DNSKEY_MISSING }, [broken({ via: 'anchor' })]),
    /^the trust anchor of example\. is of key 12345, the zone signs with 54321: correct the trust anchor/,
  ],
  [
    'the digest is of another key with the same tag',
    failed({ ede: Ede.DNSKEY_MISSING }, [broken({ ds: [ds(54321)] })]),
    /^the digest in the parent's DS is not that of key 54321: have the DS in the parent zone replaced/,
  ],
  [
    'a key that is not published',
    failed({ ede: Ede.DNSKEY_MISSING }),
    /^publish the key that example\. is signed with/,
  ],
  ['expired', failed({ ede: Ede.SIGNATURE_EXPIRED }), /^example\. has to be signed anew/],
  [
    'not yet',
    failed({ ede: Ede.SIGNATURE_NOT_YET_VALID }),
    /^set the clock of the machine that signs example\./,
  ],
  [
    'this machine’s clock',
    failed({
      ede: Ede.SIGNATURE_NOT_YET_VALID,
      text: "this machine's clock says 1970-01-01, which cannot be right: x",
    }),
    /^set this machine's clock/,
  ],
  [
    'a forwarder',
    failed({ ede: Ede.RRSIGS_MISSING, text: '192.0.2.53#53 removes DNSSEC records: it answers ...' }),
    /--resolver iterate$/,
  ],
  ['not signed', failed({ ede: Ede.RRSIGS_MISSING }), /have its DS taken out of the parent zone$/],
  ['no proof', failed({ ede: Ede.NSEC_MISSING }), /^the name servers of example\. have to prove/],
  ['does not verify', failed({}), /^sign example\. anew and compare/],
  ['too many iterations', failed({ ede: Ede.UNSUPPORTED_NSEC3_ITERATIONS }), /0 NSEC3 iterations/],
  [
    'nobody answers',
    failed({ ede: Ede.NO_REACHABLE_AUTHORITY }),
    /^see that the name servers of example\. answer/,
  ],
])('%s', (_, resolution, expected) => {
  expect(remedyOf(resolution)).toMatch(expected);
});

test('nothing to mend, nothing said', () => {
  expect(remedyOf(failed({ ede: Ede.OTHER }))).toBeUndefined();
});
