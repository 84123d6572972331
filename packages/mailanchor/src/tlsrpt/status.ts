/** What the file of counts holds, for people and programs. */
import type { Database } from '../store/database.ts';
import { dayText } from './day.ts';

export interface DayStatus {
  /** `2026-11-25`. */
  readonly day: string;
  readonly domains: number;
  readonly successes: number;
  readonly failures: number;
  /** Sessions with domains beyond the limit. */
  readonly beyond: number;
  /** Domains by what becomes of their report. */
  readonly reports: Readonly<Record<ReportState, number>>;
}

export type ReportState = 'counting' | 'open' | 'sent' | 'failed' | 'unwanted';
const STATES: readonly ReportState[] = ['counting', 'open', 'sent', 'failed', 'unwanted'];

export interface DeliveryStatus {
  readonly day: string;
  readonly domain: string;
  readonly rua: string;
  readonly state: 'due' | 'sending' | 'sent' | 'failed';
  readonly attempts: number;
  /** Times that it broke off in the middle: then it may have been received more than once. */
  readonly interrupted: number;
  /** ISO 8601: of the next try, or of the end. */
  readonly at: string;
  readonly text: string;
}

export interface DomainStatus {
  readonly id: number;
  readonly day: number;
  readonly domain: string;
  readonly state: ReportState;
  readonly text: string;
  readonly successes: number;
  readonly failures: number;
  readonly reportId: string | undefined;
  /** Compressed by gzip. */
  readonly report: Uint8Array | undefined;
}

/** The last days that anything was counted on, newest first. */
export function readDays(database: Database, limit: number): DayStatus[] {
  return database.read(() => {
    const days = database.prepare('SELECT * FROM day ORDER BY day DESC LIMIT ?').all(limit);
    const sums = database.prepare(
      `SELECT sum(successes) AS successes, sum(failures) AS failures FROM policy p JOIN domain d ON d.id = p.domain WHERE d.day = ?`,
    );
    const states = database.prepare('SELECT state, count(*) AS n FROM domain WHERE day = ? GROUP BY state');
    return days.map((row) => {
      const day = Number(row['day']);
      const sum = sums.get(day);
      const counted = new Map(states.all(day).map(({ state, n }) => [state, Number(n)]));
      const of = (state: ReportState): number => counted.get(state) ?? 0;
      return {
        day: dayText(day),
        domains: Number(row['domains']),
        successes: Number(sum?.['successes'] ?? 0),
        failures: Number(sum?.['failures'] ?? 0),
        beyond: Number(row['beyond']),
        reports: Object.fromEntries(STATES.map((state) => [state, of(state)])) as Record<ReportState, number>,
      };
    });
  });
}

const DELIVERY = `SELECT d.day, d.domain, v.rua, v.state, v.attempts, v.interrupted, v.next_at, v.ended_at, v.text
  FROM delivery v JOIN domain d ON d.id = v.domain`;

/** Deliveries that are not done: those that failed, and those put off. */
export function readTroubles(database: Database, limit: number): DeliveryStatus[] {
  const statement = database.prepare(
    `${DELIVERY} WHERE v.state = 'failed' OR (v.state IN ('due', 'sending') AND v.attempts > 0)
     ORDER BY d.day DESC, d.domain, v.rua LIMIT ?`,
  );
  return database.read(() => statement.all(limit).map(deliveryOf));
}

export function readDeliveries(database: Database, domain: number): DeliveryStatus[] {
  const statement = database.prepare(`${DELIVERY} WHERE v.domain = ? ORDER BY v.rua`);
  return database.read(() => statement.all(domain).map(deliveryOf));
}

type Row = Readonly<Record<string, unknown>>;

function deliveryOf(row: Row): DeliveryStatus {
  return {
    day: dayText(Number(row['day'])),
    domain: String(row['domain']),
    rua: String(row['rua']),
    state: String(row['state']) as DeliveryStatus['state'],
    attempts: Number(row['attempts']),
    interrupted: Number(row['interrupted']),
    at: new Date(Number(row['ended_at'] ?? row['next_at'])).toISOString(),
    text: String(row['text']),
  };
}

const DOMAIN = `SELECT d.*, coalesce(sum(p.successes), 0) AS successes, coalesce(sum(p.failures), 0) AS failures
  FROM domain d LEFT JOIN policy p ON p.domain = d.id`;

/** Domains of one day, those with failures first. */
export function readDomains(database: Database, day: number, limit: number): DomainStatus[] {
  const statement = database.prepare(
    `${DOMAIN} WHERE d.day = ? GROUP BY d.id ORDER BY failures DESC, successes DESC, d.domain LIMIT ?`,
  );
  return database.read(() => statement.all(day, limit).map(domainOf));
}

/** One domain on one day, or on the last that it was counted on. */
export function readDomain(
  database: Database,
  domain: string,
  day: number | undefined,
): DomainStatus | undefined {
  const statement = database.prepare(
    `${DOMAIN} WHERE d.domain = :domain AND (:day IS NULL OR d.day = :day) GROUP BY d.id ORDER BY d.day DESC LIMIT 1`,
  );
  const row = database.read(() => statement.get({ domain, day: day ?? null }));
  return row && domainOf(row);
}

function domainOf(row: Row): DomainStatus {
  return {
    id: Number(row['id']),
    day: Number(row['day']),
    domain: String(row['domain']),
    state: String(row['state']) as ReportState,
    text: String(row['text']),
    successes: Number(row['successes']),
    failures: Number(row['failures']),
    reportId: row['report_id'] === null ? undefined : String(row['report_id']),
    report: row['report'] instanceof Uint8Array ? row['report'] : undefined,
  };
}
