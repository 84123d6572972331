/** What `watch` remembers. Each check is one transaction: its result, what follows from it, and what is to be told to whom. */
import { randomUUID } from 'node:crypto';
import type { Severity } from '@mailanchor/smtp';
import type { Database } from '../store/database.ts';
import { type Alert, alertOf } from './alert.ts';
import { type KeptFinding, problemSchema } from './alert-schema.ts';
import {
  isUnsettled,
  type Look,
  type Message,
  type ProblemPolicy,
  type ProblemState,
  step,
} from './problem.ts';

/** A check as the history keeps it. */
export interface CheckResult {
  readonly verdict: string;
  /** One sentence on the verdict. */
  readonly summary: string;
  readonly findings: readonly KeptFinding[];
  readonly durationMs: number;
}

/** How each problem looks now: those that are known, and those that are new. */
export type LookAtAll = (known: ReadonlyMap<string, ProblemState>) => ReadonlyMap<string, Look>;

export interface StoreOptions {
  /** Which channels are told of something of this severity. */
  readonly channels: (severity: Severity) => readonly string[];
  /** Default: a random UUID. */
  readonly newId?: () => string;
}

export interface Recorded {
  readonly alerts: readonly Alert[];
  /** Whether another look is wanted soon. */
  readonly unsettled: boolean;
  /** Confirmed problems, by severity. */
  readonly open: Readonly<Partial<Record<Severity, number>>>;
}

export class WatchStore {
  readonly #database: Database;
  readonly #newId: () => string;
  #channels: StoreOptions['channels'];

  constructor(database: Database, { channels, newId = randomUUID }: StoreOptions) {
    this.#database = database;
    this.#channels = channels;
    this.#newId = newId;
  }

  set channels(channels: StoreOptions['channels']) {
    this.#channels = channels;
  }

