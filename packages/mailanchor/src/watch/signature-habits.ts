/**
 * When a signer renews the signatures of its zone: some three weeks before their end, some two days. Days ahead that fit all would be
 * false alarms or come too late; `watch`, which remembers, knows what is usual for each zone, and tells what is not.
 */
import type { Database } from '../store/database.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Days ahead for a zone whose signer has not been seen at work, and the least for any. */
const LEAST_DAYS = 3;
/** Days of grace before a signer counts as late. */
const GRACE_DAYS = 1;

export class SignatureHabits {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A check of the target has seen when the first signature of the zone ends. Times in milliseconds since the epoch. */
  saw(target: string, zone: string, signedUntil: number, now: number): void {
    const before = this.#known(target, zone);
    // Nothing new: to know of it to the hour is enough.
    if (before?.signedUntil === signedUntil && Math.abs(now - before.seenAt) < HOUR_MS) return;
    const left = leastLeft(before, signedUntil);
    this.#database.transaction(() =>
      this.#database
        .prepare(
          `INSERT INTO signer (target, zone, signed_until, seen_at, least_left_ms) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET signed_until = excluded.signed_until, seen_at = excluded.seen_at,
               least_left_ms = excluded.least_left_ms`,
        )
        .run(target, zone, signedUntil, now, left ?? null),
    );
  }

  /** Days before the end of the zone's signatures from which that is told; at most `days`. */
  daysAhead(target: string, zone: string, days: number): number {
    return daysAhead(this.#known(target, zone)?.leastLeftMs, days);
  }

  #known(target: string, zone: string): Before | undefined {
    const row = this.#database.read(() =>
      this.#database
        .prepare('SELECT signed_until, seen_at, least_left_ms FROM signer WHERE target = ? AND zone = ?')
        .get(target, zone),
    );
    return (
      row && {
        signedUntil: Number(row['signed_until']),
        seenAt: Number(row['seen_at']),
        leastLeftMs: row['least_left_ms'] === null ? undefined : Number(row['least_left_ms']),
      }
    );
  }
}

interface Before {
  readonly signedUntil: number;
  readonly seenAt: number;
  readonly leastLeftMs: number | undefined;
}

/** What was left at the latest when signatures were renewed; undefined where that has not been seen yet. */
export function leastLeft(before: Before | undefined, signedUntil: number): number | undefined {
  if (!before || signedUntil <= before.signedUntil) return before?.leastLeftMs;
  const left = before.signedUntil - before.seenAt;
  // Those that had ended were no habit.
  if (left <= 0) return before.leastLeftMs;
  return Math.min(left, before.leastLeftMs ?? Number.POSITIVE_INFINITY);
}

export function daysAhead(leastLeftMs: number | undefined, days: number): number {
  if (leastLeftMs === undefined) return Math.min(days, LEAST_DAYS);
  return Math.min(days, Math.max(LEAST_DAYS, leastLeftMs / DAY_MS - GRACE_DAYS));
}
