/**
 * One address of a host: the session as senders have it and, beside it, what the server presents to those who ask for the other kind of
 * certificate. A check takes hardly longer for that: the second connection begins as soon as the first stands. At most two are open at a
 * time, since servers limit the connections of one client; where the second may have been in the way, it is done again by itself.
 *
 *   any ──────────────┬─▶ ecdsa     where the first chain has an RSA key
 *     └▶ rsa ─────────┴─▶ old-tls   where the first handshake failed
 *
 * Versions of TLS come after these, where they are asked for.
 */
import { isIP } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { certificateReport } from './certificate-report.ts';
import type { HostCheckOptions } from './check-host.ts';
import { judgeChain } from './judge-chain.ts';
import { openSession, type SessionOptions, type SessionResult } from './session.ts';
import { SESSION_LIMITS, type SessionLimits } from './session-limits.ts';
import { outcomeWeight } from './standing.ts';
import { type GreetingName, starttlsByName } from './starttls-by-name.ts';
import type { TlsOffer } from './tls-offer.ts';
import { probeTlsVersions } from './tls-versions.ts';
import type { HostPlan, ProbeReport, SessionOutcome, SessionReport } from './verdict.ts';

/** How servers turn away a connection more than they take from one client. */
const TURNED_AWAY: ReadonlySet<SessionOutcome> = new Set([
  'connect-refused',
  'connect-failed',
  'greeting-refused',
  'service-closing',
  'closed',
]);

/** Milliseconds after which a server should have counted out the connection that was in the way. */
const PAUSE_MS = 200;

interface Probe {
  readonly offer: ProbeReport['offer'];
  readonly result: SessionResult;
}

/** Rejects only when the caller aborts. */
export async function checkAddress(
  plan: HostPlan,
  address: string,
  options: HostCheckOptions,
): Promise<SessionReport> {
  const { host } = plan;
  options.onProgress?.({ kind: 'session-start', host, address });
  const helo: GreetingName = options.helo ?? null;
  const otherHelo = options.otherHelo === undefined ? helo : options.otherHelo;
  const open: Open = (offer, { onConnect, attempt = 1, name = helo } = {}) =>
    connection(plan, address, options, { offer, onConnect, attempt, helo: name ?? undefined });
  const again: Open = async (offer, more) => {
    await setTimeout(PAUSE_MS, undefined, { signal: options.signal });
    return open(offer, { attempt: 2, ...more });
  };
  const { first, probes } = await connections(open, again, otherHelo, options.probes !== false);
  const rsa = probes.find(({ offer }) => offer === 'rsa')?.result;
  const byName =
    rsa &&
    (await starttlsByName({ name: helo, result: first }, { name: otherHelo, result: rsa }, (name) =>
      again('any', { attempt: 3, name }),
    ));
  const versions =
    options.tlsVersions && first.tls !== null ? await probeTlsVersions(first, open, again) : undefined;
  options.onProgress?.({ kind: 'session-end', host, address, outcome: first.kind });
  const session = report(plan, address, first, probes, options);
  return {
    ...session,
    ...(byName && { starttlsByName: byName }),
    ...(versions && { tlsVersions: versions }),
  };
}

/** A connection with this offer; `name`: what it greets with. */
type Open = (
  offer: TlsOffer,
  more?: { readonly onConnect?: () => void; readonly attempt?: number; readonly name?: GreetingName },
) => Promise<SessionResult>;

async function connections(
  open: Open,
  again: Open,
  otherHelo: GreetingName,
  withProbes: boolean,
): Promise<{ first: SessionResult; probes: Probe[] }> {
  if (!withProbes) return { first: await open('any'), probes: [] };

  let beside: Promise<SessionResult> | undefined;
  let first = await open('any', {
    onConnect: () => {
      beside = open('rsa', { name: otherHelo });
      // Awaited below; an abort meanwhile is told by the first.
      beside.catch(() => {});
    },
  });
  if (!beside) return { first, probes: [] };
  if (TURNED_AWAY.has(first.kind) && gotThrough(await beside)) first = await again('any');

  const third = furtherOffer(first);
  const probes: Probe[] = [];
  if (third) {
    let result = await open(third);
    if (TURNED_AWAY.has(result.kind)) {
      await beside;
      result = await again(third);
    }
    probes.push({ offer: third, result });
  }
  let rsa = await beside;
  const turnedAway = TURNED_AWAY.has(rsa.kind) || rsa.kind === 'ehlo-refused';
  if (turnedAway && gotThrough(first)) rsa = await again('rsa');
  return { first, probes: [{ offer: 'rsa', result: rsa }, ...probes] };
}

