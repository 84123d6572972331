/**
 * Counts of delivery decisions, for TLS reports (rfc8460). An event's promise resolves once the event is on the disk: whoever was told
 * so may forget it, whatever kills the process or the machine's power. Events that come together are written together, so that the
 * disk is waited for once for all of them. Several processes may write to one file.
 */
import { readTlsRptEvent, type TlsRptEvent, type TlsRptSink } from '@mailanchor/smtp';
import { MailanchorError, messageOf } from '../errors.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { type Counting, EventCounter } from './count-events.ts';
import { dayOf } from './day.ts';
import { TLSRPT_DATABASE } from './schema.ts';
import { LATE_DAYS, REMEMBERED_DAYS, STORE_LIMITS, type StoreLimits } from './store-limits.ts';

/** Of `TlsRptStore.add`; database errors are `DatabaseError`. The event has not been counted. */
export class TlsRptStoreError extends MailanchorError {
  /**
   * - `tlsrpt-bad-event`: it cannot be counted; the same will happen again
   * - `tlsrpt-wrong-day`: of a day that is closed, or far in the future
   * - `tlsrpt-overload`: too many wait for the disk; try again
   * - `tlsrpt-closed`
   */
  declare readonly code: 'tlsrpt-bad-event' | 'tlsrpt-wrong-day' | 'tlsrpt-overload' | 'tlsrpt-closed';
}

export interface TlsRptStoreOptions {
  readonly limits?: Partial<StoreLimits>;
  /** Milliseconds since the epoch. Default Date.now. */
  readonly clock?: () => number;
  /** Milliseconds to wait while another process writes. Default 5000. */
  readonly busyMs?: number;
  /** Milliseconds for which events are gathered before they are written. Default 2. */
  readonly gatherMs?: number;
}

/** Since the store was opened, by this process. */
export interface TlsRptStoreCounts {
  readonly counted: number;
  readonly known: number;
  readonly beyond: number;
  readonly refused: number;
  /** Events that could not be written. */
  readonly failed: number;
  readonly commits: number;
  readonly waiting: number;
  /** Of the last write that failed, until one succeeds. */
  readonly problem: string | undefined;
}

/** What becomes of an event that is taken. */
export type Counted = Exclude<Counting, 'wrong-day'>;

interface Waiting {
  readonly event: TlsRptEvent;
  readonly resolve: (counting: Counted) => void;
  readonly reject: (error: unknown) => void;
}

/** Most events of one transaction: bounds how long it holds the event loop and the file. */
const MAX_BATCH = 2_000;

/** Opens the file, or makes it. Throws `DatabaseError`. */
export function openTlsRptStore(path: string, options: TlsRptStoreOptions = {}): TlsRptStore {
  const database = openDatabase(path, TLSRPT_DATABASE, { busyMs: options.busyMs ?? 5000 });
  try {
    return new TlsRptStore(database, options);
  } catch (error) {
    database.close();
    throw error;
  }
}

export class TlsRptStore {
  readonly database: Database;
  readonly #counter: EventCounter;
  readonly #clock: () => number;
  readonly #gatherMs: number;
  readonly #maxWaiting: number;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #counts = { counted: 0, known: 0, beyond: 0, refused: 0, failed: 0, commits: 0 };
  #problem: string | undefined;

  constructor(database: Database, options: TlsRptStoreOptions = {}) {
    const limits = { ...STORE_LIMITS, ...options.limits };
    this.database = database;
    this.#counter = new EventCounter(database, limits);
    const { clock = Date.now } = options;
    // The file holds whole milliseconds.
    this.#clock = () => Math.trunc(clock());
    this.#gatherMs = options.gatherMs ?? 2;
    this.#maxWaiting = limits.waiting;
  }

  /** As a sink of `@mailanchor/smtp`. */
  get sink(): TlsRptSink {
    return async (event) => {
      await this.add(event);
    };
  }

