/** How a session ended that a log tells of, as result types of a TLS report (rfc8460#section-4.3). */
import type { TlsRptResultType } from '@mailanchor/smtp';
import type { PolicyProblem } from './postfix-message.ts';
import type { Reason } from './verify-reason.ts';

export type SessionEnd =
  | { readonly kind: 'established'; readonly verified: boolean; readonly trusted: boolean }
  | {
      readonly kind: 'failed';
      readonly resultType: TlsRptResultType;
      readonly reasonCode?: string;
      /** Only a host with TLSA records fails like this. */
      readonly dane: boolean;
    };

export function handshakeEnd(why: string): SessionEnd {
  return { kind: 'failed', resultType: 'validation-failure', reasonCode: why.slice(0, 100), dane: false };
}

export function starttlsEnd(refused: boolean): SessionEnd {
  const reason = refused ? { reasonCode: 'starttls-refused' } : {};
  return { kind: 'failed', resultType: 'starttls-not-supported', ...reason, dane: false };
}

/** rfc8460#section-4.3.2.1 */
export function policyEnd(problem: Exclude<PolicyProblem, 'own'>): SessionEnd {
  switch (problem) {
    case 'lookup':
      // Postfix does not tell a bogus answer from none.
      return { kind: 'failed', resultType: 'dnssec-invalid', reasonCode: 'tlsa-lookup', dane: true };
    case 'unusable':
      return { kind: 'failed', resultType: 'tlsa-invalid', reasonCode: 'tlsa-unusable', dane: true };
    case 'no-records':
    case 'insecure':
      return { kind: 'failed', resultType: 'dane-required', dane: true };
  }
}

/** The session was given up for the certificate. `reason`: what was said of it. `trusted`: whether its chain is, as far as it is known. */
export function unverifiedEnd(reason: Reason | undefined, trusted: boolean | undefined): SessionEnd {
  if (reason) return { kind: 'failed', ...reason };
  // A chain that is trusted, and a server that is not the right one, differ by its name; without both there is no telling.
  if (trusted === undefined)
    return { kind: 'failed', resultType: 'validation-failure', reasonCode: 'not-verified', dane: false };
  const resultType = trusted ? 'certificate-host-mismatch' : 'certificate-not-trusted';
  return { kind: 'failed', resultType, dane: false };
}
