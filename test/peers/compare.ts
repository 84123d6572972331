/** Our resolver and Unbound, asked the same questions. */
import { fileURLToPath } from 'node:url';
import type { Network } from './bed.ts';
import { runIn } from './namespace.ts';

const AGREE = fileURLToPath(new URL('./agree.ts', import.meta.url));

export type Question = readonly [name: string, type: string];

/** One answer of one resolver, in terms that can be compared. */
export interface ComparedAnswer {
  readonly status: 'secure' | 'insecure' | 'bogus' | 'indeterminate';
  /** `NOERROR`, `NXDOMAIN`; `SERVFAIL` for what failed. */
  readonly rcode: string;
  /** Aliases and records in presentation format, lower case, without TTL, sorted. */
  readonly records: readonly string[];
  readonly reason?: string;
}

export interface Comparison {
  readonly name: string;
  readonly type: string;
  readonly ours: ComparedAnswer;
  readonly unbound: ComparedAnswer;
}

/** Asks our resolver and Unbound the same questions, `[name, type]`, in one process inside the namespace. */
export async function compareWithUnbound(
  { folder, namespace, unbound }: Network,
  questions: readonly Question[],
): Promise<readonly Comparison[]> {
  const input = questions.map(([name, type]) => `${name} ${type}\n`).join('');
  const run = await runIn(namespace, [process.execPath, AGREE, folder, unbound], {
    input,
    timeoutMs: 110_000,
  });
  if (run.status !== 0) throw new Error(`agree.ts ended with ${run.status}: ${run.stderr}`);
  return run.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Comparison);
}

/** Whether both say the same. A failure has no records to compare. */
export function agrees({ ours, unbound }: Comparison): boolean {
  if (ours.status !== unbound.status) return false;
  if (ours.status === 'bogus' || ours.status === 'indeterminate') return true;
  return ours.rcode === unbound.rcode && ours.records.join('\n') === unbound.records.join('\n');
}

/** What to show of a comparison that failed. */
export function describeComparison({ name, type, ours, unbound }: Comparison): string {
  const say = ({ status, rcode, records, reason = '' }: ComparedAnswer): string =>
    `${status} ${rcode} ${JSON.stringify(records)} ${reason}`;
  return `${name} ${type}\n  ours    ${say(ours)}\n  unbound ${say(unbound)}`;
}
