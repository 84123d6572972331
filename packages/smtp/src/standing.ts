/**
 * Where a host stands once its lookups and sessions are done: the cause behind a host's verdict, from which the domain's verdict
 * follows. The first that applies, in this order:
 *
 *   bogus          a lookup is bogus: validating senders do not connect
 *   tlsa-failed    the addresses are securely known but the TLSA lookup fails: validating senders do not connect
 *   lookup-failed  the addresses could not be looked up: nothing is known
 *   no-address     the host has no address
 *   not-dane       DANE does not apply to the host (rfc7672#section-2.2)
 *   unchecked      DANE applies, and no connection was asked for
 *   mismatch       a session presented a chain that no record matches, or presents it to some
 *   refuses        a session could not be encrypted although TLSA records promise it: no STARTTLS, or a failed handshake
 *   undetermined   our own deadline ended before every address was asked
 *   unreachable    no address accepts connections
 *   unusable       encrypted, and no record is usable: not authenticated
 *   verified       every session matched
 */
import type { HostCheck, HostVerdict, ProbeReport, SessionOutcome, SessionReport } from './verdict.ts';

export type Standing =
  | 'bogus'
  | 'tlsa-failed'
  | 'lookup-failed'
  | 'no-address'
  | 'not-dane'
  | 'unchecked'
  | 'mismatch'
  | 'refuses'
  | 'undetermined'
  | 'unreachable'
  | 'unusable'
  | 'verified';

/** How far an outcome lets us judge the address behind it. */
type Weight =
  /** TLS stands. */
  | 'secured'
  /** The server takes mail but not, or not rightly, over TLS: with TLSA records a failure (rfc7672#section-2.2.3). */
  | 'refuses'
  /** It does not take mail from us just now: senders try the next address or host, DANE or not. */
  | 'unreachable'
  /** Nothing was learnt about the server. */
  | 'unknown';

const WEIGHTS: Readonly<Record<SessionOutcome, Weight>> = {
  established: 'secured',
  'starttls-not-offered': 'refuses',
  'starttls-refused': 'refuses',
  'injected-data': 'refuses',
  'tls-failed': 'refuses',
  'tls-timeout': 'refuses',
  'connect-refused': 'unreachable',
  'connect-timeout': 'unreachable',
  'connect-failed': 'unreachable',
  'greeting-refused': 'unreachable',
  'service-closing': 'unreachable',
  'ehlo-refused': 'unreachable',
  'protocol-error': 'unreachable',
  'too-much-data': 'unreachable',
  'reply-timeout': 'unreachable',
  closed: 'unreachable',
  'no-route': 'unknown',
  deadline: 'unknown',
  'not-tried': 'unknown',
};

export function outcomeWeight(outcome: SessionOutcome): Weight {
  return WEIGHTS[outcome];
}

type Judged = Pick<HostCheck, 'policy' | 'problem' | 'sessions'>;

/** `connected`: whether connections were asked for at all. */
export function standingOf({ policy, problem, sessions }: Judged, connected: boolean): Standing {
  if (policy === 'unreachable') {
    if (problem?.status === 'bogus') return 'bogus';
    if (problem?.stage === 'no-address') return 'no-address';
    return problem?.stage === 'tlsa' ? 'tlsa-failed' : 'lookup-failed';
  }
  if (policy === 'none') return 'not-dane';
  if (!connected) return 'unchecked';
  if (sessions.some((session) => session.match?.kind === 'mismatch' || strayChain(session) !== undefined)) {
    return 'mismatch';
  }
  const weights = sessions.map((session) =>
    selectiveStarttls(session) ? 'refuses' : outcomeWeight(session.outcome),
  );
  if (weights.includes('refuses')) return 'refuses';
  // A route that this machine lacks (IPv6, mostly) does not hide the server that another address shows.
  const cut = sessions.some(({ outcome }) => outcome === 'deadline');
  if (cut) return 'undetermined';
  if (!weights.includes('secured')) return weights.includes('unreachable') ? 'unreachable' : 'undetermined';
  return policy === 'dane' ? 'verified' : 'unusable';
}

/**
 * Another chain than the session's, with a key of the same kind, of which only one verifies: the address presents now one, now the
 * other, as several servers behind one address do. A key of another kind is no such thing: that is asked for.
 */
export function strayChain({ match, chain, probes = [] }: SessionReport): ProbeReport | undefined {
  const kind = keyKind(chain);
  return probes.find(
    (probe) =>
      probe.match !== null &&
      match !== null &&
      probe.match.kind !== match.kind &&
      !probe.sameChain &&
      keyKind(probe.chain) === kind,
  );
}

/** `RSA`, `EC`, `Ed25519` and so on: of the leaf. */
export function keyKind([leaf]: SessionReport['chain']): string {
  return leaf?.key.split(' ')[0] ?? '';
}

/** Of connections a moment apart one was offered STARTTLS and the other was not. */
export function selectiveStarttls({ starttls, probes = [] }: SessionReport): boolean {
  const offered = [starttls, ...probes.map((probe) => probe.starttls)];
  return offered.includes(true) && offered.includes(false);
}

/** Whether a host takes mail from us, for a host without DANE. */
export function acceptsMail(sessions: HostCheck['sessions']): boolean {
  return sessions.some(({ outcome }) => {
    const weight = outcomeWeight(outcome);
    return weight === 'secured' || weight === 'refuses';
  });
}

const VERDICTS: Readonly<Record<Standing, HostVerdict | null>> = {
  bogus: 'deferred',
  'tlsa-failed': 'deferred',
  'lookup-failed': 'deferred',
  'no-address': 'deferred',
  'not-dane': 'no-dane',
  unchecked: null,
  mismatch: 'mismatch',
  refuses: 'deferred',
  undetermined: 'deferred',
  unreachable: 'deferred',
  unusable: 'unauthenticated',
  verified: 'verified',
};

export function hostVerdict(standing: Standing): HostVerdict | null {
  return VERDICTS[standing];
}
