/**
 * The destinations of the lab, a table. Verdicts follow from RFC 7672 by the decision table of one MX host: what the MX RRset, the
 * addresses, the TLSA answer and the session say. Each destination stands alone: zones and hosts of its own.
 */
import { Name, Rcode, RRType } from '@mailanchor/dns';
import type { DestinationSpec, TlsaSpec } from './destination-spec.ts';
import { DOMAIN_DESTINATIONS } from './domain-destinations.ts';
import { HOST_DESTINATIONS } from './host-destinations.ts';
import { HOSTILE_DESTINATIONS } from './hostile-destinations.ts';
import { RECORD_DESTINATIONS } from './record-destinations.ts';
import { single } from './single-destination.ts';
import { STS_DESTINATIONS } from './sts-destinations.ts';
import { ZONE_DESTINATIONS } from './zone-destinations.ts';

const below = (text: string): { below: Name } => ({ below: Name.fromText(text) });

const ROOT_ANCHOR: TlsaSpec = { usage: 2, selector: 1, matching: 1, of: 'root' };
const PAST_KEY: TlsaSpec = { usage: 3, selector: 1, matching: 1, of: 'past' };

export const DESTINATIONS: readonly DestinationSpec[] = [
  // Good ones.
  single('good-311.example', {
    title: 'good 3 1 1',
    special: 'The TLSA record names the key of the mail host: senders authenticate it.',
  }),
  single(
    'good-211.example',
    {
      title: 'good 2 1 1 with intermediate',
      special: 'The TLSA record names a CA; the host sends its certificate and the intermediate in between.',
    },
    {
      host: {
        certificate: { issuer: 'intermediate', send: ['intermediate', 'root'] },
        tlsa: [ROOT_ANCHOR],
      },
    },
  ),
  single(
    'intermediate-anchor.example',
    {
      title: 'good 2 1 1 of the issuing CA',
      special:
        'The TLSA record names the intermediate that issued the certificate; its root is not sent, nor needed.',
    },
    {
      host: {
        certificate: { issuer: 'intermediate', send: ['intermediate'] },
        tlsa: [{ usage: 2, selector: 1, matching: 1, of: 'intermediate' }],
      },
    },
  ),
  single(
    'rollover.example',
    {
      title: 'key rollover prepared',
      special: 'Two 3 1 1 records, of the present and of the next key: the change will go unnoticed.',
    },
    {
      host: {
        tlsa: [
          { usage: 3, selector: 1, matching: 1, of: 'present' },
          { usage: 3, selector: 1, matching: 1, of: 'next' },
        ],
      },
    },
  ),
  single(
    'expired-certificate.example',
    {
      title: 'expired certificate, 3 1 1',
      special: 'The certificate has expired, which means nothing under usage 3: the key is what counts.',
      findings: ['certificate-expired'],
    },
    { host: { certificate: { expired: true } } },
  ),
  single(
    'rsa.example',
    { title: 'RSA zone', special: 'Signed with RSA/SHA-256, separate key-signing and zone-signing keys.' },
    { zone: { algorithm: 'rsa-2048', twoKeys: true } },
  ),
  single(
    'ed25519.example',
    { title: 'Ed25519 zone', special: 'Signed with Ed25519.' },
    { zone: { algorithm: 'ed25519' } },
  ),
  single(
    'nsec3.example',
    { title: 'NSEC3 zone', special: 'Absence is proven by NSEC3.' },
    { zone: { denial: 'nsec3' } },
  ),
  single('signed.test', {
    title: 'signed below opt-out',
    special: 'A signed child of a top-level domain with NSEC3 opt-out.',
  }),
  {
    domain: 'any.wildcard-mx.example',
    title: 'wildcard MX',
    special: 'The MX record comes from a wildcard; the proof shows that no closer name exists.',
    verdict: 'protected',
    hostVerdicts: [['mx.wildcard-mx.example', 'verified']],
    zones: [{ origin: 'wildcard-mx.example', records: '* MX 10 mx' }],
    hosts: [{ name: 'mx.wildcard-mx.example' }],
  },
  single(
    'no-mx.example',
    {
      title: 'no MX record',
      special: 'Without MX the domain itself is the mail host, with its own address and TLSA records.',
      hostVerdicts: [['no-mx.example', 'verified']],
      findings: ['mx-none'],
    },
    { zone: { records: '' }, host: { name: 'no-mx.example' } },
  ),

  // Aliases.
  {
    domain: 'alias.example',
    title: 'alias of a domain',
    special: 'The mail domain is a CNAME of another, signed all the way.',
    verdict: 'protected',
    hostVerdicts: [['mx.alias-target.example', 'verified']],
    parentRecords: 'alias CNAME alias-target',
    zones: [{ origin: 'alias-target.example', records: '@ MX 10 mx' }],
    hosts: [{ name: 'mx.alias-target.example' }],
  },
  {
    domain: 'mail.dname.example',
    title: 'DNAME',
    special: 'All names below dname.example are those below dname-target.example.',
    verdict: 'protected',
    hostVerdicts: [['mx.dname-target.example', 'verified']],
    zones: [
      { origin: 'dname.example', records: '@ DNAME dname-target.example.' },
      { origin: 'dname-target.example', records: 'mail MX 10 mx' },
    ],
    hosts: [{ name: 'mx.dname-target.example' }],
  },
  {
    domain: 'cname-mx.example',
    title: 'CNAMEd MX',
    special:
      'The MX host is an alias; its TLSA records are at the name it leads to, which senders ask first.',
    verdict: 'protected',
    hostVerdicts: [['mx.cname-mx.example', 'verified']],
    findings: ['mx-cname'],
    zones: [{ origin: 'cname-mx.example', records: '@ MX 10 mx\nmx CNAME mail' }],
    hosts: [{ name: 'mail.cname-mx.example' }],
  },
  {
    domain: 'alias-to-unsigned.example',
    title: 'MX alias into an unsigned zone',
    special: 'The MX host is a signed alias of an unsigned name: the TLSA records at the alias itself count.',
    verdict: 'protected',
    hostVerdicts: [['mx.alias-to-unsigned.example', 'verified']],
    findings: ['mx-cname'],
    zones: [
      { origin: 'alias-to-unsigned.example', records: '@ MX 10 mx\nmx CNAME mail.unsigned-provider.test.' },
      { origin: 'unsigned-provider.test', algorithm: 'unsigned' },
    ],
    hosts: [{ name: 'mail.unsigned-provider.test', tlsaBase: 'mx.alias-to-unsigned.example' }],
  },

  // DANE fails: senders that validate it defer.
  single(
    'renewed-key.example',
    {
      title: 'mismatch after a renewed key',
      special: 'The host has a new key, the TLSA record still names the old one: senders defer.',
      verdict: 'broken',
      hostVerdicts: [['mx.renewed-key.example', 'mismatch']],
      findings: ['tlsa-mismatch'],
    },
    { host: { tlsa: [PAST_KEY] } },
  ),
  single(
    'wrong-name.example',
    {
      title: 'wrong name under 2 1 1',
      special: 'The chain leads to the CA of the TLSA record, but the certificate is for another name.',
      verdict: 'broken',
      hostVerdicts: [['mx.wrong-name.example', 'mismatch']],
      findings: ['ta-name'],
    },
    {
      host: {
        certificate: { issuer: 'root', send: ['root'], names: ['mail.other-name.example'] },
        tlsa: [ROOT_ANCHOR],
      },
    },
  ),
  single(
    'expired-certificate-ta.example',
    {
      title: 'expired certificate, 2 1 1',
      special: 'Under usage 2 dates count: senders defer.',
      verdict: 'broken',
      hostVerdicts: [['mx.expired-certificate-ta.example', 'mismatch']],
      findings: ['certificate-expired'],
    },
    { host: { certificate: { issuer: 'root', send: ['root'], expired: true }, tlsa: [ROOT_ANCHOR] } },
  ),
  single(
    'ta-not-sent.example',
    {
      title: '2 1 1, CA not sent',
      special: 'The TLSA record names a CA whose certificate the host does not send: nothing matches.',
      verdict: 'broken',
      hostVerdicts: [['mx.ta-not-sent.example', 'mismatch']],
      findings: ['ta-not-sent'],
    },
    { host: { certificate: { issuer: 'intermediate', send: ['intermediate'] }, tlsa: [ROOT_ANCHOR] } },
  ),
  single(
    'one-bad-address.example',
    {
      title: 'two addresses, two keys',
      special:
        'The host has two addresses, and the second presents another key: delivery is a matter of luck.',
      verdict: 'broken',
      hostVerdicts: [['mx.one-bad-address.example', 'mismatch']],
      findings: ['address-differs'],
    },
    { host: { secondAddress: { key: 'next' } } },
  ),
  single(
    'no-starttls.example',
    {
      title: 'no STARTTLS with TLSA',
      special: 'TLSA records promise TLS, the host does not offer it: senders must not go on in cleartext.',
      verdict: 'broken',
      hostVerdicts: [['mx.no-starttls.example', 'deferred']],
      findings: ['starttls-missing'],
    },
    { host: { fault: 'no-starttls' } },
  ),
  single(
    'starttls-refused.example',
    {
      title: 'STARTTLS refused',
      special: 'STARTTLS is offered and then answered with 454.',
      verdict: 'broken',
      hostVerdicts: [['mx.starttls-refused.example', 'deferred']],
      findings: ['starttls-refused'],
    },
    { host: { fault: 'starttls-refused' } },
  ),

  // DNSSEC fails.
  single(
    'expired.example',
    {
      title: 'expired signatures',
      special: 'All signatures of the zone expired ten days ago: validating senders defer.',
      verdict: 'broken',
      hostVerdicts: [],
      findings: ['domain-bogus'],
    },
    { zone: { signingFaults: [{ kind: 'expired' }] } },
  ),
  single(
    'expired-tlsa.example',
    {
      title: 'expired signature of the TLSA record',
      special: 'Only the signature of the TLSA record has expired: the host must not be used.',
      verdict: 'broken',
      hostVerdicts: [['mx.expired-tlsa.example', 'deferred']],
      findings: ['domain-bogus'],
    },
    { zone: { signingFaults: [{ kind: 'expired', types: [RRType.TLSA] }] } },
  ),
  single(
    'forged-mx.example',
    {
      title: 'wrong signature of the MX record',
      special: 'The signature of the MX record does not verify, as after a forgery.',
      verdict: 'broken',
      hostVerdicts: [],
      findings: ['domain-bogus'],
    },
    { zone: { signingFaults: [{ kind: 'corrupt', types: [RRType.MX] }] } },
  ),
  single(
    'bogus-ds.example',
    {
      title: 'DS of no key',
      special: "The DS record above matches none of the zone's keys, as after a careless key change.",
      verdict: 'broken',
      hostVerdicts: [],
      findings: ['domain-bogus'],
    },
    { zone: { ds: 'mismatch' } },
  ),
  single(
    'broken-denial.example',
    {
      title: 'broken denial for TLSA',
      special:
        'No TLSA records, but the proof of it does not hold: senders cannot tell that from an attack, and defer.',
      verdict: 'broken',
      hostVerdicts: [['mx.broken-denial.example', 'deferred']],
      findings: ['denial-broken'],
    },
    {
      // With a name before `_25`, the NSEC record that would prove its absence is none that other answers show: a resolver that
      // uses what it has seen (RFC 8198) would do without the wrong one.
      zone: {
        records: '@ MX 10 mx\n_0._tcp.mx TXT "before"',
        denialFault: { kind: 'wrong', ...below('_tcp.mx.broken-denial.example') },
      },
      host: { tlsa: [] },
    },
  ),
  single(
    'tlsa-servfail.example',
    {
      title: 'SERVFAIL for TLSA',
      special: 'The name servers answer TLSA questions with SERVFAIL, as some old ones do: senders defer.',
      verdict: 'broken',
      hostVerdicts: [['mx.tlsa-servfail.example', 'deferred']],
      findings: ['tlsa-lookup-fails'],
    },
    { zone: { serverFault: { kind: { rcode: Rcode.SERVFAIL }, types: [RRType.TLSA] } } },
  ),
  single(
    'lame-server.example',
    {
      title: 'one lame name server',
      special: 'One of two name servers refuses to answer for the zone; the other does.',
    },
    { zone: { serverFault: { kind: { rcode: Rcode.REFUSED }, secondOnly: true } } },
  ),

  // DANE does not apply, or in part.
  {
    domain: 'unsigned.example',
    title: 'unsigned domain, signed host',
    special: 'The MX host is signed and verified, but the MX record is not: it can be forged.',
    verdict: 'partial',
    hostVerdicts: [['mx.signed-host.example', 'verified']],
    findings: ['domain-unsigned'],
    zones: [
      { origin: 'unsigned.example', algorithm: 'unsigned', records: '@ MX 10 mx.signed-host.example.' },
      { origin: 'signed-host.example' },
    ],
    hosts: [{ name: 'mx.signed-host.example' }],
  },
  single(
    'unsigned.test',
    {
      title: 'unsigned below opt-out',
      special: 'No DNSSEC at all, its TLSA records included: nothing can be authenticated.',
      verdict: 'unprotected',
      hostVerdicts: [['mx.unsigned.test', 'no-dane']],
      findings: ['domain-unsigned', 'mx-unsigned-host'],
    },
    { zone: { algorithm: 'unsigned' } },
  ),
  single(
    'unknown-algorithm.example',
    {
      title: 'unknown DNSSEC algorithm',
      special: 'Signed with an algorithm that nobody knows: it counts as unsigned, not as broken.',
      verdict: 'unprotected',
      hostVerdicts: [['mx.unknown-algorithm.example', 'no-dane']],
      findings: ['domain-unsigned'],
    },
    { zone: { algorithm: 'unassigned' } },
  ),
  {
    domain: 'signed-unsigned-host.example',
    title: 'signed domain, unsigned host',
    special: 'The MX record is signed, the host it names is not: there is nothing to authenticate it by.',
    verdict: 'unprotected',
    hostVerdicts: [['mx.unsigned-host.test', 'no-dane']],
    findings: ['mx-unsigned-host'],
    zones: [
      { origin: 'signed-unsigned-host.example', records: '@ MX 10 mx.unsigned-host.test.' },
      { origin: 'unsigned-host.test', algorithm: 'unsigned' },
    ],
    hosts: [{ name: 'mx.unsigned-host.test' }],
  },
  single(
    'no-tlsa.example',
    {
      title: 'signed without TLSA',
      special: 'Everything is signed, only the TLSA record is missing.',
      verdict: 'unprotected',
      hostVerdicts: [['mx.no-tlsa.example', 'no-dane']],
      findings: ['tlsa-none'],
    },
    { host: { tlsa: [] } },
  ),
  {
    domain: 'null-mx.example',
    title: 'null MX',
    special: 'The domain says that it takes no mail.',
    verdict: 'unprotected',
    hostVerdicts: [],
    findings: ['mx-null'],
    zones: [{ origin: 'null-mx.example', records: '@ MX 0 .' }],
  },
  {
    domain: 'no-such-domain.example',
    title: 'no such domain',
    special: 'The name does not exist, which is proven.',
    verdict: 'unprotected',
    hostVerdicts: [],
    findings: ['mx-none'],
    zones: [],
  },
  {
    domain: 'partial.example',
    title: 'two hosts, one without TLSA',
    special: 'An attacker blocks the first host and has the mail on its way to the second.',
    verdict: 'partial',
    hostVerdicts: [
      ['mx1.partial.example', 'verified'],
      ['mx2.partial.example', 'no-dane'],
    ],
    findings: ['mx-partial', 'tlsa-none'],
    zones: [{ origin: 'partial.example', records: '@ MX 10 mx1\n@ MX 20 mx2' }],
    hosts: [{ name: 'mx1.partial.example' }, { name: 'mx2.partial.example', tlsa: [] }],
  },
  single(
    'unusable.example',
    {
      title: 'all records unusable',
      special:
        'Usage 1, an unknown matching type, a digest cut short: senders encrypt and cannot authenticate.',
      verdict: 'partial',
      hostVerdicts: [['mx.unusable.example', 'unauthenticated']],
      findings: ['tlsa-unusable', 'tlsa-usage-pkix'],
    },
    {
      host: {
        tlsa: [
          { usage: 1, selector: 1, matching: 1, of: 'present' },
          { usage: 3, selector: 1, matching: 7, of: { data: '00'.repeat(32) } },
          { usage: 3, selector: 1, matching: 1, of: { data: '5eed'.repeat(8) } },
        ],
      },
    },
  ),

  // Not answering.
  {
    domain: 'backup-down.example',
    title: 'backup host down',
    special: 'The second host refuses connections; mail goes to the first, which verifies.',
    verdict: 'protected',
    hostVerdicts: [
      ['mx1.backup-down.example', 'verified'],
      ['mx2.backup-down.example', 'deferred'],
    ],
    findings: ['host-unreachable'],
    zones: [{ origin: 'backup-down.example', records: '@ MX 10 mx1\n@ MX 20 mx2' }],
    hosts: [{ name: 'mx1.backup-down.example' }, { name: 'mx2.backup-down.example', fault: 'refused' }],
  },
  single(
    'unreachable.example',
    {
      title: 'server not answering',
      special: 'Nothing listens at the host: whether it would verify cannot be told.',
      verdict: 'unknown',
      hostVerdicts: [['mx.unreachable.example', 'deferred']],
      findings: ['host-unreachable'],
    },
    { host: { fault: 'refused' } },
  ),
  ...HOST_DESTINATIONS,
  ...HOSTILE_DESTINATIONS,
  ...DOMAIN_DESTINATIONS,
  ...ZONE_DESTINATIONS,
  ...RECORD_DESTINATIONS,
  ...STS_DESTINATIONS,
];
