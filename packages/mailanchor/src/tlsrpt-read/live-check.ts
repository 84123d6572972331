/** Whether what reports tell of is so now: the domains are checked, and what is found at the host is held against it. */
import { type DomainCheck, parseTarget } from '@mailanchor/smtp';
import { openCheckLookup } from '../check/inspection.ts';
import { checkTarget } from '../check/run.ts';
import type { CheckSettings } from '../check/settings.ts';
import { messageOf } from '../errors.ts';
import type { FailureRow } from './overview.ts';
import { keyOf } from './sentences.ts';

export interface LiveFinding {
  readonly state: 'so' | 'not-so' | 'unknown';
  /** A clause without full stop. */
  readonly text: string;
}

/** Domains that are checked, those with most failures first. */
const MAX_DOMAINS = 20;

/** By host and result type. Throws `UsageError` for files that cannot be used. */
export async function checkNow(
  rows: readonly FailureRow[],
  settings: CheckSettings,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, LiveFinding>> {
  const lookup = await openCheckLookup(settings, false);
  const checks = new Map<string, DomainCheck | string>();
  try {
    for (const row of rows) {
      const target = row.policyType === 'tlsa' ? `${row.host}:${settings.port ?? 25}` : row.domains[0]!;
      if (checks.has(target) || checks.size >= MAX_DOMAINS) continue;
      checks.set(target, await check(target, settings, lookup, signal));
    }
  } finally {
    await lookup.close();
  }
  const live = new Map<string, LiveFinding>();
  for (const row of rows) {
    const target = row.policyType === 'tlsa' ? `${row.host}:${settings.port ?? 25}` : row.domains[0]!;
    const found = checks.get(target);
    if (found !== undefined && !live.has(keyOf(row))) live.set(keyOf(row), judge(row, found));
  }
  return live;
}

async function check(
  text: string,
  settings: CheckSettings,
  lookup: Awaited<ReturnType<typeof openCheckLookup>>,
  signal: AbortSignal,
): Promise<DomainCheck | string> {
  try {
    return await checkTarget(text, parseTarget(text), settings, lookup, signal, () => {});
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error);
  }
}

function judge(row: FailureRow, found: DomainCheck | string): LiveFinding {
  if (typeof found === 'string') return { state: 'unknown', text: `not checked: ${found}` };
  // Of several hosts only what is said of this one; a subject may be its records or an address of it.
  const here = found.findings.filter(
    ({ subject }) => found.hosts.length <= 1 || subject.includes(row.host) || subject === found.target,
  );
  const same = here.find(({ code }) => (row.findings as readonly string[]).includes(code));
  if (same) return { state: 'so', text: `still so now: ${same.code}` };
  const host = found.hosts.find((one) => one.host === row.host);
  if (!host) return { state: 'not-so', text: `${row.host} is no mail host of ${found.target} now` };
  if (found.verdict === 'unknown') return { state: 'unknown', text: 'a check could not tell' };
  const problem = here.find(({ severity }) => severity === 'error');
  if (problem) return { state: 'so', text: `now: ${problem.code}` };
  return { state: 'not-so', text: `not so now: ${host.verdict ?? found.verdict}` };
}
