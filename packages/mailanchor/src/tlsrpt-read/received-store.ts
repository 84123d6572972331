/** Reports that others sent, each once, bounded. A report is on the disk when `add` returns. */
import { createHash } from 'node:crypto';
import type { TlsRptReport } from '@mailanchor/smtp';
import { type Database, openDatabase } from '../store/database.ts';
import { RECEIVED_DATABASE } from './received-schema.ts';

export interface ReceivedReport {
  readonly report: TlsRptReport;
  /** What is not as the RFC has it. */
  readonly notes: readonly string[];
  readonly source: 'mail' | 'https' | 'file';
  /** In words: the domain that signed, or why there is no signature. */
  readonly signature: string;
  readonly trusted: boolean;
}

/** `known`: the same report has been stored before. `full`: more came today than is stored of one day. */
export type Stored = 'stored' | 'known' | 'full';

/** Reports of 24 hours that are stored. */
export const REPORTS_A_DAY = 100_000;

const DAY_MS = 86_400_000;

/** Throws `DatabaseError`. */
export function openReceived(
  path: string,
  options: { readonly readOnly?: boolean; readonly reportsADay?: number; readonly clock?: () => number } = {},
): ReceivedStore {
  const readOnly = options.readOnly ?? false;
  return new ReceivedStore(openDatabase(path, RECEIVED_DATABASE, { readOnly }), options);
}

export class ReceivedStore {
  readonly database: Database;
  readonly #reportsADay: number;
  readonly #clock: () => number;

  constructor(
    database: Database,
    options: { readonly reportsADay?: number; readonly clock?: () => number } = {},
  ) {
    this.database = database;
    this.#reportsADay = options.reportsADay ?? REPORTS_A_DAY;
    this.#clock = options.clock ?? Date.now;
  }

  /** Throws `DatabaseError`: then nothing is stored. */
  add(received: ReceivedReport): Stored {
    return this.database.transaction(() => {
      const now = this.#clock();
      const { report } = received;
      if (this.#isFull(now)) return 'full';
      const id = this.#insertReport(received, now);
      if (id === undefined) return 'known';
      const policy = this.database.prepare('INSERT INTO policy VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)');
      const failure = this.database.prepare('INSERT INTO failure VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
      for (const { policy: applied, successes, failures, details } of report.policies) {
        const lists = [JSON.stringify(applied.strings), JSON.stringify(applied.mxHosts)];
        const { lastInsertRowid } = policy.run(
          id,
          applied.type,
          applied.domain,
          ...lists,
          successes,
          failures,
        );
        for (const one of details)
          failure.run(
            lastInsertRowid,
            one.resultType,
            ...[one.receivingMxHostname ?? '', one.receivingMxHelo ?? '', one.receivingIp ?? ''],
            ...[one.sendingMtaIp ?? '', one.reasonCode ?? '', one.additionalInformation ?? ''],
            one.sessions,
          );
      }
      return 'stored';
    });
  }

  #isFull(now: number): boolean {
    const count = this.database.prepare('SELECT count(*) AS reports FROM report WHERE received_at >= ?');
    return Number(count.get(now - DAY_MS)?.['reports']) >= this.#reportsADay;
  }

  /** Its id; undefined where it is there already. */
  #insertReport(
    { report, notes, source, signature, trusted }: ReceivedReport,
    now: number,
  ): number | bigint | undefined {
    const { changes, lastInsertRowid } = this.database
      .prepare(
        'INSERT INTO report VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key, trusted) DO NOTHING',
      )
      .run(
        keyOf(report),
        trusted ? 1 : 0,
        report.organizationName,
        report.contactInfo,
        report.reportId,
        ...[report.start, report.end],
        source,
        signature,
        now,
        JSON.stringify(notes),
      );
    return changes === 0 ? undefined : lastInsertRowid;
  }

  /** Of a Maildir: names that have not been seen before. */
  unseen(names: readonly string[]): readonly string[] {
    return this.database.read(() => {
      const known = this.database.prepare('SELECT 1 FROM seen WHERE name = ?');
      return names.filter((name) => known.get(name) === undefined);
    });
  }

  see(name: string): void {
    this.database.transaction(() =>
      this.database.prepare('INSERT INTO seen VALUES (?, ?) ON CONFLICT DO NOTHING').run(name, this.#clock()),
    );
  }

  /** Forgets reports of days before the last so many. Answers their number. */
  prune(days: number): number {
    const before = this.#clock() - days * DAY_MS;
    return this.database.transaction(() => {
      // A name that is still in the Maildir then is read once more, and its report is too old to be stored again.
      this.database.prepare('DELETE FROM seen WHERE at < ?').run(before - 30 * DAY_MS);
      const remove = this.database.prepare(
        'DELETE FROM report WHERE id IN (SELECT id FROM report WHERE start_at < ? LIMIT 10000)',
      );
      return Number(remove.run(before).changes);
    });
  }

  close(): void {
    this.database.close();
  }
}

/** What makes a report the same one: reporter, id, day, domains. Without an id its counts do. */
function keyOf(report: TlsRptReport): Uint8Array {
  const { organizationName, reportId, start, policies } = report;
  const domains = [...new Set(policies.map(({ policy }) => policy.domain))].sort();
  const what = reportId === '' ? policies : reportId;
  const text = JSON.stringify([organizationName.toLowerCase(), what, start, domains]);
  return createHash('sha256').update(text).digest().subarray(0, 16);
}
