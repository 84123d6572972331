/** Findings on what a host presents beyond one handshake, and worlds in which there is nothing of the kind to find. */
import type { SecureContextOptions } from 'node:tls';
import { makeCertificate } from './certificates.ts';
import type { FindingCase } from './finding-case.ts';
import { ee, intermediate, leaf, other, PATIENT, root, ta, type World, zoneOf } from './world.ts';

const named = { cn: 'mx.example.net', names: ['mx.example.net'] };
export const rsaLeaf = makeCertificate({ ...named, issuer: intermediate, rsa: true });
/** The same key in another certificate. */
export const rsaStray = makeCertificate({ ...named, issuer: other, rsa: true });
const large = makeCertificate({ ...named, padding: 70_000 });
const tooLarge = makeCertificate({ ...named, padding: 110_000 });
const strangers = Array.from({ length: 11 }, (_, i) => makeCertificate({ cn: `Stranger ${i}`, ca: true }));

/** One host at one address, connected to as often as a check does. */
function host(servers: NonNullable<World['servers']>[string], ...tlsa: string[]): World {
  return {
    zone: zoneOf(...tlsa),
    servers: { '192.0.2.1': servers },
    options: { probes: true, sessionLimits: PATIENT },
  };
}

/** Node makes servers of TLS 1.2 and newer unless told otherwise. */
export const ALL_VERSIONS = { minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' } as const;

function askedForVersions(secureContext: SecureContextOptions): World {
  const world = host({ secureContext }, ee(leaf));
  return { ...world, options: { ...world.options, tlsVersions: true } };
}

export function otherName(servers: NonNullable<World['servers']>[string], otherHelo = 'prober.test'): World {
  const world = host(servers, ee(leaf));
  return { ...world, options: { ...world.options, otherHelo } };
}

export const HOST_CASES: readonly FindingCase[] = [
  {
    code: 'algorithm-differs',
    when: 'only the ECDSA certificate has a record',
    world: host({ secondChain: [rsaLeaf, intermediate] }, ee(leaf)),
    severity: 'warning',
    subject: 'mx.example.net',
    text: /^The ECDSA certificate verifies, the RSA certificate .* matches no TLSA record\.$/,
    fix: new RegExp(`^_25\\._tcp\\.mx\\.example\\.net\\. 3600 IN TLSA 3 1 1 ${rsaLeaf.spkiSha256}$`, 'm'),
  },
  {
    code: 'algorithm-differs',
    when: 'only the RSA certificate has a record, and senders are presented the other',
    world: host({ secondChain: [rsaLeaf, intermediate] }, ee(rsaLeaf)),
    severity: 'error',
    subject: 'mx.example.net',
    text: /^The RSA certificate .* verifies, but senders are presented the ECDSA one/,
    fix: new RegExp(`TLSA 3 1 1 ${leaf.spkiSha256}$`, 'm'),
  },
  {
    code: 'address-differs',
    when: 'one address presents now one, now another certificate',
    world: host({ chains: [[rsaLeaf], [rsaStray]] }, `3 0 1 ${rsaLeaf.sha256}`),
    severity: 'error',
    subject: 'mx.example.net [192.0.2.1]',
    text: /from one connection to the next/,
    fix: /TLSA 3 1 1/,
  },
  {
    code: 'starttls-selective',
    when: 'a name is not offered STARTTLS',
    world: otherName({ plainTo: /prober/ }),
    severity: 'error',
    subject: 'mx.example.net [192.0.2.1]',
    text: /to a client that greets with checker\.test, and not to one that greets with prober\.test, twice each\.$/,
    fix: /smtpd_discard_ehlo_keyword/,
  },
  {
    code: 'starttls-selective',
    when: 'spamd answers strangers',
    world: host(
      { greeting: '220 mx ESMTP spamd IP-based SPAM blocker; Wed Nov 25 2026', ehlo: '250 mx\r\n' },
      ee(leaf),
    ),
    severity: 'error',
    subject: 'mx.example.net [192.0.2.1]',
    text: /answers as spamd/,
    fix: /after STARTTLS/,
  },
  {
    code: 'tls-old-beside',
    when: 'TLS 1.0 and 1.1 are taken beside newer versions',
    world: askedForVersions(ALL_VERSIONS),
    severity: 'notice',
    subject: 'mx.example.net [192.0.2.1]',
    text: /^TLS 1\.1 and TLS 1\.0 beside newer versions is accepted\.$/,
    fix: /smtpd_tls_protocols = >=TLSv1\.2/,
  },
  {
    code: 'starttls-selective',
    when: 'every other connection is offered STARTTLS',
    world: host({ selective: true }, ee(leaf)),
    severity: 'error',
    subject: 'mx.example.net [192.0.2.1]',
    text: /offers STARTTLS on one connection and not on another/,
  },
  {
    code: 'starttls-selective',
    when: 'the same without DANE',
    world: host({ selective: true }),
    severity: 'warning',
    subject: 'mx.example.net [192.0.2.1]',
    text: /offers STARTTLS on one connection and not on another/,
  },
  {
    code: 'tls-old',
    when: 'TLS 1.1 only, and it is shown',
    world: host(
      { secureContext: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } },
      ee(leaf),
    ),
    severity: 'error',
    subject: 'mx.example.net [192.0.2.1]',
    text: /^No TLS 1\.2 or newer, TLSv1\.1 at most/,
  },
  {
    code: 'tls-fails',
    when: 'more certificates than a handshake carries',
    world: host({ chain: [tooLarge] }, ee(tooLarge)),
    severity: 'error',
    subject: 'mx.example.net [192.0.2.1]',
    text: /more than 100 kB of certificates/,
    fix: /^Leave out/,
  },
  {
    code: 'chain-order',
    when: 'the root stands before the intermediate',
    world: host({ chain: [leaf, root, intermediate] }, ta(root)),
    severity: 'notice',
    subject: 'mx.example.net',
    text: /sends 3 certificates out of order: the second \(CN=Test Root\) did not issue the one before it/,
  },
  {
    code: 'chain-order',
    when: 'the leaf is there twice',
    world: host({ chain: [leaf, leaf, intermediate] }, ee(leaf)),
    severity: 'notice',
    subject: 'mx.example.net',
    text: /the second \(CN=mx\.example\.net\) is there twice/,
  },
  {
    code: 'chain-large',
    when: '70 kB',
    world: host({ chain: [large] }, ee(large)),
    severity: 'notice',
    subject: 'mx.example.net',
    text: /sends a certificate of 69 kB/,
  },
  {
    code: 'chain-large',
    when: 'more certificates than Postfix goes through',
    world: host({ chain: [leaf, ...strangers] }, ee(leaf)),
    severity: 'notice',
    subject: 'mx.example.net',
    text: /sends 12 certificates/,
  },
];

/** No finding at all. */
export const HOST_QUIET: readonly [string, World][] = [
  [
    'RSA and ECDSA, each with its record',
    host({ secondChain: [rsaLeaf, intermediate] }, ee(leaf), ee(rsaLeaf), ta(intermediate)),
  ],
  ['RSA and ECDSA of one CA that is named', host({ secondChain: [rsaLeaf, intermediate] }, ta(intermediate))],
  ['RSA alone', host({ chain: [rsaLeaf, intermediate] }, ta(intermediate))],
  ['a chain in order, its root included', host({ chain: [leaf, intermediate, root] }, ta(root))],
  ['a server that takes one connection at a time', host({ atATime: 1 }, ta(intermediate))],
];
