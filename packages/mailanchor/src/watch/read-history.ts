/** What the file of `watch` says, for people: read beside the running service. */
import type { Database } from '../store/database.ts';
import { alertSchema, type KeptFinding, keptFindings, problemSchema } from './alert-schema.ts';

export interface TargetStatus {
  readonly target: string;
  readonly watched: boolean;
  /** Null before the first check. */
  readonly verdict: string | null;
  readonly summary: string | null;
  /** ISO 8601: since when it has been so. */
  readonly since: string | null;
  readonly checkedAt: string | null;
  readonly nextCheck: string | null;
  readonly problems: readonly OpenProblem[];
}

export interface OpenProblem {
  readonly code: string;
  readonly subject: string;
  readonly severity: string;
  readonly text: string;
  readonly fix?: string;
  readonly since: string;
  /** Seen, and not often enough in a row to be told. */
  readonly confirmed: boolean;
  readonly told: boolean;
  readonly flapping: boolean;
}

export interface ChannelStatus {
  readonly channel: string;
  /** Alerts that wait. */
  readonly waiting: number;
  readonly delivered: number;
  readonly givenUp: number;
  readonly lastDelivered: string | null;
  readonly lastError: string | null;
}

export type HistoryEntry = { readonly at: string } & (
  | {
      readonly kind: 'verdict';
      readonly until: string;
      readonly checks: number;
      readonly verdict: string;
      readonly summary: string;
      readonly findings: readonly KeptFinding[];
    }
  | {
      readonly kind: 'raised' | 'worse' | 'resolved';
      readonly severity: string;
      readonly code: string;
      readonly subject: string;
      readonly text: string;
    }
  | {
      /** An alert on its way to one channel. */
      readonly kind: 'told';
      readonly channel: string;
      readonly what: string;
      readonly severity: string;
      readonly code: string;
      readonly subject: string;
      readonly state: 'waiting' | 'delivered' | 'given-up';
      readonly attempts: number;
      /** ISO 8601; null while it waits. */
      readonly endedAt: string | null;
      /** Why it was not taken, the last time that it was not. */
      readonly error: string | null;
    }
);

export function readStatus(database: Database): TargetStatus[] {
  return database.read(() => {
    const problems = readProblems(database);
    const rows = database
      .prepare(
        `SELECT target.id, text, watched, target.verdict, checked_at, next_at,
           (SELECT first_at FROM span WHERE span.target = target.id AND span.id > coalesce(
             (SELECT max(id) FROM span AS other WHERE other.target = target.id AND other.verdict <> target.verdict), 0)
             ORDER BY id LIMIT 1) AS since,
           (SELECT summary FROM span WHERE span.target = target.id ORDER BY id DESC LIMIT 1) AS summary
         FROM target WHERE watched = 1 ORDER BY text`,
      )
      .all();
    return rows.flatMap(({ id, text, watched, verdict, checked_at, next_at, since, summary }) => {
      const own = problems.get(Number(id)) ?? [];
      // What concerns the machine alone is a line only while there is something.
      if (next_at === null && verdict === null && own.length === 0 && String(text).startsWith('(')) return [];
      return [
        {
          target: String(text),
          watched: watched === 1,
          verdict: verdict === null ? null : String(verdict),
          summary: summary === null ? null : String(summary),
          since: timeOf(since),
          checkedAt: timeOf(checked_at),
          nextCheck: timeOf(next_at),
          problems: own,
        },
      ];
    });
  });
}

function readProblems(database: Database): Map<number, OpenProblem[]> {
  const found = new Map<number, OpenProblem[]>();
  for (const { target, state } of database.prepare('SELECT target, state FROM problem').all()) {
    const parsed = problemSchema.safeParse(JSON.parse(String(state)));
    if (!parsed.success) continue;
    const { seen, confirmed, streak, streakSince, since, believed, flapping } = parsed.data;
    // Resolved, and remembered for a while.
    if (!confirmed && streak === 0) continue;
    const { code, subject, severity, text, fix } = seen;
    const own = found.get(Number(target)) ?? [];
    own.push({
      code,
      subject,
      severity,
      text,
      ...(fix !== undefined && { fix }),
      since: new Date(confirmed ? since : streakSince).toISOString(),
      confirmed,
      told: believed !== null,
      flapping,
    });
    found.set(Number(target), own);
  }
  return found;
}

