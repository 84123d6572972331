/**
 * One session with one address, from the greeting to the point where MAIL FROM may be said, as far as the host's policy lets it go.
 *
 *   STARTTLS offered ─▶ handshake ─▶ verified? ─▶ EHLO again ─▶ ready
 *        │no, refused      │fails       │no
 *        └─────────────────┴────────────┴──▶ 'next-host': failed.  'deliver': on in clear, or encrypted as it is, with a flaw
 *
 * After a handshake that failed the connection is of no use: `again` asks for another one, in clear. What is not handed out is destroyed
 * by the caller.
 */
import type { Socket } from 'node:net';
import { Conversation, type End, isEnd } from '../conversation.ts';
import type { Deadline } from '../deadline.ts';
import { replyText } from '../reply.ts';
import { INJECTED } from '../session.ts';
import { sendEhlo } from '../starttls/smtp.ts';
import { handshake } from '../tls.ts';
import type { TlsRptResult } from '../tlsrpt/result-type.ts';
import type { MatchReport, TlsReport } from '../verdict.ts';
import { refuseResumed, type Secured } from '../verify-chain.ts';
import { demandOf, type HostDemand, judge } from './demand.ts';
import { endFlaw, type Flaw } from './flaw.ts';
import { type Greeted, greet } from './greet.ts';
import { handOver } from './hand-over.ts';
import type { MxLimits } from './limits.ts';
import type { MxAuthentication } from './types.ts';

export interface SessionContext {
  readonly demand: HostDemand;
  readonly helo: string | undefined;
  /** Names by which a server must not greet us: our own, lower case. */
  readonly ownNames: ReadonlySet<string>;
  readonly limits: MxLimits;
  readonly deadline: Deadline;
  /** PEM. */
  readonly ca: readonly string[] | undefined;
  /** Seconds since the epoch. */
  readonly at: number;
}

export interface Ready {
  readonly kind: 'ready';
  readonly socket: Socket;
  readonly authenticated: MxAuthentication;
  readonly match: MatchReport | null;
  readonly tls: TlsReport | null;
  readonly flaw: Flaw | null;
  readonly greeting: string;
  readonly serverName: string;
  readonly capabilities: ReadonlyMap<string, string>;
}

export type SessionEnd =
  | Ready
  | {
      readonly kind: 'failed';
      readonly flaw: Flaw;
      readonly match: MatchReport | null;
      readonly serverName: string;
    }
  /** The same address once more, in clear: the policy lets that pass. */
  | { readonly kind: 'again'; readonly flaw: Flaw };

/** `inClear`: why TLS is not tried. `onStream` has the TLS stream from its beginning. */
export async function runSession(
  socket: Socket,
  context: SessionContext,
  inClear: Flaw | null,
  onStream: (stream: Socket) => void,
): Promise<SessionEnd> {
  const { demand, helo, ownNames } = context;
  const conversation = converse(socket, context);
  const greeted = await greet(conversation, helo);
  const failed = (flaw: Flaw): SessionEnd => ({
    kind: 'failed',
    flaw,
    match: null,
    serverName: isEnd(greeted) ? '' : greeted.serverName,
  });
  if (isEnd(greeted)) return failed(endFlaw(greeted));
  if (ownNames.has(greeted.serverName.toLowerCase())) {
    await conversation.quit();
    return failed({ reason: 'loop', text: `the server greets as ${greeted.serverName}, which is ourselves` });
  }
  const flaw = inClear ?? (await startTls(conversation, greeted));
  if (flaw === null) {
    const { pending } = conversation;
    conversation.detach();
    return pending > 0 ? failed(endFlaw(INJECTED)) : secured(socket, context, greeted, onStream);
  }
  const mayGoOn = demand.policy.onFailure === 'deliver';
  // Once STARTTLS was said and not answered, nobody knows what the server takes the next octets for.
  if (!flaw.inClear) return mayGoOn && flaw.tls ? { kind: 'again', flaw } : failed(flaw);
  if (!mayGoOn) {
    await conversation.quit();
    return failed(flaw);
  }
  return ready(conversation, socket, greeted, { authenticated: 'cleartext', match: null, tls: null, flaw });
}

