/** What DANE says to a presented chain: the verdict of all records together, and which of them would match by themselves. */
import { type DaneMode, type MatchRequest, matchDane, SearchBudget } from '@mailanchor/dane';
import { parsedOr } from './certificate-report.ts';
import { publicCas } from './public-cas.ts';
import { tlsaData } from './tlsa-report.ts';
import type { HostPlan, MatchReport } from './verdict.ts';

/** Records that are also matched one by one, for findings; senders fail beyond 12 (findings: tlsa-too-many). */
const MAX_SINGLE_RECORDS = 64;

export interface Judged {
  /** Null where DANE does not apply or there is no chain. */
  readonly match: MatchReport | null;
  /** What it would be at `laterAt`; absent where that was not asked for, or `match` is null. */
  readonly laterMatch?: MatchReport;
  /** Indices of the records that match when taken one by one. */
  readonly matchedRecords: readonly number[];
}

/** `chain`: DER, wire order. `at` and `laterAt`: seconds since the epoch. */
export function judgeChain(
  plan: HostPlan,
  chain: readonly Uint8Array[],
  {
    at,
    laterAt,
    mode,
  }: { readonly at: number; readonly laterAt?: number | undefined; readonly mode: DaneMode },
): Judged {
  const daneApplies = plan.policy === 'dane' || plan.policy === 'dane-unusable';
  if (!daneApplies || chain.length === 0) return { match: null, matchedRecords: [] };
  const records = plan.tlsa.records.map(tlsaData);
  const ca = mode === 'general' && records.some(({ usage }) => usage <= 1) ? publicCas() : [];
  const request = { chain: chain.map(parsedOr), names: plan.referenceNames, at, mode, ca };
  const match = matchDane({ ...request, records });
  return {
    match,
    ...(laterAt === undefined ? {} : { laterMatch: matchDane({ ...request, records, at: laterAt }) }),
    matchedRecords: records.length === 1 ? (match.kind === 'match' ? [0] : []) : oneByOne(request, records),
  };
}

/** Which records match by themselves. One budget for all, so that many records do not multiply what a hostile chain may cost. */
function oneByOne(request: Omit<MatchRequest, 'records'>, records: MatchRequest['records']): number[] {
  const budget = new SearchBudget();
  return records
    .slice(0, MAX_SINGLE_RECORDS)
    .flatMap((record, index) =>
      matchDane({ ...request, budget, records: [record] }).kind === 'match' ? [index] : [],
    );
}
