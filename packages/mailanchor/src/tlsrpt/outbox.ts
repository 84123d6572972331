/**
 * What has to be sent, and what became of it. Each step is one transaction, so that a sender that is killed leaves every report and
 * every delivery in a state that says how far it came. A delivery under way is lent to one sender for a time; one whose time is over
 * goes to the next, marked as interrupted: whether it was received is then not known.
 */
import type { Database } from '../store/database.ts';

export interface DueDomain {
  readonly id: number;
  readonly day: number;
  readonly domain: string;
  /** Lookups that failed. */
  readonly attempts: number;
  readonly firstAt: number | undefined;
}

export interface DueDelivery {
  readonly id: number;
  readonly rua: string;
  /** This one included. */
  readonly attempts: number;
  readonly firstAt: number;
  readonly day: number;
  readonly domain: string;
  readonly reportId: string;
  readonly composedAt: number;
  /** Compressed by gzip. */
  readonly report: Uint8Array;
}

/** What becomes of a domain's day. */
export type Decided = { readonly id: number } & (
  | {
      readonly kind: 'report';
      readonly compose: () => { readonly reportId: string; readonly report: Uint8Array };
      readonly rua: readonly { readonly uri: string; readonly mailDomain: string }[];
    }
  /** No report: nobody wants it, or its record could not be looked up. */
  | { readonly kind: 'unwanted' | 'failed'; readonly text: string }
  /** The lookup of the record failed: again later. */
  | { readonly kind: 'later'; readonly firstAt: number; readonly nextAt: number; readonly text: string }
);

/** Which finished days' domains are due. */
export interface DueQuestion {
  /** Only days before this one. */
  readonly today: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds; 0: everything is due once its day is over. */
  readonly windowMs: number;
  /** Milliseconds after the last event of the domain, and after midnight. */
  readonly settleMs: number;
  readonly day?: number | undefined;
  readonly domain?: string | undefined;
  readonly limit: number;
}

const DAY_MS = 86_400_000;

export class Outbox {
  readonly #database: Database;
  readonly #due: ReturnType<Database['prepare']>;
  readonly #deciding: ReturnType<typeof decidingStatements>;

