/** Further destinations: what can be wrong with a zone or with one of its servers while mail still flows, mostly. */
import { Name, Rcode, RRType } from '@mailanchor/dns';
import type { DestinationSpec, TlsaSpec } from './destination-spec.ts';
import { single } from './single-destination.ts';

const group = 'further';
const PRESENT: TlsaSpec = { usage: 3, selector: 1, matching: 1, of: 'present' };
const NEXT: TlsaSpec = { ...PRESENT, of: 'next' };

export const ZONE_DESTINATIONS: readonly DestinationSpec[] = [
  single(
    'tlsa-servfail-one.example',
    {
      group,
      title: 'SERVFAIL for TLSA at one server',
      special: 'One of two name servers fails TLSA questions; resolvers have to find the other.',
      findings: ['tlsa-lookup-fails'],
    },
    { zone: { serverFault: { kind: { rcode: Rcode.SERVFAIL }, types: [RRType.TLSA], secondOnly: true } } },
  ),
  single(
    'broken-denial-address.example',
    {
      group,
      title: 'broken denial, good TLSA',
      special: 'That the host has no IPv6 address is not proven: some resolvers fail the host for it.',
      findings: ['denial-broken'],
    },
    { zone: { denialFault: { kind: 'missing', below: Name.fromText('mx.broken-denial-address.example') } } },
  ),
  single(
    'ent-nxdomain.example',
    {
      group,
      title: 'NXDOMAIN above the TLSA record',
      special:
        'The servers deny _tcp.mx although _25._tcp.mx exists: resolvers that minimise names stop there.',
      findings: ['denial-broken'],
    },
    { zone: { serverFault: { kind: 'nxdomain', at: Name.fromText('_tcp.mx.ent-nxdomain.example') } } },
  ),
  single(
    'two-versions.example',
    {
      group,
      title: 'servers differ',
      special: 'The second name server has another version of the zone, with other TLSA records.',
      findings: ['servers-disagree'],
    },
    { zone: { second: { serial: 2 } }, host: { tlsaAtSecond: [PRESENT, NEXT] } },
  ),
  single(
    'signatures-ending.example',
    {
      group,
      title: 'signatures end in two days',
      special: 'The signer seems to have stopped: nobody notices until the signatures end.',
      findings: ['signature-expires'],
    },
    { zone: { signingFaults: [{ kind: 'ending' }] } },
  ),
  single(
    'expired-at-one.example',
    {
      group,
      title: 'expired at one server',
      special: 'One of two name servers has an old copy whose signatures have expired.',
      findings: ['signature-expires'],
    },
    { zone: { second: { signingFaults: [{ kind: 'expired' }] } } },
  ),
  single(
    'nsec3-iterated.example',
    {
      group,
      title: 'NSEC3 with 10 iterations',
      special: 'Iterations cost and protect nothing; up to 50 validators go along.',
      findings: ['nsec3-iterations'],
    },
    { zone: { denial: 'nsec3', iterations: 10 } },
  ),
  single(
    'nsec3-heavy.example',
    {
      group,
      title: 'NSEC3 with 100 iterations',
      special: 'More iterations than validators go along with: denials count as unsigned.',
      findings: ['nsec3-iterations'],
    },
    { zone: { denial: 'nsec3', iterations: 100 } },
  ),
  single(
    'sha1-zone.example',
    {
      group,
      title: 'signed with RSA/SHA-1',
      special: 'An algorithm that validators have given up: the zone counts as unsigned.',
      verdict: 'unprotected',
      hostVerdicts: [['mx.sha1-zone.example', 'no-dane']],
      findings: ['algorithm-weak', 'domain-unsigned'],
    },
    { zone: { algorithm: 'rsa-sha1' } },
  ),
  single(
    'ds-sha1.example',
    {
      group,
      title: 'DS with SHA-1 alone',
      special: 'The keys are good, the digest in the parent is not: the zone counts as unsigned.',
      verdict: 'unprotected',
      hostVerdicts: [['mx.ds-sha1.example', 'no-dane']],
      findings: ['ds-sha1', 'domain-unsigned'],
    },
    { zone: { ds: 'sha1' } },
  ),
  single(
    'key-small.example',
    {
      group,
      title: 'RSA keys of 1024 bits',
      special: 'The keys can be factored by whoever can afford it.',
      findings: ['key-small'],
    },
    { zone: { algorithm: 'rsa-1024', twoKeys: true } },
  ),
  single(
    'spare-key.example',
    {
      group,
      title: 'key without DS',
      special: 'A key-signing key that the parent does not know: a change of keys left half-way.',
      findings: ['dnskey-no-ds'],
    },
    { zone: { spareKey: true } },
  ),
  single(
    'ds-left-over.example',
    {
      group,
      title: 'DS without key',
      special: 'The parent still has the DS of a key that is gone, beside the good one.',
      findings: ['ds-no-key'],
    },
    { zone: { ds: 'orphan' } },
  ),
  single(
    'ttl-long.example',
    {
      group,
      title: 'TLSA TTL of two days',
      special: 'A change of keys takes days, or breaks mail for days.',
      findings: ['ttl-long'],
    },
    { host: { tlsaTtl: 172_800 } },
  ),
  single(
    'ttl-short.example',
    {
      group,
      title: 'TLSA TTL of a minute',
      special: 'Every outage of the name servers reaches mail at once.',
      findings: ['ttl-short'],
    },
    { host: { tlsaTtl: 60 } },
  ),
];
