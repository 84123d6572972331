/** Asking until an answer holds: one broken server among several is not a broken zone. */
import type { Name } from '@mailanchor/dns';
import type { Work } from './budget.ts';
import type { Reason } from './proof.ts';
import type { RawAnswer, Source } from './source.ts';

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
export async function askUntilGood<T>(
  source: Source,
  name: Name,
  type: number,
  work: Work,
  judge: (raw: Extract<RawAnswer, { kind: 'message' }>) => T | Promise<T>,
  isBad: (outcome: T) => boolean,
): Promise<T | Failure> {
  const avoid = new Set<string>();
  let first: T | undefined;
  for (let attempt = 0; attempt <= work.budgets.bogusRetries; attempt++) {
    const raw = await source.fetch(name, type, { work, avoid });
    if (raw.kind === 'failure')
      return first ?? { kind: 'indeterminate', reason: raw.reason, rcode: raw.rcode };
    const outcome = await judge(raw);
    if (!isBad(outcome)) return outcome;
    first ??= outcome;
    avoid.add(raw.server);
  }
  return first!;
}
