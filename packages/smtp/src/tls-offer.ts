/**
 * What a handshake offers the server. A server with an RSA and an ECDSA certificate presents the one that the client's signature
 * algorithms ask for: who offers both sees one of them only.
 *
 *   delivery as senders do: TLS 1.2 or newer, every algorithm
 *   any      the same, to look at the server and to deliver nothing
 *   rsa      signatures by RSA keys alone
 *   ecdsa    signatures by keys on elliptic curves alone, ECDSA and EdDSA
 *   old-tls  TLS 1.0 and 1.1 alone, to tell a server that is out of date from one that is broken
 *   tls1.2, tls1.0   that version alone
 */
import { constants } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';

export type TlsOffer = 'delivery' | 'any' | 'rsa' | 'ecdsa' | 'old-tls' | 'tls1.2' | 'tls1.0';

/**
 * No anonymous suites, since the peer must present a certificate (rfc7672#section-8.2), and none without encryption. Level 1 and not
 * OpenSSL's default 2: a mail host with an 1024-bit key is authenticated by its TLSA record all the same, as other senders do.
 */
const CIPHERS = 'DEFAULT:@SECLEVEL=1:!aNULL:!eNULL';

/**
 * Without the hybrids of ML-KEM that Node offers first: a second key to make for each probe of a hello that then needs two packets, for a session
 * whose words are no secret. What is delivered by goes with the usual ones.
 */
const ecdhCurve = 'X25519:P-256:X448:P-384:P-521:ffdhe2048:ffdhe3072';

/** Level 0: OpenSSL refuses TLS 1.0 and 1.1 above it, since their handshakes are signed with SHA-1. */
const OLD_CIPHERS = 'ALL:@SECLEVEL=0:!aNULL:!eNULL';

const RSA_SIGNATURES = [
  ...['sha256', 'sha384', 'sha512'].flatMap((hash) => [`rsa_pss_rsae_${hash}`, `rsa_pss_pss_${hash}`]),
  ...['SHA256', 'SHA384', 'SHA512', 'SHA1'].map((hash) => `RSA+${hash}`),
].join(':');

const CURVE_SIGNATURES = 'ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:ECDSA+SHA1';

type Offered = Pick<
  ConnectionOptions,
  'minVersion' | 'maxVersion' | 'ciphers' | 'sigalgs' | 'secureOptions' | 'ecdhCurve'
>;

/** A new handshake in the same connection could present another certificate, which nobody would look at; and each costs both sides. */
const secureOptions = constants.SSL_OP_NO_RENEGOTIATION;

const probing = { minVersion: 'TLSv1.2', ecdhCurve, secureOptions } as const;

export const TLS_OFFERS: Readonly<Record<TlsOffer, Offered>> = {
  delivery: { minVersion: 'TLSv1.2', ciphers: CIPHERS, secureOptions },
  any: { ...probing, ciphers: CIPHERS },
  rsa: { ...probing, ciphers: `${CIPHERS}:!aECDSA`, sigalgs: RSA_SIGNATURES },
  ecdsa: { ...probing, ciphers: `${CIPHERS}:!aRSA`, sigalgs: CURVE_SIGNATURES },
  'old-tls': { ...probing, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: OLD_CIPHERS },
  'tls1.2': { ...probing, maxVersion: 'TLSv1.2', ciphers: CIPHERS },
  'tls1.0': { ...probing, minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: OLD_CIPHERS },
};
