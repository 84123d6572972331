/** From a key to its answer, by lookups of our own. */
import type { Resolver } from '@mailanchor/dnssec';
import { domainPolicy, type EnforcedSts, planDestination, planRelay, shortestTtl } from '@mailanchor/smtp';
import { messageOf } from '../errors.ts';
import { type Answer, answerOf, temporary } from './answer.ts';
import type { PolicyKey } from './key.ts';

/** The enforced MTA-STS policy of a domain, and the seconds for which that, or its absence, holds. Never rejects. */
export type StsOf = (domain: string, signal?: AbortSignal) => Promise<{ sts?: EnforcedSts; ttl: number }>;

export interface LookUpOptions {
  readonly resolver: Resolver;
  readonly timeoutMs: number;
  readonly partialDane: 'dane' | 'sts';
  /** Undefined: MTA-STS is not looked at. */
  readonly stsOf?: StsOf | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Seconds for which nobody asks again after a lookup that failed: it has no TTL, and should be mended soon. */
export const FAILURE_SECONDS = 15;

export interface LookedUp {
  readonly answer: Answer;
  /** Seconds. */
  readonly ttl: number;
}

export type LookedUpKey = Extract<PolicyKey, { kind: 'domain' | 'relay' }>;

/** Never rejects, but where `signal` aborts: what is not known is TEMP. */
export async function lookUp(key: LookedUpKey, options: LookUpOptions): Promise<LookedUp> {
  const seen = shortestTtl(options.resolver);
  const { timeoutMs, signal, partialDane, stsOf } = options;
  const how = { resolver: seen.resolver, port: key.port, timeoutMs, signal };
  try {
    const [plan, found] = await Promise.all([
      key.kind === 'relay' ? planRelay(key.name, how) : planDestination(key.name, how),
      // MTA-STS is for domains by their MX records (rfc8461#section-3).
      key.kind === 'domain' ? stsOf?.(key.name, signal) : undefined,
    ]);
    const answer = answerOf(key.text, domainPolicy({ plan, sts: found?.sts, partialDane }));
    const failure = seen.failed() || answer.status === 'TEMP' ? FAILURE_SECONDS : Number.POSITIVE_INFINITY;
    return { answer, ttl: Math.min(seen.ttl(), found?.ttl ?? Number.POSITIVE_INFINITY, failure) };
  } catch (error) {
    signal?.throwIfAborted();
    return { answer: temporary(`${key.text}: ${messageOf(error)}`), ttl: FAILURE_SECONDS };
  }
}
