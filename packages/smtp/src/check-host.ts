/**
 * One mail host end to end: a session to every one of its addresses, and what DANE says to each chain. All addresses count, since
 * senders choose among them.
 */
import { isIP } from 'node:net';
import { type DaneMode, matchDane, SearchBudget } from '@mailanchor/dane';
import { certificateReport } from './certificate-report.ts';
import type { CheckOptions } from './check-options.ts';
import type { Deadline } from './deadline.ts';
import { limiter } from './limiter.ts';
import { publicCas } from './public-cas.ts';
import type { ServiceProtocol } from './service.ts';
import { openSession, type SessionResult } from './session.ts';
import { SESSION_LIMITS, type SessionLimits } from './session-limits.ts';
import { hostVerdict, standingOf } from './standing.ts';
import { tlsaData } from './tlsa-report.ts';
import type { HostCheck, HostPlan, MatchReport, SessionReport } from './verdict.ts';

/** Records that are also matched one by one, for findings; senders fail beyond 12 (findings: tlsa-too-many). */
const MAX_SINGLE_RECORDS = 64;

/** Addresses of one host that are connected to. */
const MAX_ADDRESSES = 32;

export interface HostCheckOptions extends CheckOptions {
  readonly deadline: Deadline;
  readonly protocol: ServiceProtocol;
  readonly mode: DaneMode;
  /** The domain that the service is of, where that is not the host. */
  readonly domain?: string;
}

export async function checkHost(plan: HostPlan, options: HostCheckOptions): Promise<HostCheck> {
  const connected = options.connect !== false;
  // rfc7672#section-2.1.2: a host whose lookups fail is not connected to, whatever addresses are known.
  const sessions = connected && plan.policy !== 'unreachable' ? await sessionsOf(plan, options) : [];
  const verdict = hostVerdict(standingOf({ ...plan, sessions }, connected));
  return { ...plan, sessions, verdict };
}

function sessionsOf(plan: HostPlan, options: HostCheckOptions): Promise<SessionReport[]> {
  const limit = limiter(options.sessionsPerHost ?? 4);
  return Promise.all(
    plan.addresses.map((address, index) => {
      const skipped = whyNotTried(address, index, options);
      return skipped
        ? { ...skipped, address, port: plan.port }
        : limit(() => session(plan, address, options));
    }),
  );
}

type Skipped = Omit<SessionReport, 'address' | 'port'>;

function whyNotTried(address: string, index: number, options: HostCheckOptions): Skipped | undefined {
  const { localAddress } = options;
  if (index >= MAX_ADDRESSES) return skipped('deadline', 'more addresses than a check takes on');
  if (localAddress !== undefined && isIP(localAddress) !== isIP(address)) {
    return skipped('not-tried', 'of another family than the address to connect from');
  }
  return undefined;
}

function skipped(outcome: 'deadline' | 'not-tried', text: string): Skipped {
  return {
    outcome,
    text,
    starttls: null,
    tls: null,
    chain: [],
    match: null,
    matchedRecords: [],
    durationMs: 0,
  };
}

async function session(plan: HostPlan, address: string, options: HostCheckOptions): Promise<SessionReport> {
  const { host, port } = plan;
  const totalMs = options.deadline.remainingMs();
  if (totalMs <= 0) return { ...skipped('deadline', 'no time left'), address, port };
  options.onProgress?.({ kind: 'session-start', host, address });
  const open = options.openSession ?? openSession;
  const result = await open({
    address,
    port,
    servername: servername(plan, options.domain),
    protocol: options.protocol,
    domain: options.domain ?? host,
    helo: options.helo,
    localAddress: options.localAddress,
    signal: options.signal,
    connect: options.dial,
    limits: sessionLimits(totalMs, options.sessionLimits),
  });
  options.onProgress?.({ kind: 'session-end', host, address, outcome: result.kind });
  return report(plan, address, result, options);
}

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

function report(
  plan: HostPlan,
  address: string,
  result: SessionResult,
  { clock = Date.now, mode }: HostCheckOptions,
): SessionReport {
  const { kind, chain, capabilities: _, ...rest } = result;
  const at = Math.floor(clock() / 1000);
  return {
    address,
    port: plan.port,
    outcome: kind,
    ...rest,
    chain: chain.map(certificateReport),
    ...matches(plan, chain, at, mode),
  };
}

/** The verdict of all records together, and which of them would match by themselves. */
function matches(
  plan: HostPlan,
  chain: readonly Uint8Array[],
  at: number,
  mode: DaneMode,
): { match: MatchReport | null; matchedRecords: number[] } {
  const daneApplies = plan.policy === 'dane' || plan.policy === 'dane-unusable';
  if (!daneApplies || chain.length === 0) return { match: null, matchedRecords: [] };
  const records = plan.tlsa.records.map(tlsaData);
  const ca = mode === 'general' && records.some(({ usage }) => usage <= 1) ? publicCas() : [];
  const request = { chain, names: plan.referenceNames, at, mode, ca };
  // One budget for all, so that many records do not multiply what a hostile chain may cost.
  const budget = new SearchBudget();
  const matchedRecords = records
    .slice(0, MAX_SINGLE_RECORDS)
    .flatMap((record, index) =>
      matchDane({ ...request, budget, records: [record] }).kind === 'match' ? [index] : [],
    );
  return { match: matchDane({ ...request, records }), matchedRecords };
}
