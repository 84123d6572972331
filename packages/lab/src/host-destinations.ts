/** Destinations for what a mail host shows beyond one handshake: two certificates, old versions of TLS, odd chains. */
import type { DestinationSpec, HostSpec, TlsaSpec } from './destination-spec.ts';
import { single } from './single-destination.ts';

const PRESENT: TlsaSpec = { usage: 3, selector: 1, matching: 1, of: 'present' };
const RSA: TlsaSpec = { usage: 3, selector: 1, matching: 1, of: 'rsa' };

type Words = Pick<DestinationSpec, 'title' | 'special' | 'findings'>;

function one(
  domain: string,
  words: Words,
  host: Partial<HostSpec>,
  outcome: Partial<Pick<DestinationSpec, 'verdict' | 'hostVerdicts'>> = {},
): DestinationSpec {
  return single(domain, { group: 'further', ...words, ...outcome }, { host });
}

function broken(
  domain: string,
  verdict: 'mismatch' | 'deferred',
): Pick<DestinationSpec, 'verdict' | 'hostVerdicts'> {
  return { verdict: 'broken', hostVerdicts: [[`mx.${domain}`, verdict]] };
}

export const HOST_DESTINATIONS: readonly DestinationSpec[] = [
  one(
    'both-algorithms.example',
    {
      title: 'RSA and ECDSA, both named',
      special: 'The host has a certificate of each kind, and a TLSA record for each.',
    },
    { rsaCertificate: {}, tlsa: [PRESENT, RSA] },
  ),
  one(
    'rsa-certificate.example',
    { title: 'RSA certificate', special: 'The host has an RSA certificate and no other.' },
    { certificate: { key: 'rsa' }, tlsa: [RSA] },
  ),
  one(
    'algorithm-differs.example',
    {
      title: 'ECDSA named, RSA not',
      special: 'Senders that are presented the RSA certificate find no record for it.',
      findings: ['algorithm-differs'],
    },
    { rsaCertificate: {} },
  ),
  one(
    'rsa-named-only.example',
    {
      title: 'RSA named, ECDSA not',
      special: 'The TLSA record is of the RSA key, and most senders are presented the ECDSA certificate.',
      findings: ['tlsa-mismatch', 'algorithm-differs'],
    },
    { rsaCertificate: {}, tlsa: [RSA] },
    broken('rsa-named-only.example', 'mismatch'),
  ),
  one(
    'starttls-selective.example',
    {
      title: 'STARTTLS now and then',
      special: 'Every other connection is offered STARTTLS, as with two servers behind one address.',
      findings: ['starttls-selective'],
    },
    { fault: 'starttls-selective' },
    broken('starttls-selective.example', 'deferred'),
  ),
  one(
    'old-tls.example',
    {
      title: 'TLS 1.1 at most',
      special: 'The host knows TLS 1.0 and 1.1 only; senders that want DANE want TLS 1.2.',
      findings: ['tls-old'],
    },
    { fault: 'old-tls' },
    broken('old-tls.example', 'deferred'),
  ),
  one(
    'old-tls-too.example',
    {
      title: 'TLS 1.0 and 1.1 beside newer',
      special: 'The host takes TLS 1.0 and 1.1 as well as 1.2 and 1.3; only who asks for them sees it.',
      findings: ['tls-old-beside'],
    },
    { fault: 'old-tls-too' },
  ),
  one(
    'chain-order.example',
    {
      title: 'chain out of order',
      special: 'The root stands before the intermediate: most senders sort it out.',
      findings: ['chain-order'],
    },
    {
      certificate: { issuer: 'intermediate', send: ['root', 'intermediate'] },
      tlsa: [{ usage: 2, selector: 1, matching: 1, of: 'root' }],
    },
  ),
  one(
    'large-chain.example',
    {
      title: 'chain of 90 kB',
      special: 'One certificate of 90 kB, just below what handshakes carry.',
      findings: ['chain-large'],
    },
    { certificate: { padding: 90_000 } },
  ),
  one(
    'too-large-chain.example',
    {
      title: 'chain of 120 kB',
      special: 'More certificates than a handshake carries: it fails.',
      findings: ['tls-fails'],
    },
    { certificate: { strangers: 5, padding: 20_000 } },
    broken('too-large-chain.example', 'deferred'),
  ),
  one(
    'hundred-certificates.example',
    {
      title: '100 certificates',
      special: 'A hundred certificates, of which one is needed.',
      findings: ['chain-large', 'chain-order'],
    },
    { certificate: { strangers: 99 } },
  ),
  one(
    'renegotiation.example',
    {
      title: 'renegotiation without end',
      special: 'The server asks for a new handshake again and again: none is granted.',
    },
    { fault: 'renegotiation' },
  ),
];