export function readChannels(database: Database): ChannelStatus[] {
  return database.read(() => {
    const waiting = database
      .prepare(
        `SELECT recipient.channel, count(*) AS waiting FROM recipient LEFT JOIN delivery ON delivery.id = recipient.delivery
           WHERE recipient.delivery IS NULL OR delivery.state = 'waiting' GROUP BY recipient.channel`,
      )
      .all();
    const byChannel = new Map(waiting.map((row) => [String(row['channel']), Number(row['waiting'])]));
    const rows = database
      .prepare(
        `SELECT channel, sum(state = 'done') AS delivered, sum(state = 'given-up') AS given_up,
           max(CASE WHEN state = 'done' THEN ended_at END) AS last_at,
           (SELECT error FROM delivery AS failed WHERE failed.channel = delivery.channel AND error IS NOT NULL AND state <> 'done'
              ORDER BY made_at DESC LIMIT 1) AS last_error
         FROM delivery GROUP BY channel`,
      )
      .all();
    const known = new Map(rows.map((row) => [String(row['channel']), row]));
    return [...new Set([...known.keys(), ...byChannel.keys()])].sort().map((channel) => {
      const row = known.get(channel);
      return {
        channel,
        waiting: byChannel.get(channel) ?? 0,
        delivered: Number(row?.['delivered'] ?? 0),
        givenUp: Number(row?.['given_up'] ?? 0),
        lastDelivered: timeOf(row?.['last_at']),
        lastError: row?.['last_error'] == null ? null : String(row['last_error']),
      };
    });
  });
}

/** The latest first. Undefined where the target was never watched. */
export function readTargetHistory(
  database: Database,
  target: string,
  limit: number,
): HistoryEntry[] | undefined {
  return database.read(() => {
    const row = database.prepare('SELECT id FROM target WHERE text = ?').get(target);
    if (!row) return undefined;
    const id = Number(row['id']);
    const spans = database
      .prepare('SELECT * FROM span WHERE target = ? ORDER BY id DESC LIMIT ?')
      .all(id, limit);
    const changes = database
      .prepare('SELECT * FROM change WHERE target = ? ORDER BY id DESC LIMIT ?')
      .all(id, limit);
    const entries: HistoryEntry[] = [
      ...readTold(database, target, limit),
      ...spans.map(
        (span): HistoryEntry => ({
          kind: 'verdict',
          at: isoOf(span['first_at']),
          until: isoOf(span['last_at']),
          checks: Number(span['checks']),
          verdict: String(span['verdict']),
          summary: String(span['summary']),
          findings: findingsOf(span['findings']),
        }),
      ),
      ...changes.map(
        (change): HistoryEntry => ({
          kind: kindOf(change['kind']),
          at: isoOf(change['at']),
          severity: String(change['severity']),
          code: String(change['code']),
          subject: String(change['subject']),
          text: String(change['text']),
        }),
      ),
    ];
    return entries.sort((a, b) => b.at.localeCompare(a.at)).slice(0, limit);
  });
}

function readTold(database: Database, target: string, limit: number): HistoryEntry[] {
  const rows = database
    .prepare(
      `SELECT alert.alert, recipient.channel, delivery.state, attempts, ended_at, error FROM recipient
         JOIN alert ON alert.id = recipient.alert LEFT JOIN delivery ON delivery.id = recipient.delivery
         WHERE alert.alert ->> 'target' = ? ORDER BY alert.at DESC LIMIT ?`,
    )
    .all(target, limit);
  return rows.flatMap(({ alert, channel, state, attempts, ended_at, error }): HistoryEntry[] => {
    const parsed = alertSchema.safeParse(JSON.parse(String(alert)));
    if (!parsed.success) return [];
    const { at, kind, severity, code, subject } = parsed.data;
    return [
      {
        kind: 'told',
        at,
        channel: String(channel),
        what: kind,
        severity,
        code,
        subject,
        state: state === 'done' ? 'delivered' : state === 'given-up' ? 'given-up' : 'waiting',
        attempts: Number(attempts ?? 0),
        endedAt: timeOf(ended_at),
        error: error == null || state === 'done' ? null : String(error),
      },
    ];
  });
}

function kindOf(kind: unknown): 'raised' | 'worse' | 'resolved' {
  return kind === 'resolved' || kind === 'worse' ? kind : 'raised';
}

function findingsOf(text: unknown): readonly KeptFinding[] {
  const parsed = keptFindings.safeParse(JSON.parse(String(text)));
  return parsed.success ? parsed.data : [];
}

function timeOf(milliseconds: unknown): string | null {
  return typeof milliseconds === 'number' ? isoOf(milliseconds) : null;
}

function isoOf(milliseconds: unknown): string {
  return new Date(Number(milliseconds)).toISOString();
}