/** Null: the handshake may begin. */
async function startTls(conversation: Conversation, { capabilities }: Greeted): Promise<Flaw | null> {
  if (!capabilities.has('STARTTLS')) {
    return endFlaw({ kind: 'starttls-not-offered', text: 'the server does not offer STARTTLS' }, true);
  }
  const reply = await conversation.command('STARTTLS', 'STARTTLS');
  if (isEnd(reply)) return { ...endFlaw(reply), tls: reply.kind === 'closed' };
  if (reply.code === 220) return null;
  const text = `the server answers STARTTLS with ${replyText(reply)}`;
  return endFlaw({ kind: 'starttls-refused', text }, true);
}

async function secured(
  socket: Socket,
  context: SessionContext,
  greeted: Greeted,
  onStream: (stream: Socket) => void,
): Promise<SessionEnd> {
  const { demand, limits, deadline, ca, helo } = context;
  const { serverName } = greeted;
  const { servername, mayGoOn } = demandOf(demand);
  const timeoutMs = Math.min(limits.tlsMs, deadline.remainingMs());
  const outcome = await handshake(socket, { servername, timeoutMs, ca });
  if (outcome.kind !== 'secured') {
    const flaw = endFlaw(
      outcome.kind === 'timeout'
        ? { kind: 'tls-timeout', text: 'the TLS handshake took too long' }
        : { kind: 'tls-failed', text: `TLS handshake: ${outcome.text}`, errorCode: outcome.code },
    );
    return mayGoOn ? { kind: 'again', flaw } : { kind: 'failed', flaw, match: null, serverName };
  }
  const { stream, protocol, cipher } = outcome;
  onStream(stream);
  const verdict = verify(outcome, context);
  if (verdict.flaw && !mayGoOn && verdict.demanded) {
    return { kind: 'failed', flaw: verdict.flaw, match: verdict.match, serverName };
  }
  const conversation = converse(stream, context);
  const capabilities = await sendEhlo(conversation, helo);
  if (isEnd(capabilities)) {
    // With TLS 1.3 a server refuses a handshake after the client believes it done.
    const refused = capabilities.kind === 'closed';
    const flaw = endFlaw(refused ? { ...capabilities, kind: 'tls-failed' } : capabilities);
    if (mayGoOn && refused) return { kind: 'again', flaw };
    return { kind: 'failed', flaw, match: verdict.match, serverName };
  }
  if (demand.policy.requireTls && !capabilities.has('REQUIRETLS')) {
    await conversation.quit();
    const text = 'the server does not offer REQUIRETLS';
    return { kind: 'failed', flaw: { reason: 'requiretls', text }, match: verdict.match, serverName };
  }
  return ready(
    conversation,
    stream,
    { ...greeted, capabilities },
    {
      authenticated: verdict.authenticated,
      match: verdict.match,
      tls: { protocol, cipher, servername: servername ?? null },
      flaw: verdict.flaw,
    },
  );
}

interface Verdict {
  readonly authenticated: MxAuthentication;
  readonly match: MatchReport | null;
  readonly flaw: Flaw | null;
  /** Whether the flaw is of what the policy demands; else it is only told. */
  readonly demanded: boolean;
}

function verify(outcome: Secured, { demand, at }: SessionContext): Verdict {
  const resumed = refuseResumed(outcome.stream);
  if (resumed?.kind === 'not-verified') {
    const { text } = resumed;
    const result: TlsRptResult = { resultType: 'validation-failure', reasonCode: 'session-resumed' };
    const flaw: Flaw = { reason: 'tls-failed', text, result };
    return { authenticated: 'encrypted', match: null, flaw, demanded: true };
  }
  return judge(outcome, demand, at);
}

async function ready(
  conversation: Conversation,
  socket: Socket,
  greeted: Greeted,
  rest: Pick<Ready, 'authenticated' | 'match' | 'tls' | 'flaw'>,
): Promise<SessionEnd> {
  const { greeting, serverName, capabilities } = greeted;
  const end: End | undefined = await handOver(conversation, socket);
  if (end) return { kind: 'failed', flaw: endFlaw(end), match: rest.match, serverName };
  return { kind: 'ready', socket, greeting, serverName, capabilities, ...rest };
}

function converse(socket: Socket, { limits, deadline }: SessionContext): Conversation {
  const replyMs = Math.min(limits.replyMs, deadline.remainingMs());
  return new Conversation(socket, { ...limits, replyMs, totalMs: deadline.remainingMs() });
}
