/**
 * Lines of a log into counts: what the log says, what the domains ask for, and how far the log has been read, written together. Whatever kills
 * the process, the next run goes on at the last position that was written, with what was not settled there: nothing is lost, and nothing is
 * counted twice.
 */
import type { TlsRptEvent } from '@mailanchor/smtp';
import type { Log } from '../resolver-service/log.ts';
import { dayOf } from '../tlsrpt/day.ts';
import { readPosition, writePosition, writeUnclear } from '../tlsrpt/source-position.ts';
import type { TlsRptStore } from '../tlsrpt/store.ts';
import type { CollectCounts } from './counts.ts';
import type { PolicyLookup } from './policy-lookup.ts';
import { type LoggedSession, PostfixLog, type PostfixLogState } from './postfix-log.ts';
import { type Decided, sessionEvent } from './session-event.ts';
import { untilWritten } from './until-written.ts';

export interface LogIntakeOptions {
  readonly store: TlsRptStore;
  /** Of the source, in the store. Undefined: it has no position, and what is not settled at the end is forgotten. */
  readonly name: string | undefined;
  readonly policies: Pick<PolicyLookup, 'find'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly counts: CollectCounts;
  readonly log: Log;
  readonly signal: AbortSignal;
}

interface Kept {
  readonly position: unknown;
  readonly state: PostfixLogState;
}

/** Domains looked up at a time. */
const LOOKUPS = 64;

export class LogIntake {
  readonly #options: LogIntakeOptions;
  readonly #postfix: PostfixLog;
  /** Where the source goes on; undefined: from the beginning. */
  readonly position: unknown;
  #sessions: LoggedSession[] = [];
  #unclear: Record<string, number> = {};

  /** Throws `DatabaseError`. */
  constructor(options: LogIntakeOptions) {
    this.#options = options;
    const { store, name } = options;
    const kept = (name === undefined ? undefined : readPosition(store.database, name)) as Kept | undefined;
    this.position = kept?.position;
    this.#postfix = new PostfixLog(
      {
        session: (session) => this.#sessions.push(session),
        unclear: (reason) => this.#doubt(reason),
      },
      kept?.state,
    );
  }

  #doubt(reason: string): void {
    this.#unclear[reason] = (this.#unclear[reason] ?? 0) + 1;
  }

  /** Resolves once they are counted, and `position` is on the disk. Rejects where the signal aborts: then they are not. */
  async take(lines: readonly string[], position: unknown): Promise<void> {
    const { counts, signal } = this.#options;
    const now = this.#options.clock();
    signal.throwIfAborted();
    for (const line of lines) if (this.#postfix.line(line, now)) counts.logLines++;
    const decided = await this.#decide(this.#sessions);
    const events: TlsRptEvent[] = [];
    for (const one of decided) {
      if (one.kind === 'event') events.push(one.event);
      else this.#doubt(one.reason);
    }
    await this.#write(events, this.#unclear, { position, state: this.#postfix.state() });
    counts.count(events, this.#unclear);
    this.#sessions = [];
    this.#unclear = {};
  }

  /** In order; the domains at the same time, within reason. */
  async #decide(sessions: readonly LoggedSession[]): Promise<Decided[]> {
    const decided: Decided[] = [];
    let next = 0;
    const work = async () => {
      while (next < sessions.length) {
        const at = next++;
        const session = sessions[at]!;
        decided[at] = sessionEvent(session, await this.#options.policies.find(session.domain, session.host));
      }
    };
    await Promise.all(Array.from({ length: Math.min(LOOKUPS, sessions.length) }, work));
    return decided;
  }

  /** A disk that is full holds the reading up; the log keeps the lines meanwhile. */
  async #write(
    events: readonly TlsRptEvent[],
    unclear: Readonly<Record<string, number>>,
    kept: Kept,
  ): Promise<void> {
    const { store, name, log, signal, counts } = this.#options;
    const day = dayOf(this.#options.clock());
    const write = () =>
      store.addTogether(events, (database) => {
        if (name !== undefined) writePosition(database, name, kept);
        writeUnclear(database, day, unclear);
      });
    const answers = await untilWritten(write, log, signal);
    counts.late += answers.filter((answer) => answer === 'wrong-day').length;
  }
}