  constructor(database: Database) {
    this.#database = database;
    this.#deciding = decidingStatements(database);
    this.#due = database.prepare(
      `SELECT id, day, domain, attempts, first_at FROM domain
       WHERE state = 'counting' AND day < :today AND (:day IS NULL OR day = :day) AND (:domain IS NULL OR domain = :domain)
         AND (next_at IS NULL OR next_at <= :now) AND touched_at <= :now - :settle
         AND (day + 1) * ${DAY_MS} + :settle + spread * :window / 65536 <= :now
       ORDER BY day, spread LIMIT :limit`,
    );
  }

  dueDomains(question: DueQuestion): DueDomain[] {
    const { today, now, windowMs, settleMs, day, domain, limit } = question;
    return this.#database.read(() =>
      this.#due
        .all({
          today,
          now,
          window: windowMs,
          settle: settleMs,
          day: day ?? null,
          domain: domain ?? null,
          limit,
        })
        .map((row) => ({
          id: Number(row['id']),
          day: Number(row['day']),
          domain: String(row['domain']),
          attempts: Number(row['attempts']),
          firstAt: row['first_at'] === null ? undefined : Number(row['first_at']),
        })),
    );
  }

  /**
   * Writes what was decided of several domains, in one transaction: the disk is waited for once. `compose` reads the counts of a domain within it, and from
   * then on nothing is counted into them. Answers which were ours to decide: another sender may have been first.
   */
  decide(decided: readonly Decided[], now: number): boolean[] {
    return this.#database.transaction(() => decided.map((one) => this.#decideOne(one, now)));
  }

  #decideOne(one: Decided, now: number): boolean {
    const { close, postpone, freeze, address } = this.#deciding;
    switch (one.kind) {
      case 'unwanted':
      case 'failed':
        return close.run(one.kind, one.text, one.id).changes > 0;
      case 'later':
        return postpone.run(one.firstAt, one.nextAt, one.text, one.id).changes > 0;
      case 'report': {
        const { reportId, report } = one.compose();
        if (freeze.run(reportId, report, now, one.id).changes === 0) return false;
        for (const { uri, mailDomain } of one.rua) address.run(one.id, uri, mailDomain, now);
        return true;
      }
    }
  }

  /** Reports that were mailed to the domain on the day, by us. */
  mailedTo(domain: string, day: number): number {
    const statement = this.#database.prepare(
      `SELECT count(*) AS n FROM delivery WHERE mail_domain = ? AND state = 'sent' AND ended_at >= ? AND ended_at < ?`,
    );
    return this.#database.read(() => Number(statement.get(domain, day * DAY_MS, (day + 1) * DAY_MS)?.['n']));
  }

  /** Takes the delivery that has been due for longest, lent until `until`. */
  claim(
    now: number,
    until: number,
    only: { readonly day?: number | undefined; readonly domain?: string | undefined } = {},
  ): DueDelivery | undefined {
    const find = this.#database.prepare(
      `SELECT v.id, v.rua, v.state, v.attempts, v.first_at, d.day, d.domain, d.report_id, d.composed_at, d.report
       FROM delivery v JOIN domain d ON d.id = v.domain
       WHERE v.state IN ('due', 'sending') AND v.next_at <= :now AND (:day IS NULL OR d.day = :day) AND (:domain IS NULL OR d.domain = :domain)
       ORDER BY v.next_at LIMIT 1`,
    );
    const lend = this.#database.prepare(
      `UPDATE delivery SET state = 'sending', attempts = attempts + 1, first_at = ?, next_at = ?, interrupted = interrupted + ? WHERE id = ?`,
    );
    return this.#database.transaction(() => {
      const row = find.get({ now, day: only.day ?? null, domain: only.domain ?? null });
      if (!row) return undefined;
      const firstAt = row['first_at'] === null ? now : Number(row['first_at']);
      lend.run(firstAt, until, row['state'] === 'sending' ? 1 : 0, row['id'] ?? null);
      return {
        id: Number(row['id']),
        rua: String(row['rua']),
        attempts: Number(row['attempts']) + 1,
        firstAt,
        day: Number(row['day']),
        domain: String(row['domain']),
        reportId: String(row['report_id']),
        composedAt: Number(row['composed_at']),
        report: row['report'] as Uint8Array,
      };
    });
  }

  /** What came of a delivery that was claimed. */
  settle(
    id: number,
    now: number,
    outcome:
      | { readonly kind: 'sent' | 'failed'; readonly text: string }
      | {
          readonly kind: 'due';
          readonly text: string;
          readonly nextAt: number;
          readonly interrupted?: boolean;
        },
  ): void {
    const end = this.#database.prepare(
      'UPDATE delivery SET state = ?, text = ?, ended_at = ? WHERE id = ? RETURNING domain',
    );
    const later = this.#database.prepare(
      `UPDATE delivery SET state = 'due', text = ?, next_at = ?, interrupted = interrupted + ? WHERE id = ?`,
    );
    const close = this.#database.prepare(
      `UPDATE domain SET state = CASE WHEN EXISTS (SELECT 1 FROM delivery WHERE domain = :id AND state = 'sent') THEN 'sent' ELSE 'failed' END
       WHERE id = :id AND NOT EXISTS (SELECT 1 FROM delivery WHERE domain = :id AND state IN ('due', 'sending'))`,
    );
    this.#database.transaction(() => {
      if (outcome.kind === 'due') {
        later.run(outcome.text, outcome.nextAt, outcome.interrupted ? 1 : 0, id);
        return;
      }
      const domain = end.get(outcome.kind, outcome.text, now, id)?.['domain'];
      if (domain !== undefined) close.run({ id: domain });
    });
  }
}

function decidingStatements(database: Database) {
  const undecided = "WHERE id = ? AND state = 'counting'";
  return {
    close: database.prepare(`UPDATE domain SET state = ?, text = ? ${undecided}`),
    postpone: database.prepare(
      `UPDATE domain SET attempts = attempts + 1, first_at = ?, next_at = ?, text = ? ${undecided}`,
    ),
    freeze: database.prepare(
      `UPDATE domain SET state = 'open', text = '', report_id = ?, report = ?, composed_at = ? ${undecided}`,
    ),
    address: database.prepare(
      'INSERT INTO delivery (domain, rua, mail_domain, next_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
  };
}
