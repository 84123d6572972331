/**
 * From a session that a log tells of, and what is known of its destination now, to what a TLS report counts. The log does not say which policy
 * was applied; what it says must fit the policy that is published, or the session is left out and counted by the reason.
 */
import { noPolicy, type TlsRptEvent, type TlsRptFailure, type TlsRptPolicy } from '@mailanchor/smtp';
import type { LoggedSession } from './postfix-log.ts';
import type { SessionEnd } from './session-end.ts';

/** What the recipient's domain asks of the host. */
export type KnownPolicy =
  | {
      readonly kind: 'tlsa';
      readonly policy: TlsRptPolicy;
      /** Whether any of the records can be used. */
      readonly usable: boolean;
      /** With MX records that are not signed a Postfix calls no session verified. */
      readonly secureMx: boolean;
    }
  | { readonly kind: 'sts'; readonly policy: TlsRptPolicy; readonly enforced: boolean }
  | { readonly kind: 'none' }
  /** None of the domain's mail hosts. */
  | { readonly kind: 'other-host' }
  /** The lookup failed. */
  | { readonly kind: 'unknown' };

export const UNCLEAR_POLICY = [
  /** A relay, or an MX record that is gone. */
  'other-host',
  /** What the domain asks for cannot be looked up now. */
  'policy-unknown',
  /** What happened does not fit what the domain asks for now. */
  'policy-changed',
  /** The domain asks for more than this Postfix looked at. */
  'not-enforced',
  /** Postfix asked for more than the domain. */
  'own-demand',
] as const;

export type UnclearPolicy = (typeof UNCLEAR_POLICY)[number];

export type Decided =
  | { readonly kind: 'event'; readonly event: TlsRptEvent }
  | { readonly kind: 'unclear'; readonly reason: UnclearPolicy };

export function sessionEvent(session: LoggedSession, known: KnownPolicy): Decided {
  const { end } = session;
  return end.kind === 'failed' ? failed(session, end, known) : established(session, end, known);
}

function established(
  session: LoggedSession,
  end: Extract<SessionEnd, { kind: 'established' }>,
  known: KnownPolicy,
): Decided {
  switch (known.kind) {
    case 'tlsa':
      // All records unusable: the session was not authenticated, which is told as a failure (rfc8460#section-4.3.2.1).
      if (!known.usable) {
        if (end.verified) return unclear('policy-changed');
        return event(session, known.policy, { resultType: 'tlsa-invalid', reasonCode: 'tlsa-unusable' });
      }
      if (end.verified || (!known.secureMx && end.trusted)) return event(session, known.policy, null);
      return unclear('not-enforced');
    case 'sts':
      // Postfix cannot check a policy without enforcing it, which is what the mode `testing` would need.
      return end.verified ? event(session, known.policy, null) : unclear('not-enforced');
    case 'none':
      return event(session, noPolicy(session.domain), null);
    case 'other-host':
      return unclear('other-host');
    case 'unknown':
      return unclear('policy-unknown');
  }
}

function failed(
  session: LoggedSession,
  end: Extract<SessionEnd, { kind: 'failed' }>,
  known: KnownPolicy,
): Decided {
  const { resultType, reasonCode, dane } = end;
  const failure = { resultType, ...(reasonCode !== undefined && { reasonCode }) };
  if (known.kind === 'other-host') return unclear('other-host');
  // The failure itself says that it was DANE: the records that are seen now need not be there.
  const unfound = resultType === 'dnssec-invalid' || resultType === 'dane-required';
  if (dane && unfound) {
    const { name } = session.host;
    const policy =
      known.kind === 'tlsa'
        ? known.policy
        : { type: 'tlsa' as const, domain: name, strings: [], mxHosts: [] };
    return event(session, policy, failure);
  }
  if (known.kind === 'unknown') return unclear('policy-unknown');
  if (dane) return known.kind === 'tlsa' ? event(session, known.policy, failure) : unclear('policy-changed');
  const certificate = resultType.startsWith('certificate-') || reasonCode === 'not-verified';
  if (!certificate) {
    const policy = known.kind === 'none' ? noPolicy(session.domain) : known.policy;
    return event(session, policy, failure);
  }
  if (known.kind === 'tlsa')
    return known.usable ? event(session, known.policy, failure) : unclear('own-demand');
  if (known.kind === 'sts' && known.enforced) return event(session, known.policy, failure);
  return unclear('own-demand');
}

function unclear(reason: UnclearPolicy): Decided {
  return { kind: 'unclear', reason };
}

function event(
  { at, domain, host }: LoggedSession,
  policy: TlsRptPolicy,
  failure: Pick<TlsRptFailure, 'resultType' | 'reasonCode'> | null,
): Decided {
  const where = {
    receivingMxHostname: host.name,
    ...(host.address !== undefined && { receivingIp: host.address }),
  };
  return { kind: 'event', event: { at, domain, policy, failure: failure && { ...failure, ...where } } };
}
