/** Whether a handshake that stands is with the server that was meant: by TLSA records, or by the public CAs. Decides nothing else. */
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type DaneMode, matchDane } from '@mailanchor/dane';
import { printable } from './printable.ts';
import { publicCas } from './public-cas.ts';
import type { Handshake } from './tls.ts';
import { tlsaData } from './tlsa-report.ts';
import type { HostPlan, MatchReport } from './verdict.ts';

export type Secured = Extract<Handshake, { kind: 'secured' }>;

/** `text`: one sentence without its full stop, printable. */
export type Verification =
  | { readonly kind: 'verified'; readonly match: MatchReport | null }
  | {
      readonly kind: 'not-verified';
      readonly reason: 'mismatch' | 'unusable' | 'pkix-failed' | 'tls-failed';
      readonly text: string;
      readonly match: MatchReport | null;
      /** Node's or OpenSSL's, of 'pkix-failed'. */
      readonly code?: string;
    };

/**
 * No session is ever offered for resumption here. One that were resumed would present no chain, and what Node shows of it then is the
 * chain of another connection.
 */
export function refuseResumed(stream: TLSSocket): Verification | undefined {
  if (stream.isSessionReused() === false) return undefined;
  const text = 'the server resumed a session that nobody offered';
  return { kind: 'not-verified', reason: 'tls-failed', text, match: null };
}

export interface DaneQuestion {
  readonly plan: Pick<HostPlan, 'tlsa' | 'referenceNames'>;
  readonly mode: DaneMode;
  /** Seconds since the epoch. */
  readonly at: number;
  /** DER, for usages 0 and 1 of mode 'general'; default the public CAs. */
  readonly ca?: readonly Uint8Array[] | undefined;
}

/** `chain`: DER, wire order. */
export function verifyDane(chain: readonly Uint8Array[], { plan, mode, at, ca }: DaneQuestion): Verification {
  const records = plan.tlsa.records.map(tlsaData);
  const cas = mode === 'general' && records.some(({ usage }) => usage <= 1) ? (ca ?? publicCas()) : [];
  const match = matchDane({ records, chain, names: plan.referenceNames, at, mode, ca: cas });
  switch (match.kind) {
    case 'match':
      return { kind: 'verified', match };
    case 'mismatch':
      return { kind: 'not-verified', reason: 'mismatch', text: match.text, match };
    case 'unusable':
      return { kind: 'not-verified', reason: 'unusable', text: 'no TLSA record can be used', match };
  }
}

/** rfc6125#section-6.4: DNS-IDs alone, and wildcards of a whole label. */
const HOST_CHECK = { subject: 'never', partialWildcards: false } as const;

/** By the CAs that the handshake was given, for one of `names`. */
export function verifyPkix({ stream, chain }: Secured, names: readonly string[]): Verification {
  if (!stream.authorized) {
    const code = String(stream.authorizationError ?? 'the certificate is not trusted');
    return { kind: 'not-verified', reason: 'pkix-failed', text: printable(code), match: null, code };
  }
  // The first of what was presented in this very handshake. Node's own view of the peer, `getPeerCertificate()`, is empty once the chain has
  // been taken from the connection.
  const [leaf] = chain;
  const certificate = leaf && new X509Certificate(leaf);
  if (names.some((name) => certificate?.checkHost(name, HOST_CHECK) !== undefined)) {
    return { kind: 'verified', match: null };
  }
  const text = `the certificate is not for ${names.join(' or ')}`;
  const code = 'ERR_TLS_CERT_ALTNAME_INVALID';
  return { kind: 'not-verified', reason: 'pkix-failed', text, match: null, code };
}
