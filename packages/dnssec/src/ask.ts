/** Asking until an answer holds: one broken server among several is not a broken zone. */
import type { Name } from '@mailanchor/dns';
import type { Work } from './budget.ts';
import type { Reason } from './proof.ts';
import type { QueryPurpose, RawAnswer, Source } from './source.ts';

export interface Failure {
  readonly kind: 'bogus' | 'indeterminate';
  readonly reason: Reason;
  /** The code that the server gave, where that is the failure. */
  readonly rcode?: number;
}

/**
 * Asks a source, judges the answer, and asks other servers as long as it is bad. Returns the first good outcome, or else the first
 * bad one: later servers' failures say less.
 */
export async function askUntilGood<T extends object>(
  source: Source,
  name: Name,
  type: number,
  work: Work,
  judge: (raw: Extract<RawAnswer, { kind: 'message' }>) => T | Promise<T>,
  isBad: (outcome: T) => boolean,
  purpose: QueryPurpose,
): Promise<T | Failure> {
  const avoid = new Set<string>();
  let first: T | undefined;
  for (let attempt = 0; attempt <= work.budgets.bogusRetries; attempt++) {
    const raw = await source.fetch(name, type, { work, avoid, purpose });
    if (raw.kind === 'failure')
      return first ?? { kind: 'indeterminate', reason: raw.reason, rcode: raw.rcode };
    const outcome = await judge(raw);
    if (!isBad(outcome)) return outcome;
    first ??= blamed(outcome, raw);
    avoid.add(raw.server);
  }
  return first!;
}

/** The outcome, its reason told as the fault of whoever stands between, where it is theirs. */
function blamed<T extends object>(outcome: T, raw: Extract<RawAnswer, { kind: 'message' }>): T {
  if (!raw.blame || !('reason' in outcome)) return outcome;
  const reason = outcome.reason as Reason;
  const text = raw.blame(reason);
  return text === undefined ? outcome : { ...outcome, reason: { ...reason, text } };
}
