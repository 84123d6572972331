/**
 * One host: its addresses, a session with one after the other until one is ready. TCP connections are tried side by side (RFC 8305), sessions
 * are not: a mail server would have to answer two at once, of which one is dropped.
 */
import { isIP, type Socket } from 'node:net';
import { type End, isEnd } from '../conversation.ts';
import { firstToSucceed, interleaveFamilies } from '../happy-eyeballs.ts';
import { type Connect, connectTcp } from '../tcp-connect.ts';
import { endFlaw, type Flaw } from './flaw.ts';
import { plainAddress, type SessionSight } from './report.ts';
import { type Ready, runSession, type SessionContext, type SessionEnd } from './session.ts';
import type { MxAttempt } from './types.ts';

export interface HostContext extends SessionContext {
  readonly signal: AbortSignal;
  readonly dial: Connect | undefined;
  readonly localAddresses: readonly string[];
  readonly attemptDelayMs: number;
  /** Takes a session off those that may still be begun; false: none is left. */
  takeSession(): boolean;
  /** Told of each address that did not serve, and of the one that does. */
  onAttempt(attempt: MxAttempt): void;
  onSession(flaw: Flaw | null, sight: SessionSight): void;
}

export interface ReadyAt extends Ready {
  readonly address: string;
}

const NO_TIME: End = { kind: 'deadline', text: 'no time left' };

function noTime(text: string): End {
  return text === NO_TIME.text ? NO_TIME : { ...NO_TIME, text: `no time left (${text})` };
}

interface Dialled {
  readonly address: string;
  readonly socket: Socket;
}

export async function connectHost(context: HostContext): Promise<ReadyAt | undefined> {
  const { plan } = context.demand;
  const usable = plan.addresses.filter((address) => isOurFamily(address, context.localAddresses));
  const addresses = interleaveFamilies(usable).slice(0, context.limits.addresses);
  if (addresses.length === 0) {
    const other = plan.addresses.length > 0;
    const none =
      isIP(plan.host) === 0 ? 'the host has no address' : 'the MX record names an address, not a host';
    const text = other ? 'no address of the family to connect from' : none;
    context.onAttempt(attemptOf(context, null, { reason: 'no-address', text }));
    return undefined;
  }
  const remaining = new Set(addresses);
  while (remaining.size > 0) {
    const { winner, failures } = await dialFirst([...remaining], context);
    for (const { address, end } of failures) {
      remaining.delete(address);
      context.onAttempt(attemptOf(context, address, endFlaw(end)));
    }
    if (!winner) {
      if (failures.length === 0) context.onAttempt(attemptOf(context, null, endFlaw(NO_TIME)));
      break;
    }
    remaining.delete(winner.address);
    const ready = await sessionAt(winner, context);
    if (ready) return ready;
    if (context.signal.aborted) break;
  }
  return undefined;
}

/** The session at an address; where TLS breaks and that may be, a second connection in clear. */
async function sessionAt(dialled: Dialled, context: HostContext): Promise<ReadyAt | undefined> {
  let { socket } = dialled;
  const { address } = dialled;
  let inClear: Flaw | null = null;
  for (;;) {
    if (!context.takeSession()) {
      socket.destroy();
      const text = 'more sessions than are begun for one delivery';
      context.onAttempt(attemptOf(context, address, { reason: 'limit', text }));
      return undefined;
    }
    const localAddress = plainAddress(socket.localAddress);
    const end: SessionEnd = await guarded(socket, context, inClear);
    if (end.kind === 'ready') {
      context.onSession(end.flaw, { address, localAddress, serverName: end.serverName });
      return { ...end, address };
    }
    // What was cut off by us says nothing of the server; what broke TLS the first time is what there is to tell.
    const flaw = context.signal.aborted ? endFlaw(noTime(end.flaw.text)) : end.flaw;
    if (end.kind === 'failed' || context.signal.aborted) {
      const match = end.kind === 'failed' ? end.match : null;
      const serverName = end.kind === 'failed' ? end.serverName : '';
      context.onAttempt({ ...attemptOf(context, address, flaw), match });
      context.onSession(inClear ?? flaw, { address, localAddress, serverName });
      return undefined;
    }
    inClear = { ...end.flaw, inClear: true };
    const again = await dialFirst([address], context);
    if (!again.winner) {
      context.onAttempt(attemptOf(context, address, end.flaw));
      context.onSession(end.flaw, { address, localAddress, serverName: '' });
      return undefined;
    }
    ({ socket } = again.winner);
  }
}

async function guarded(socket: Socket, context: HostContext, inClear: Flaw | null): Promise<SessionEnd> {
  const sockets = [socket];
  const destroy = (): void => {
    for (const one of sockets.toReversed()) one.destroy();
  };
  context.signal.addEventListener('abort', destroy, { once: true });
  let end: SessionEnd | undefined;
  try {
    if (context.signal.aborted) destroy();
    end = await runSession(socket, context, inClear, (stream) => sockets.push(stream));
    // Given up in the very moment.
    if (context.signal.aborted && end.kind === 'ready') {
      end = { kind: 'failed', flaw: endFlaw(NO_TIME), match: null, serverName: '' };
    }
    return end;
  } finally {
    context.signal.removeEventListener('abort', destroy);
    if (end?.kind !== 'ready') destroy();
  }
}

function dialFirst(
  addresses: readonly string[],
  context: HostContext,
): Promise<{ readonly winner?: Dialled; readonly failures: readonly { address: string; end: End }[] }> {
  const { signal, attemptDelayMs: delayMs, dial, localAddresses, limits, deadline } = context;
  const { port } = context.demand.plan;
  return firstToSucceed<Dialled, { address: string; end: End }>(
    addresses,
    async (address, lost) => {
      const localAddress = localAddresses.find((own) => isIP(own) === isIP(address));
      const given = AbortSignal.any([signal, lost]);
      let stop = (): void => {};
      try {
        const connected = await connectTcp(
          { address, port, localAddress, connect: dial },
          Math.min(limits.connectMs, deadline.remainingMs()),
          (socket) => {
            stop = () => void socket.destroy();
            if (given.aborted) stop();
            else given.addEventListener('abort', stop, { once: true });
          },
        );
        if (!isEnd(connected)) return { success: { address, socket: connected.socket } };
        stop();
        return { failure: { address, end: given.aborted ? NO_TIME : connected } };
      } finally {
        given.removeEventListener('abort', stop);
      }
    },
    { delayMs, signal, discard: ({ socket }) => socket.destroy() },
  );
}

function attemptOf({ demand }: HostContext, address: string | null, flaw: Flaw): MxAttempt {
  const { reason, text } = flaw;
  return { host: demand.plan.host, address, reason, text, match: null };
}

function isOurFamily(address: string, localAddresses: readonly string[]): boolean {
  return localAddresses.length === 0 || localAddresses.some((own) => isIP(own) === isIP(address));
}
