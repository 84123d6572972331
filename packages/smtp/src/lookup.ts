/**
 * One DNS question of a plan, with the plan's deadline. Whatever goes wrong becomes a failed `Resolution`, so that no caller can
 * mistake it for an answer (rfc7672#section-2.1.2); only the caller's own abort rejects.
 */
import { Ede, type Name, Rcode, rrTypeToText } from '@mailanchor/dns';
import type { Resolution, Resolver } from '@mailanchor/dnssec';
import type { Deadline } from './deadline.ts';
import { nameText } from './name-text.ts';
import type { AliasReport, LookupReason } from './verdict.ts';

/** Milliseconds for one question, so that one dead zone does not eat the time of the others. */
const LOOKUP_MS = 15_000;
/** Milliseconds granted to the resolver to report its own timeout before we do. */
const GRACE_MS = 500;

export interface LookupContext {
  readonly resolver: Resolver;
  readonly deadline: Deadline;
  readonly signal?: AbortSignal | undefined;
  readonly onLookup?: ((name: string, type: string) => void) | undefined;
}

export async function lookup(context: LookupContext, name: Name, type: number): Promise<Resolution> {
  const { resolver, deadline, signal } = context;
  signal?.throwIfAborted();
  const timeoutMs = Math.min(LOOKUP_MS, deadline.remainingMs());
  if (timeoutMs <= 0) return failedLookup(name, type, 'no time left for this lookup');
  context.onLookup?.(nameText(name), rrTypeToText(type));
  const guard = new AbortController();
  const timer = setTimeout(() => guard.abort(), timeoutMs + GRACE_MS);
  const combined = signal ? AbortSignal.any([signal, guard.signal]) : guard.signal;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(combined.reason);
    combined.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([resolver.resolve(name, type, { signal: combined, timeoutMs }), aborted]);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (guard.signal.aborted) return failedLookup(name, type, 'the lookup took too long');
    return failedLookup(name, type, error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
    if (stop) combined.removeEventListener('abort', stop);
  }
}

/** An indeterminate resolution: the question got no answer that could be used. */
export function failedLookup(name: Name, type: number, text: string, ede: number = Ede.OTHER): Resolution {
  return {
    kind: 'failure',
    status: 'indeterminate',
    rcode: Rcode.SERVFAIL,
    name,
    type,
    aliases: [],
    canonicalName: name,
    chain: [],
    records: [],
    answer: [],
    authority: [],
    ttl: 0,
    reason: { ede, text },
  };
}

export function aliasReports(resolution: Resolution): AliasReport[] {
  return resolution.aliases.map((link) => ({
    kind: link.kind,
    owner: nameText(link.owner),
    target: nameText(link.target),
    status: link.status,
  }));
}

export function lookupReason(resolution: Resolution): LookupReason | undefined {
  const { reason } = resolution;
  if (!reason) return undefined;
  return { ede: reason.ede, text: reason.text, ...(reason.zone ? { zone: nameText(reason.zone) } : {}) };
}
