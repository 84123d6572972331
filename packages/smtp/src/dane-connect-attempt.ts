/** One address of `daneConnect`: TCP, STARTTLS, handshake, verification. What is not verified is destroyed here. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { DaneMode } from '@mailanchor/dane';
import { Conversation, type End, isEnd } from './conversation.ts';
import type { DaneConnectOptions, DaneConnectRefusal } from './dane-connect-types.ts';
import type { Deadline } from './deadline.ts';
import type { AttemptResult } from './happy-eyeballs.ts';
import type { ServiceProtocol } from './service.ts';
import { INJECTED } from './session.ts';
import { SESSION_LIMITS, type SessionLimits } from './session-limits.ts';
import { OPENERS } from './starttls/openers.ts';
import { connectTcp } from './tcp-connect.ts';
import { handshake } from './tls.ts';
import type { HostPlan, MatchReport, SessionOutcome, TlsReport } from './verdict.ts';
import { refuseResumed, type Secured, type Verification, verifyDane, verifyPkix } from './verify-chain.ts';

export interface AttemptContext {
  readonly plan: HostPlan;
  readonly how: 'dane' | 'pkix';
  readonly protocol: ServiceProtocol;
  readonly mode: DaneMode;
  /** Names of which the certificate must bear one under PKIX; the first is the SNI. */
  readonly pkixNames: readonly string[];
  /** That the service is of. */
  readonly domain: string;
  /** PEM and DER of the same. */
  readonly ca: readonly string[] | undefined;
  readonly caDer: readonly Uint8Array[] | undefined;
  /** Seconds since the epoch. */
  readonly at: number;
  readonly deadline: Deadline;
  readonly options: Pick<DaneConnectOptions, 'helo' | 'alpn' | 'dial'>;
}

/** An address that did not lead to a verified socket. */
export interface Attempt {
  readonly host: string;
  readonly address: string;
  readonly reason: DaneConnectRefusal;
  /** One sentence without its full stop, printable. */
  readonly text: string;
  /** What DANE says to the chain that was presented; null where there was none. */
  readonly match: MatchReport | null;
}

export interface Connected {
  readonly socket: TLSSocket;
  readonly address: string;
  readonly match: MatchReport | null;
  readonly tls: TlsReport;
}

export async function attemptAddress(
  address: string,
  context: AttemptContext,
  signal: AbortSignal,
): Promise<AttemptResult<Connected, Attempt>> {
  const { host } = context.plan;
  const sockets: Socket[] = [];
  const destroy = (): void => {
    for (const socket of sockets.toReversed()) socket.destroy();
  };
  signal.addEventListener('abort', destroy, { once: true });
  let verified: Connected | undefined;
  try {
    const outcome = signal.aborted ? GIVEN_UP : await secure(address, context, sockets);
    // Whatever it was, it was given up meanwhile.
    if (signal.aborted) return { failure: { host, address, match: null, ...failureOf(GIVEN_UP) } };
    if (outcome.kind !== 'secured') {
      return { failure: { host, address, match: null, ...failureOf(outcome) } };
    }
    const verdict = verify(outcome, context);
    if (verdict.kind === 'not-verified') {
      const { reason, text, match } = verdict;
      return { failure: { host, address, reason, text, match } };
    }
    const { protocol, cipher, stream } = outcome;
    const tls = { protocol, cipher, servername: servernameOf(context) };
    verified = { socket: stream, address, match: verdict.match, tls };
    return { success: verified };
  } finally {
    signal.removeEventListener('abort', destroy);
    if (!verified) destroy();
  }
}

const GIVEN_UP: End = { kind: 'deadline', text: 'no time left' };

async function secure(address: string, context: AttemptContext, sockets: Socket[]): Promise<Secured | End> {
  const { plan, protocol, options, domain, deadline } = context;
  const limits: SessionLimits = SESSION_LIMITS;
  const within = (milliseconds: number): number => Math.min(milliseconds, deadline.remainingMs());
  const place = { address, port: plan.port, connect: options.dial };
  const connected = await connectTcp(place, within(limits.connectMs), (socket) => sockets.push(socket));
  if (isEnd(connected)) return connected;
  const { socket } = connected;
  if (protocol !== 'tls') {
    const conversation = new Conversation(socket, { ...limits, replyMs: within(limits.replyMs) });
    const { helo } = options;
    const end = await OPENERS[protocol](conversation, { starttls: null }, { helo, domain });
    const { pending } = conversation;
    conversation.detach();
    if (end) return end;
    if (pending > 0) return INJECTED;
  }
  const outcome = await handshake(socket, {
    servername: servernameOf(context),
    timeoutMs: within(limits.tlsMs),
    alpn: options.alpn,
    ca: context.ca,
  });
  if (outcome.kind === 'timeout') return { kind: 'tls-timeout', text: 'the TLS handshake took too long' };
  if (outcome.kind === 'failed') return { kind: 'tls-failed', text: `TLS handshake: ${outcome.text}` };
  sockets.push(outcome.stream);
  return outcome;
}

/** With DANE the TLSA base domain (rfc7672#section-8.1), else the service's domain (rfc7673#section-4.1). */
function servernameOf({ plan, how, pkixNames }: AttemptContext): string {
  return how === 'dane' ? (plan.tlsa.base ?? plan.host) : pkixNames[0]!;
}

function verify(secured: Secured, { how, plan, mode, at, caDer, pkixNames }: AttemptContext): Verification {
  const resumed = refuseResumed(secured.stream);
  if (resumed) return resumed;
  return how === 'dane'
    ? verifyDane(secured.chain, { plan, mode, at, ca: caDer })
    : verifyPkix(secured, pkixNames);
}

const REASONS: Partial<Record<SessionOutcome, DaneConnectRefusal>> = {
  'starttls-not-offered': 'starttls',
  'starttls-refused': 'starttls',
  'injected-data': 'starttls',
  'tls-failed': 'tls-failed',
  'tls-timeout': 'tls-failed',
  deadline: 'timeout',
};

function failureOf({ kind, text }: End): Pick<Attempt, 'reason' | 'text'> {
  return { reason: REASONS[kind] ?? 'unreachable', text };
}
