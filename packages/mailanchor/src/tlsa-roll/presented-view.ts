/** What every address of a host presents, at each of its ports, to those who ask for RSA and to those who ask for ECDSA. */
import { setTimeout as pause } from 'node:timers/promises';
import type { AddressSight } from '@mailanchor/dane';
import {
  type HostPlan,
  type OpenSession,
  openSession,
  protocolOfPort,
  type SessionResult,
} from '@mailanchor/smtp';

/** Addresses that are connected to at a time. */
const AT_ONCE = 4;
/** Milliseconds for one session, and before one that was turned away is tried again. */
const SESSION_MS = 15_000;
const PAUSE_MS = 250;

export interface PresentedOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Default: `openSession`. */
  readonly open?: OpenSession;
}

/** `base`: of the TLSA records, for SNI (rfc7672#section-8.1). Rejects only where `signal` aborts. */
export async function presentedView(
  plans: readonly HostPlan[],
  base: (port: number) => string,
  options: PresentedOptions,
): Promise<AddressSight[]> {
  const wanted = plans.flatMap(({ port, addresses }) => addresses.map((address) => ({ address, port })));
  const sights: AddressSight[] = [];
  for (let i = 0; i < wanted.length; i += AT_ONCE) {
    const part = wanted.slice(i, i + AT_ONCE);
    sights.push(...(await Promise.all(part.map((one) => addressSight(one, base(one.port), options)))));
  }
  return sights;
}

async function addressSight(
  { address, port }: { readonly address: string; readonly port: number },
  servername: string,
  options: PresentedOptions,
): Promise<AddressSight> {
  const ask = async (offer: 'rsa' | 'ecdsa'): Promise<SessionResult> => {
    const first = await session(offer, 1);
    if (first.chain.length > 0 || first.kind === 'tls-failed') return first;
    await pause(PAUSE_MS, undefined, { signal: options.signal });
    return session(offer, 2);
  };
  const session = (offer: 'rsa' | 'ecdsa', attempt: number): Promise<SessionResult> =>
    (options.open ?? openSession)({
      address,
      port,
      servername,
      protocol: protocolOfPort(port),
      offer,
      attempt,
      signal: options.signal,
      limits: { totalMs: Math.min(SESSION_MS, options.timeoutMs) },
    });
  // One after the other: servers limit the connections of one client, and one that is turned away shows nothing.
  const results = [await ask('ecdsa'), await ask('rsa')];
  const chains = distinctChains(results.map(({ chain }) => chain).filter((chain) => chain.length > 0));
  const problem = problemOf(results);
  return { address, port, chains, ...(problem !== undefined && { problem }) };
}

/** A handshake that fails for want of a certificate of the kind is what a server does that has only the other. */
function problemOf(results: readonly SessionResult[]): string | undefined {
  const empty = results.filter(({ chain }) => chain.length === 0);
  const other = empty.find(({ kind }) => kind !== 'tls-failed');
  if (other) return other.text;
  return empty.length === results.length ? empty[0]?.text : undefined;
}

function distinctChains(chains: readonly (readonly Uint8Array[])[]): readonly (readonly Uint8Array[])[] {
  const known = new Map(chains.map((chain) => [Buffer.concat([...chain]).toString('base64'), chain]));
  return [...known.values()];
}