  get counts(): TlsRptStoreCounts {
    return { ...this.#counts, waiting: this.#waiting.length, problem: this.#problem };
  }

  /** Resolves once the event is durable. Rejects with `TlsRptStoreError` or `DatabaseError`: then it is not counted. */
  async add(given: TlsRptEvent): Promise<Counted> {
    const read = readTlsRptEvent(given);
    if (read.kind === 'invalid') throw this.#refused('tlsrpt-bad-event', read.text);
    if (this.#closed) throw this.#refused('tlsrpt-closed', 'the store is closed');
    if (this.#waiting.length >= this.#maxWaiting) {
      throw this.#refused('tlsrpt-overload', 'too many events wait for the disk');
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ event: read.event, resolve, reject });
      this.#timer ??= setTimeout(() => this.#write(), this.#gatherMs);
    });
  }

  /**
   * Counts all of them and writes what `also` writes, in one transaction: how far a log has been read, say, with what was read there. It is
   * on the disk when this returns. Answers in the order of `events`; what cannot be counted is left out and does not stop the others.
   * Throws `DatabaseError`, or what `also` throws: then nothing has been written.
   */
  addTogether(
    given: readonly TlsRptEvent[],
    also: (database: Database) => void,
  ): readonly (Counting | 'bad-event')[] {
    if (this.#closed) throw this.#refused('tlsrpt-closed', 'the store is closed');
    const read = given.map(readTlsRptEvent);
    const events = read.flatMap((one) => (one.kind === 'event' ? [one.event] : []));
    try {
      const counted = this.database.transaction(() => {
        const answers = this.#counter.count(events, this.#clock());
        also(this.database);
        return answers;
      });
      this.#counts.commits++;
      this.#problem = undefined;
      let at = 0;
      const answers = read.map((one) => (one.kind === 'event' ? counted[at++]! : 'bad-event'));
      for (const answer of answers)
        this.#counts[answer === 'bad-event' || answer === 'wrong-day' ? 'refused' : answer]++;
      return answers;
    } catch (error) {
      this.#counts.failed += events.length;
      this.#problem = messageOf(error);
      throw error;
    }
  }

  /** Writes what waits, now. What cannot be written is told to whoever added it. */
  flush(): void {
    while (this.#waiting.length > 0) this.#write();
  }

  /** Writes what waits, and closes the file. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.flush();
    this.database.close();
  }

  /** Forgets days before the last `retentionDays`, with their reports. Answers how many domains' days that were. */
  prune(retentionDays: number): number {
    const today = dayOf(this.#clock());
    return this.database.transaction(() => {
      const before = today - Math.max(retentionDays, LATE_DAYS);
      this.database.prepare('DELETE FROM told WHERE day < ?').run(today - REMEMBERED_DAYS);
      this.database.prepare('DELETE FROM day WHERE day < ?').run(before);
      this.database.prepare('DELETE FROM unclear WHERE day < ?').run(before);
      // A little at a time: readers and writers wait meanwhile.
      const remove = this.database.prepare(
        'DELETE FROM domain WHERE id IN (SELECT id FROM domain WHERE day < ? LIMIT 10000)',
      );
      return Number(remove.run(before).changes);
    });
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting.splice(0, MAX_BATCH);
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#write(), 0);
    if (batch.length === 0) return;
    try {
      const events = batch.map(({ event }) => event);
      const answers = this.database.transaction(() => this.#counter.count(events, this.#clock()));
      this.#counts.commits++;
      this.#problem = undefined;
      for (const [i, answer] of answers.entries()) this.#answer(batch[i]!, answer);
    } catch (error) {
      this.#counts.failed += batch.length;
      this.#problem = messageOf(error);
      for (const { reject } of batch) reject(error);
    }
  }

  #answer({ event, resolve, reject }: Waiting, answer: Counting): void {
    if (answer === 'wrong-day') {
      const at = new Date(event.at).toISOString();
      reject(
        this.#refused(
          'tlsrpt-wrong-day',
          `one of ${at} is told more than ${LATE_DAYS} days after, or before it`,
        ),
      );
      return;
    }
    this.#counts[answer]++;
    resolve(answer);
  }

  #refused(code: TlsRptStoreError['code'], text: string): TlsRptStoreError {
    this.#counts.refused++;
    return new TlsRptStoreError(code, `TLS report event: ${text}`);
  }
}
