/** Further destinations: sets of TLSA records that verify today and protect less, or for less long, than they seem to. */
import type { DestinationSpec, HostSpec, TlsaSpec } from './destination-spec.ts';
import { single } from './single-destination.ts';

const group = 'further';
const PRESENT: TlsaSpec = { usage: 3, selector: 1, matching: 1, of: 'present' };
const PAST: TlsaSpec = { ...PRESENT, of: 'past' };
const NEXT: TlsaSpec = { ...PRESENT, of: 'next' };
const ANCHOR: TlsaSpec = { usage: 2, selector: 1, matching: 1, of: 'root' };
const BY_ROOT: NonNullable<HostSpec['certificate']> = { issuer: 'root', send: ['root'] };

/** The key of Let's Encrypt's intermediate R3, which issued until June 2024. */
const LETS_ENCRYPT_R3 = '8d02536c887482bc34ff54e41d2ba659bf85b341a0a20afadb5813dcfbcf286d';

function ofNobody(octet: string): TlsaSpec {
  return { ...PRESENT, of: { data: octet.repeat(32) } };
}

export const RECORD_DESTINATIONS: readonly DestinationSpec[] = [
  single(
    'stale-records.example',
    {
      group,
      title: 'records of former keys',
      special:
        'Beside the record of the present key two that match nothing: they cannot both be of the next.',
      findings: ['tlsa-stale'],
    },
    { host: { tlsa: [PRESENT, PAST, ofNobody('5a')] } },
  ),
  single(
    'combination.example',
    {
      group,
      title: 'a combination that misses',
      special:
        'A 2 1 1 record of a CA that has nothing to do with the certificate stands beside a good 3 1 1.',
      findings: ['tlsa-combination-unmatched'],
    },
    { host: { tlsa: [PRESENT, { ...ANCHOR, of: { data: 'c4'.repeat(32) } }] } },
  ),
  single(
    'full-certificate.example',
    {
      group,
      title: '3 0 1 of a certificate of a CA',
      special: 'The record names the certificate, not the key: the next renewal breaks it.',
      findings: ['tlsa-full-certificate'],
    },
    { host: { certificate: BY_ROOT, tlsa: [{ ...PRESENT, selector: 0 }] } },
  ),
  single(
    'one-key-twice.example',
    {
      group,
      title: 'two records of one key',
      special: 'Both records are of the present key: the next key has none.',
      findings: ['tlsa-fake-rollover'],
    },
    { host: { tlsa: [PRESENT, { ...PRESENT, matching: 2 }] } },
  ),
  single(
    'some-unusable.example',
    {
      group,
      title: 'one record unusable',
      special: 'The second record is of an unknown matching type: senders go by the first alone.',
      findings: ['tlsa-unusable', 'tlsa-fake-rollover'],
    },
    { host: { tlsa: [PRESENT, { ...ofNobody('00'), matching: 7 }] } },
  ),
  single(
    'many-records.example',
    {
      group,
      title: '13 TLSA records',
      special: 'A large sender fails beyond twelve.',
      findings: ['tlsa-too-many'],
    },
    {
      host: {
        tlsa: [PRESENT, ...Array.from({ length: 12 }, (_, i) => ofNobody((0xa0 + i).toString(16)))],
      },
    },
  ),
  {
    group,
    domain: 'shared-key.example',
    title: 'one key on both hosts',
    special: 'Whoever has the key of one host has that of the other, and one mistake breaks both.',
    verdict: 'protected',
    hostVerdicts: [
      ['mx1.shared-key.example', 'verified'],
      ['mx2.shared-key.example', 'verified'],
    ],
    findings: ['tlsa-shared-key'],
    zones: [{ origin: 'shared-key.example', records: '@ MX 10 mx1\n@ MX 20 mx2' }],
    hosts: [
      { name: 'mx1.shared-key.example' },
      { name: 'mx2.shared-key.example', keysOf: 'mx1.shared-key.example' },
    ],
  },
  single(
    'ta-ending.example',
    {
      group,
      title: '2 1 1, certificate ends in 5 days',
      special: 'Under usage 2 dates count: without renewal mail is deferred in five days.',
      findings: ['ta-expiry'],
    },
    { host: { certificate: { ...BY_ROOT, days: 5 }, tlsa: [ANCHOR] } },
  ),
  single(
    'retired-ca.example',
    {
      group,
      title: '2 1 1 of a CA that issues no more',
      special: "A record names an intermediate of Let's Encrypt that has been retired.",
      findings: ['ta-public-ca-retired'],
    },
    { host: { tlsa: [PRESENT, { ...ANCHOR, of: { data: LETS_ENCRYPT_R3 } }] } },
  ),
  single(
    'ta-certificate.example',
    {
      group,
      title: '2 0 1',
      special:
        'The record names the certificate of the CA, not its key: a renewed or cross-signed one breaks it.',
      findings: ['ta-selector-0'],
    },
    { host: { certificate: BY_ROOT, tlsa: [{ ...ANCHOR, selector: 0 }] } },
  ),
  single(
    'sha512-only.example',
    {
      group,
      title: 'SHA2-512 alone',
      special: 'Senders may do without SHA2-512, they must have SHA2-256.',
      findings: ['record-agility-512-only'],
    },
    { host: { tlsa: [{ ...PRESENT, matching: 2 }] } },
  ),
  single(
    'agility.example',
    {
      group,
      title: 'both digests, one stale',
      special: 'Senders go by the SHA2-512 records alone, those that know no SHA2-512 by a stale one.',
      findings: ['record-agility-mixed', 'tlsa-combination-unmatched'],
    },
    { host: { tlsa: [PAST, { ...PRESENT, matching: 2 }, { ...NEXT, matching: 2 }] } },
  ),
];
