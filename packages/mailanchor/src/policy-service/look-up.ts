/** From a key to its answer, by lookups of our own. */
import type { Resolver } from '@mailanchor/dnssec';
import { domainPolicy, planDestination, planRelay, shortestTtl } from '@mailanchor/smtp';
import { messageOf } from '../errors.ts';
import { type Answer, answerOf, temporary } from './answer.ts';
import type { PolicyKey } from './key.ts';
import type { StsMemory } from './sts-memory.ts';

export interface LookUpOptions {
  readonly resolver: Resolver;
  readonly timeoutMs: number;
  readonly partialDane: 'dane' | 'sts';
  /** Undefined: MTA-STS is not looked at. */
  readonly sts?: Pick<StsMemory, 'find'> | undefined;
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
  const { timeoutMs, signal, partialDane } = options;
  const how = { resolver: seen.resolver, port: key.port, timeoutMs, signal };
  try {
    const plan = await (key.kind === 'relay' ? planRelay(key.name, how) : planDestination(key.name, how));
    const byDane = domainPolicy({ plan, partialDane });
    // MTA-STS is for domains by their MX records (rfc8461#section-3), and adds nothing to DANE for all hosts.
    const settled = key.kind === 'relay' || byDane.kind === 'dane-only' || byDane.kind === 'defer';
    const found = settled ? undefined : await options.sts?.find(key.name, how);
    const policy = found?.sts ? domainPolicy({ plan, sts: found.sts, partialDane }) : byDane;
    const note = found?.sts || !found?.note ? '' : `; MTA-STS: ${found.note}`;
    const answer = answerOf(key, { ...policy, reason: policy.reason + note }, found?.sts);
    const failure = seen.failed() || answer.status === 'TEMP' ? FAILURE_SECONDS : Number.POSITIVE_INFINITY;
    return { answer, ttl: Math.min(seen.ttl(), found?.ttl ?? Number.POSITIVE_INFINITY, failure) };
  } catch (error) {
    signal?.throwIfAborted();
    return { answer: temporary(`${key.text}: ${messageOf(error)}`), ttl: FAILURE_SECONDS };
  }
}