  /** The targets that are watched from now on. Problems of others are forgotten, and nobody is told of their end. */
  watch(targets: readonly string[]): Map<string, { id: number; nextAt: number | undefined }> {
    const add = this.#database.prepare(
      'INSERT INTO target (text) VALUES (?) ON CONFLICT (text) DO UPDATE SET watched = 1',
    );
    return this.#database.transaction(() => {
      this.#database.exec('UPDATE target SET watched = 0');
      for (const text of targets) add.run(text);
      this.#database.exec(
        `DELETE FROM problem WHERE target IN (SELECT id FROM target WHERE watched = 0);
         DELETE FROM signer WHERE target NOT IN (SELECT text FROM target WHERE watched = 1)`,
      );
      const rows = this.#database.prepare('SELECT id, text, next_at FROM target WHERE watched = 1').all();
      return new Map(
        rows.map(({ id, text, next_at }) => [
          String(text),
          { id: Number(id), nextAt: next_at === null ? undefined : Number(next_at) },
        ]),
      );
    });
  }

  /** `target`: its number. `result`: undefined where nobody could see anything. */
  record(
    target: { readonly id: number; readonly text: string },
    now: number,
    policy: ProblemPolicy,
    looks: LookAtAll,
    result: CheckResult | undefined,
  ): Recorded {
    return this.#database.transaction(() => {
      const known = this.#problems(target.id);
      const messages: Message[] = [];
      const states: ProblemState[] = [];
      for (const [key, look] of looks(known)) {
        const before = known.get(key);
        const { state, change, messages: told } = step(before, look, now, policy);
        if (state) states.push(state);
        messages.push(...told);
        this.#keepProblem(target.id, key, state, before);
        const seen = (state ?? before)?.seen;
        if (change && seen) this.#keepChange(target.id, now, change, seen);
      }
      if (result) this.#keepResult(target.id, now, result);
      return this.#outcome(target.text, now, messages, states);
    });
  }

  /** Time has passed: what was held back by quiet hours, and reminders. */
  tick(now: number, policyOf: (target: string) => ProblemPolicy | undefined): readonly Alert[] {
    const rows = this.#database.read(() =>
      this.#database
        .prepare('SELECT DISTINCT target.id, text FROM problem JOIN target ON target.id = problem.target')
        .all(),
    );
    return rows.flatMap(({ id, text }) => {
      const policy = policyOf(String(text));
      if (!policy) return [];
      const all: LookAtAll = (known) => new Map([...known.keys()].map((key) => [key, { kind: 'tick' }]));
      return this.record({ id: Number(id), text: String(text) }, now, policy, all, undefined).alerts;
    });
  }

  /** When the target is looked at next, for `watch status` and for a restart. */
  plan(target: number, nextAt: number): void {
    this.#database.transaction(() =>
      this.#database.prepare('UPDATE target SET next_at = ? WHERE id = ?').run(nextAt, target),
    );
  }

  /** Forgets what ended before `before`: history, alerts that are delivered or given up. */
  prune(before: number): void {
    this.#database.transaction(() => {
      const run = (sql: string) => this.#database.prepare(sql).run(before);
      run('DELETE FROM span WHERE last_at < ? AND id NOT IN (SELECT max(id) FROM span GROUP BY target)');
      run('DELETE FROM change WHERE at < ?');
      run(
        `DELETE FROM recipient WHERE delivery IN (SELECT id FROM delivery WHERE state <> 'waiting' AND ended_at < ?)`,
      );
      run(`DELETE FROM delivery WHERE state <> 'waiting' AND ended_at < ?`);
      run('DELETE FROM alert WHERE at < ? AND id NOT IN (SELECT alert FROM recipient)');
      this.#database.exec(
        `DELETE FROM target WHERE watched = 0 AND NOT EXISTS (SELECT 1 FROM span WHERE target = target.id)
           AND NOT EXISTS (SELECT 1 FROM change WHERE target = target.id)`,
      );
    });
  }

  #problems(target: number): Map<string, ProblemState> {
    const rows = this.#database.prepare('SELECT key, state FROM problem WHERE target = ?').all(target);
    return new Map(
      rows.flatMap(({ key, state }) => {
        const parsed = problemSchema.safeParse(JSON.parse(String(state)));
        return parsed.success ? [[String(key), parsed.data]] : [];
      }),
    );
  }

  #keepProblem(
    target: number,
    key: string,
    state: ProblemState | undefined,
    before: ProblemState | undefined,
  ): void {
    if (state) {
      this.#database
        .prepare(
          'INSERT INTO problem (target, key, state) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state',
        )
        .run(target, key, JSON.stringify(state));
    } else if (before) {
      this.#database.prepare('DELETE FROM problem WHERE target = ? AND key = ?').run(target, key);
    }
  }

  #keepChange(
    target: number,
    at: number,
    kind: string,
    { severity, code, subject, text }: ProblemState['seen'],
  ): void {
    this.#database
      .prepare(
        'INSERT INTO change (target, at, kind, severity, code, subject, text) VALUES (?, ?, ?, ?, ?, ?, ?)',
      )
      .run(target, at, kind, severity, code, subject, text);
  }

  #keepResult(target: number, now: number, { verdict, summary, findings, durationMs }: CheckResult): void {
    const kept = JSON.stringify(findings);
    const sameness = samenessOf(verdict, findings);
    const last = this.#database
      .prepare('SELECT id, sameness FROM span WHERE target = ? ORDER BY id DESC LIMIT 1')
      .get(target);
    if (last?.['sameness'] === sameness) {
      this.#database
        .prepare(
          'UPDATE span SET last_at = ?, checks = checks + 1, duration_ms = ?, summary = ?, findings = ? WHERE id = ?',
        )
        .run(now, durationMs, summary, kept, Number(last['id']));
    } else {
      this.#database
        .prepare(
          `INSERT INTO span (target, first_at, last_at, checks, verdict, summary, duration_ms, findings, sameness)
             VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?)`,
        )
        .run(target, now, now, verdict, summary, durationMs, kept, sameness);
    }
    this.#database
      .prepare('UPDATE target SET verdict = ?, checked_at = ? WHERE id = ?')
      .run(verdict, now, target);
  }

  #outcome(
    target: string,
    now: number,
    messages: readonly Message[],
    states: readonly ProblemState[],
  ): Recorded {
    const alerts = messages.map((message) => this.#keepAlert(target, now, message));
    const open: Partial<Record<Severity, number>> = {};
    for (const { confirmed, seen } of states) {
      if (confirmed) open[seen.severity] = (open[seen.severity] ?? 0) + 1;
    }
    return { alerts, unsettled: states.some(isUnsettled), open };
  }

  #keepAlert(target: string, now: number, message: Message): Alert {
    const alert = alertOf(message, { id: this.#newId(), target, now });
    this.#database
      .prepare('INSERT INTO alert (id, at, alert) VALUES (?, ?, ?)')
      .run(alert.id, now, JSON.stringify(alert));
    const address = this.#database.prepare('INSERT INTO recipient (alert, channel) VALUES (?, ?)');
    for (const channel of this.#channels(alert.severity)) address.run(alert.id, channel);
    return alert;
  }
}

function samenessOf(verdict: string, findings: readonly KeptFinding[]): string {
  const keys = findings.map(({ code, severity, subject }) => `${severity} ${code} ${subject}`);
  return [verdict, ...[...new Set(keys)].sort()].join('\n');
}
