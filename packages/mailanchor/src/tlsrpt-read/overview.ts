/** What the stored reports come to: failures by host, reporter and result type. Sums are of what others say; nothing here trusts them further. */
import type { FindingCode } from '@mailanchor/smtp';
import type { Database } from '../store/database.ts';
import { findingsOf } from './finding-of-result.ts';

export interface OverviewOptions {
  /** Milliseconds since the epoch: reports that begin before are left out. */
  readonly since: number;
  /** Own domains, each with all below it; none: all. */
  readonly domains: readonly string[];
  /** Whether reports count whose reporter is not known to have sent them. */
  readonly unverified: boolean;
}

export interface FailureRow {
  readonly host: string;
  /** Recipient domains, or the hosts that a policy is of. */
  readonly domains: readonly string[];
  readonly organization: string;
  readonly policyType: string;
  readonly resultType: string;
  readonly reasonCodes: readonly string[];
  readonly sessions: number;
  readonly reports: number;
  /** Milliseconds since the epoch: of the days that the reports are of. */
  readonly first: number;
  readonly last: number;
  /** What a check would find behind it. */
  readonly findings: readonly FindingCode[];
}

export interface Overview {
  readonly reports: number;
  readonly organizations: number;
  /** Reports that do not count, since nobody knows who sent them. */
  readonly unverified: number;
  readonly successes: number;
  readonly failures: number;
  /** Milliseconds since the epoch; undefined where there is no report. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** Most sessions first. */
  readonly rows: readonly FailureRow[];
}

/** A policy that failed without details. */
export const NOT_SAID = 'not said';
/** Rows of an overview; what is beyond has fewer sessions than those. */
const MAX_ROWS = 1_000;

/** Of the reports that count: `r` in a query. One that is trusted counts for the same one that is not. */
const COUNTING = (unverified: boolean) =>
  unverified
    ? 'r.start_at >= ? AND (r.trusted = 1 OR NOT EXISTS (SELECT 1 FROM report t WHERE t.key = r.key AND t.trusted = 1))'
    : 'r.start_at >= ? AND r.trusted = 1';

/** Throws `DatabaseError`. */
export function readOverview(database: Database, options: OverviewOptions): Overview {
  const { since, domains, unverified } = options;
  const counting = COUNTING(unverified);
  // Names are of the alphabet of host names, as settings take them: no wildcard of LIKE is in them but the underscore, which is one letter.
  const ours = (column: string) =>
    domains.map(() => `(${column} = ? OR ${column} LIKE '%.' || ?)`).join(' OR ');
  const given = domains.flatMap((domain) => [domain, domain]);
  const [whose, whoseHost] = domains.length === 0 ? ['1', '1'] : [ours('p.domain'), ours('host')];
  return database.read(() => {
    const sums = database
      .prepare(
        `SELECT count(DISTINCT r.id) AS reports, count(DISTINCT lower(r.organization)) AS organizations, total(p.successes) AS successes,
                total(p.failures) AS failures, min(r.start_at) AS first, max(r.end_at) AS last
         FROM report r JOIN policy p ON p.report = r.id WHERE ${counting} AND (${whose})`,
      )
      .get(since, ...given)!;
    const doubted = database
      .prepare(
        `SELECT count(*) AS n FROM report r WHERE r.start_at >= ? AND r.trusted = 0
         AND NOT EXISTS (SELECT 1 FROM report t WHERE t.key = r.key AND t.trusted = 1)`,
      )
      .get(since)!;
    const rows = database
      .prepare(
        `WITH failed AS (
           SELECT r.id AS report, r.organization, r.start_at, r.end_at, p.type, p.domain, f.result_type, f.reason_code, f.sessions,
                  CASE WHEN f.mx_hostname <> '' THEN f.mx_hostname ELSE p.domain END AS host
           FROM report r JOIN policy p ON p.report = r.id JOIN failure f ON f.policy = p.id WHERE ${counting}
           UNION ALL
           SELECT r.id, r.organization, r.start_at, r.end_at, p.type, p.domain, '${NOT_SAID}', '', p.failures, p.domain
           FROM report r JOIN policy p ON p.report = r.id
           WHERE ${counting} AND p.failures > 0 AND NOT EXISTS (SELECT 1 FROM failure f WHERE f.policy = p.id)
         )
         SELECT host, min(organization) AS organization, type, result_type, total(sessions) AS sessions, count(DISTINCT report) AS reports,
                min(start_at) AS first, max(end_at) AS last, json_group_array(DISTINCT domain) AS domains,
                json_group_array(DISTINCT reason_code) AS reasons
         FROM failed p WHERE (${whose}) OR (${whoseHost})
         GROUP BY host, lower(organization), type, result_type ORDER BY sessions DESC, host, organization LIMIT ${MAX_ROWS}`,
      )
      .all(since, since, ...given, ...given);
    return {
      reports: Number(sums['reports']),
      organizations: Number(sums['organizations']),
      unverified: unverified ? 0 : Number(doubted['n']),
      successes: Number(sums['successes']),
      failures: Number(sums['failures']),
      first: timeOf(sums['first']),
      last: timeOf(sums['last']),
      rows: rows.map(rowOf),
    };
  });
}

function timeOf(value: unknown): number | undefined {
  return value === null ? undefined : Number(value);
}

function rowOf(row: Record<string, unknown>): FailureRow {
  const policyType = String(row['type']);
  const resultType = String(row['result_type']);
  const list = (value: unknown) =>
    (JSON.parse(String(value)) as string[]).filter((text) => text !== '').slice(0, 10);
  return {
    host: String(row['host']),
    domains: list(row['domains']),
    organization: String(row['organization']),
    policyType,
    resultType,
    reasonCodes: list(row['reasons']),
    sessions: Number(row['sessions']),
    reports: Number(row['reports']),
    first: Number(row['first']),
    last: Number(row['last']),
    findings: findingsOf(resultType, policyType),
  };
}