function gotThrough({ kind }: SessionResult): boolean {
  const weight = outcomeWeight(kind);
  return weight === 'secured' || weight === 'refuses';
}

function furtherOffer({ kind, chain }: SessionResult): 'ecdsa' | 'old-tls' | undefined {
  if (kind === 'tls-failed' && chain.length === 0) return 'old-tls';
  const [leaf] = chain;
  if (!leaf) return undefined;
  return certificateReport(leaf).key.startsWith('RSA') ? 'ecdsa' : undefined;
}

async function connection(
  plan: HostPlan,
  address: string,
  options: HostCheckOptions,
  one: Pick<SessionOptions, 'offer' | 'onConnect' | 'attempt' | 'helo'>,
): Promise<SessionResult> {
  const totalMs = options.deadline.remainingMs();
  if (totalMs <= 0) return NO_TIME;
  const opening = options.openSession ?? openSession;
  return opening({
    address,
    port: plan.port,
    servername: servername(plan, options.domain),
    protocol: options.protocol,
    domain: options.domain ?? plan.host,
    localAddress: localAddressFor(address, options.localAddress),
    signal: options.signal,
    connect: options.dial,
    limits: sessionLimits(totalMs, options.sessionLimits),
    ...one,
  });
}

/** The one of its family; undefined where none was given. */
export function localAddressFor(
  address: string,
  given: HostCheckOptions['localAddress'],
): string | undefined {
  return [given ?? []].flat().find((own) => isIP(own) === isIP(address));
}

const NO_TIME: SessionResult = {
  kind: 'deadline',
  text: 'no time left',
  starttls: null,
  tls: null,
  chain: [],
  capabilities: [],
  durationMs: 0,
};

/** A step takes no more than a part of what is left, so that a silent server is told from a check that ran out of time. */
const STEP_PART = 0.6;

function sessionLimits(leftMs: number, given: Partial<SessionLimits> = {}): SessionLimits {
  const step = (milliseconds: number): number => Math.min(milliseconds, leftMs * STEP_PART);
  const { connectMs, replyMs, tlsMs, totalMs } = SESSION_LIMITS;
  const scaled = { connectMs: step(connectMs), replyMs: step(replyMs), tlsMs: step(tlsMs) };
  return { ...SESSION_LIMITS, ...scaled, ...given, totalMs: Math.min(leftMs, given.totalMs ?? totalMs) };
}

/**
 * SNI is the TLSA base domain where DANE applies (rfc7672#section-8.1), else the domain that the service is of (rfc7673#section-4.1) or
 * the host; never an address.
 */
function servername({ policy, tlsa, host }: HostPlan, domain = host): string | undefined {
  const name = policy === 'dane' || policy === 'dane-unusable' ? (tlsa.base ?? host) : domain;
  return isIP(name) === 0 ? name : undefined;
}

/** Seconds. */
const DAY = 86_400;

function report(
  plan: HostPlan,
  address: string,
  first: SessionResult,
  probes: readonly Probe[],
  { clock = Date.now, mode, days }: HostCheckOptions,
): SessionReport {
  const { kind, chain, capabilities: _, ...rest } = first;
  const at = Math.floor(clock() / 1000);
  const when = { at, laterAt: days === undefined ? undefined : at + days * DAY, mode };
  const judged = judgeChain(plan, chain, when);
  const reports = probes.map(({ offer, result }): ProbeReport => {
    const { kind: outcome, text, errorCode, starttls, tls, durationMs } = result;
    const sameChain = chain.length > 0 && equalChains(chain, result.chain);
    return {
      offer,
      outcome,
      text,
      ...(errorCode === undefined ? {} : { errorCode }),
      starttls,
      tls,
      sameChain,
      chain: sameChain ? [] : result.chain.map(certificateReport),
      ...(sameChain ? judged : judgeChain(plan, result.chain, when)),
      durationMs,
    };
  });
  return {
    address,
    port: plan.port,
    outcome: kind,
    ...rest,
    chain: chain.map(certificateReport),
    ...judged,
    ...(reports.length > 0 ? { probes: reports } : {}),
  };
}

function equalChains(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((der, i) => Buffer.compare(der, b[i]!) === 0);
}
