/** What a CHECK_ANSWER demands of a resolution. */
import { type ResourceRecord, RRType, rcodeToText, recordToText } from '@mailanchor/dns';
import type { Resolution, Status } from '../../src/index.ts';
import type { Entry } from './parse.ts';

/** A verdict of expectations.json. Anything but the three says nothing about the status (checking disabled, no AD asked for). */
export type Verdict = string;

const STATUS_OF: ReadonlyMap<Verdict, Status> = new Map([
  ['SECURE', 'secure'],
  ['INSECURE', 'insecure'],
  ['BOGUS', 'bogus'],
]);

/**
 * What is wrong with `actual`, a line each; none where it is as expected. `withSignatures`: the client asked for RRSIGs, so the
 * expected answer has them; else they are left out of the comparison.
 */
export function compareAnswer(
  expected: Entry,
  verdict: Verdict | undefined,
  actual: Resolution,
  withSignatures: boolean,
): string[] {
  const problems: string[] = [];
  const unchecked = verdict?.startsWith('UNCHECKED') ?? false;
  const status = STATUS_OF.get(verdict ?? '');
  if (status !== undefined && actual.status !== status)
    problems.push(`status ${actual.status}, expected ${status}`);
  if (!unchecked && actual.rcode !== expected.rcode)
    problems.push(`rcode ${rcodeToText(actual.rcode)}, expected ${rcodeToText(expected.rcode)}`);
  if (unchecked || (actual.kind === 'failure' && !actual.overlong)) return problems;
  const answer = actual.kind === 'failure' ? (actual.overlong ?? []) : actual.answer;
  problems.push(...compareRecords(expected, answer, withSignatures));
  return problems;
}

/** The ANSWER section as a set: what is missing, what is too much. */
export function compareRecords(
  expected: Entry,
  actual: readonly ResourceRecord[],
  withSignatures: boolean,
): string[] {
  const problems: string[] = [];
  const relevant = (record: ResourceRecord) => withSignatures || record.type !== RRType.RRSIG;
  const withTtl = expected.match.has('ttl');
  const want = new Set(expected.answer.filter(relevant).map((record) => comparable(record, withTtl)));
  const got = new Set(actual.filter(relevant).map((record) => comparable(record, withTtl)));
  for (const record of want) if (!got.has(record)) problems.push(`missing in the answer: ${record}`);
  for (const record of got) if (!want.has(record)) problems.push(`too much in the answer: ${record}`);
  return problems;
}

/** The EDE code that the entry demands, if any. */
export function expectedEde(expected: Entry): number | undefined {
  for (const word of expected.match) if (word.startsWith('ede=')) return Number(word.slice(4));
  return undefined;
}

function comparable(record: ResourceRecord, withTtl: boolean): string {
  return recordToText({
    ...record,
    name: record.name.toLowerCase(),
    ttl: withTtl ? record.ttl : 0,
  });
}
