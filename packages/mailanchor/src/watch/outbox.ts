/** What waits to be delivered: alerts are gathered into messages, a message is tried until it is taken, or given up after days. */
import { randomUUID } from 'node:crypto';
import type { Database } from '../store/database.ts';
import type { Alert } from './alert.ts';
import { alertSchema } from './alert-schema.ts';

export interface Delivery {
  /** The same at every attempt: whoever receives it twice can tell. */
  readonly id: string;
  readonly madeAt: number;
  /** How often it was tried. */
  readonly attempts: number;
  readonly alerts: readonly Alert[];
}

/** Alerts of one message. */
const MAX_ALERTS = 100;

export class Outbox {
  readonly #database: Database;
  readonly #newId: () => string;

  constructor(database: Database, newId: () => string = randomUUID) {
    this.#database = database;
    this.#newId = newId;
  }

  /**
   * Makes a message of the alerts that wait for the channel, if the first of them has waited for `groupMs`: what comes with it is told with it.
   * Says when to look again; undefined where nothing waits.
   */
  gather(channel: string, now: number, groupMs: number): number | undefined {
    return this.#database.transaction(() => {
      for (let made = 0; ; made++) {
        const rows = this.#database
          .prepare(
            `SELECT alert.id, alert.at FROM recipient JOIN alert ON alert.id = recipient.alert
               WHERE channel = ? AND delivery IS NULL ORDER BY alert.at, alert.id LIMIT ${MAX_ALERTS}`,
          )
          .all(channel);
        const [first] = rows;
        if (!first) return undefined;
        const ready = Number(first['at']) + groupMs;
        // A clock that was set back holds nothing up for longer.
        if (now < ready && ready <= now + groupMs) return ready;
        const delivery = this.#newId();
        this.#database
          .prepare('INSERT INTO delivery (id, channel, made_at, next_at) VALUES (?, ?, ?, ?)')
          // The order in which they are made is that in which they go.
          .run(delivery, channel, now + made, now);
        const assign = this.#database.prepare(
          'UPDATE recipient SET delivery = ? WHERE alert = ? AND channel = ?',
        );
        for (const { id } of rows) assign.run(delivery, id ?? null, channel);
      }
    });
  }

  /** The message that is due; else when one will be, undefined where there is none. */
  due(channel: string, now: number): Delivery | { readonly at: number } | undefined {
    return this.#database.read(() => {
      const row = this.#database
        .prepare(
          `SELECT id, made_at, attempts, next_at FROM delivery
             WHERE channel = ? AND state = 'waiting' ORDER BY next_at, made_at LIMIT 1`,
        )
        .get(channel);
      if (!row) return undefined;
      const id = String(row['id']);
      const at = Number(row['next_at']);
      if (at > now) return { at };
      const alerts = this.#database
        .prepare(
          `SELECT alert FROM alert WHERE id IN (SELECT alert FROM recipient WHERE delivery = ?) ORDER BY at, id`,
        )
        .all(id);
      return {
        id,
        madeAt: Number(row['made_at']),
        attempts: Number(row['attempts']),
        alerts: alerts.flatMap(({ alert }) => {
          const parsed = alertSchema.safeParse(JSON.parse(String(alert)));
          return parsed.success ? [parsed.data] : [];
        }),
      };
    });
  }

  /** What waits for another attempt is due now: somebody has started us anew, or changed the settings, and may have mended it. */
  hurry(channel: string, now: number): void {
    this.#database.transaction(() =>
      this.#database
        .prepare("UPDATE delivery SET next_at = ? WHERE channel = ? AND state = 'waiting' AND next_at > ?")
        .run(now, channel, now),
    );
  }

  done(id: string, now: number): void {
    this.#end(id, 'done', now, null);
  }

  giveUp(id: string, now: number, error: string): void {
    this.#end(id, 'given-up', now, error);
  }

  retry(id: string, nextAt: number, error: string): void {
    this.#database.transaction(() =>
      this.#database
        .prepare('UPDATE delivery SET attempts = attempts + 1, next_at = ?, error = ? WHERE id = ?')
        .run(nextAt, error, id),
    );
  }

  /** Whatever waits for channels that are no more is given up. Says how many messages and alerts that were. */
  dropOthers(channels: readonly string[], now: number): number {
    return this.#database.transaction(() => {
      const marks = channels.map(() => '?').join(', ');
      const waiting = this.#database
        .prepare(
          `UPDATE delivery SET state = 'given-up', next_at = NULL, ended_at = ?, error = 'the channel is no more'
             WHERE state = 'waiting' AND channel NOT IN (${marks})`,
        )
        .run(now, ...channels);
      const unmade = this.#database
        .prepare(`DELETE FROM recipient WHERE delivery IS NULL AND channel NOT IN (${marks})`)
        .run(...channels);
      return Number(waiting.changes) + Number(unmade.changes);
    });
  }

  /** Alerts that wait, and since when the first of them does, for each channel. */
  waiting(): ReadonlyMap<string, { readonly alerts: number; readonly since: number }> {
    return this.#database.read(() => {
      const rows = this.#database
        .prepare(
          `SELECT recipient.channel, count(*) AS alerts, min(alert.at) AS since FROM recipient
             JOIN alert ON alert.id = recipient.alert LEFT JOIN delivery ON delivery.id = recipient.delivery
             WHERE recipient.delivery IS NULL OR delivery.state = 'waiting' GROUP BY recipient.channel`,
        )
        .all();
      return new Map(
        rows.map(({ channel, alerts, since }) => [
          String(channel),
          { alerts: Number(alerts), since: Number(since) },
        ]),
      );
    });
  }

  #end(id: string, state: 'done' | 'given-up', now: number, error: string | null): void {
    this.#database.transaction(() =>
      this.#database
        .prepare(
          'UPDATE delivery SET state = ?, attempts = attempts + 1, next_at = NULL, ended_at = ?, error = ? WHERE id = ?',
        )
        .run(state, now, error, id),
    );
  }
}
