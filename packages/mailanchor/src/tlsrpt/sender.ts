/**
 * Composes and sends what is due. For each finished day and recipient domain: its `_smtp._tls` record is looked up, the report composed and
 * frozen, and sent to every address of the record. A round may be stopped at any point and leaves nothing undefined: what was under way is
 * taken up by the next.
 */
import { mailtoAddress, type TlsRptReportJson } from '@mailanchor/smtp';
import { messageOf } from '../errors.ts';
import type { Log } from '../resolver-service/log.ts';
import { compressed, newReportId, reportOf, type Submitter } from './compose.ts';
import { readCounts } from './counts.ts';
import { dayOf, dayText } from './day.ts';
import { type Decision, type DecisionOptions, decide } from './decide.ts';
import type { Delivered } from './deliver.ts';
import { type Decided, type DueDelivery, type DueDomain, Outbox } from './outbox.ts';
import { nextTry } from './retry.ts';

export interface SenderOptions extends DecisionOptions {
  readonly submitter: Submitter;
  readonly deliver: (due: DueDelivery, signal: AbortSignal) => Promise<Delivered>;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** 0 to 1. Default Math.random. */
  readonly random?: () => number;
  /** Where a service goes on counting with other settings. */
  readonly counts?: SenderCounts;
}

export interface Round {
  /** Milliseconds over which a day's reports are spread after midnight; 0: all at once. */
  readonly windowMs: number;
  /** Milliseconds that late events are waited for. */
  readonly settleMs: number;
  readonly day?: number | undefined;
  readonly domain?: string | undefined;
  /** Begins nothing more once it aborts. */
  readonly signal: AbortSignal;
  /** Breaks off what is under way. Default: `signal`. */
  readonly hard?: AbortSignal | undefined;
}

export interface SenderCounts {
  composed: number;
  unwanted: number;
  lookupsFailed: number;
  sentByMail: number;
  sentByHttps: number;
  retried: number;
  failed: number;
  /** Given back in the middle, since we were stopped. */
  interrupted: number;
}

export function newSenderCounts(): SenderCounts {
  return {
    composed: 0,
    unwanted: 0,
    lookupsFailed: 0,
    sentByMail: 0,
    sentByHttps: 0,
    retried: 0,
    failed: 0,
    interrupted: 0,
  };
}

interface Pending {
  readonly due: DueDomain;
  readonly decision: Decision;
}

/** One domain as a dry run shows it. */
export interface Planned {
  readonly day: number;
  readonly domain: string;
  readonly decision: Decision;
  readonly report: TlsRptReportJson;
}

const LOOKUPS = 20;
const DELIVERIES = 6;
const BATCH = 200;
/** Milliseconds for which a delivery is lent to us: longer than it can take. */
const LENT_MS = 600_000;

export class ReportSender {
  readonly counts: SenderCounts;
  readonly #options: SenderOptions;
  readonly #outbox: Outbox;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.counts = options.counts ?? newSenderCounts();
    this.#outbox = new Outbox(options.database);
  }

  /** All that is due now. Returns early where the signal aborts; rejects with `DatabaseError`. */
  async round(round: Round): Promise<void> {
    try {
      for (;;) {
        const due = this.#due(round);
        if (due.length === 0) break;
        const decided: Pending[] = [];
        await each(due, LOOKUPS, async (one) => {
          decided.push({ due: one, decision: await decide(one, this.#outbox, this.#options, round.signal) });
        });
        this.#write(decided);
      }
      await each(this.#claims(round), DELIVERIES, async (delivery) =>
        this.#send(delivery, round.hard ?? round.signal),
      );
    } catch (error) {
      if (!round.signal.aborted) throw error;
    }
  }

  /** What a round would do, without a trace in the file. Rejects when the signal aborts. */
  async *plan(round: Round): AsyncGenerator<Planned> {
    const { database, submitter } = this.#options;
    for (const due of this.#due(round, Number.MAX_SAFE_INTEGER)) {
      const { id, day, domain } = due;
      const decision = await decide(due, this.#outbox, this.#options, round.signal);
      const report = reportOf(day, newReportId(day, domain, submitter), submitter, readCounts(database, id));
      yield { day, domain, decision, report };
    }
  }

  /** The file holds whole milliseconds. */
  #now(): number {
    return Math.trunc(this.#options.clock());
  }

  #due({ windowMs, settleMs, day, domain }: Round, limit = BATCH): DueDomain[] {
    const now = this.#now();
    return this.#outbox.dueDomains({ today: dayOf(now), now, windowMs, settleMs, day, domain, limit });
  }

  *#claims({ day, domain, signal }: Round): Generator<DueDelivery> {
    while (!signal.aborted) {
      const now = this.#now();
      const delivery = this.#outbox.claim(now, now + LENT_MS, { day, domain });
      if (!delivery) return;
      yield delivery;
    }
  }

  #write(pending: readonly Pending[]): void {
    const now = this.#now();
    const decided = pending.map((one) => this.#decided(one, now));
    const ours = this.#outbox.decide(decided, now);
    for (const [i, { due, decision }] of pending.entries()) {
      if (ours[i]) this.#tell(due, decision, decided[i]!);
    }
  }

  #decided({ due, decision }: Pending, now: number): Decided {
    const { id, day, domain, attempts } = due;
    if (decision.kind === 'unwanted') return { id, ...decision };
    if (decision.kind === 'report') {
      const { database, submitter } = this.#options;
      const reportId = newReportId(day, domain, submitter);
      const compose = () => ({
        reportId,
        report: compressed(reportOf(day, reportId, submitter, readCounts(database, id))),
      });
      const rua = decision.rua.map((uri) => ({ uri, mailDomain: mailDomainOf(uri) }));
      return { id, kind: 'report', compose, rua };
    }
    const firstAt = due.firstAt ?? now;
    const nextAt = nextTry(attempts + 1, firstAt, now, { chance: this.#chance() });
    const text = `_smtp._tls.${domain} cannot be looked up: ${decision.text}`;
    return nextAt === undefined ? { id, kind: 'failed', text } : { id, kind: 'later', firstAt, nextAt, text };
  }

  #tell({ day, domain }: DueDomain, decision: Decision, decided: Decided): void {
    const { log } = this.#options;
    const fields = { domain, day: dayText(day) };
    if (decision.kind === 'unwanted') this.counts.unwanted++;
    else if (decision.kind === 'report') {
      this.counts.composed++;
      log.event(
        'composed',
        `report on ${domain} of ${fields.day} composed, for ${decision.rua.join(', ')}`,
        fields,
      );
    } else {
      this.counts.lookupsFailed++;
      if (decided.kind !== 'failed') return;
      this.counts.failed++;
      log.problem('lookup', `no report on ${domain} of ${fields.day}: ${decided.text}`, fields);
    }
  }

  #chance(): number {
    return (this.#options.random ?? Math.random)();
  }

  async #send(due: DueDelivery, signal: AbortSignal): Promise<void> {
    const { deliver } = this.#options;
    let outcome: Delivered;
    try {
      outcome = await deliver(due, signal);
    } catch (error) {
      if (!signal.aborted) return this.#settle(due, { kind: 'failed', text: messageOf(error), again: true });
      this.counts.interrupted++;
      const text = 'stopped in the middle: whether it was received is not known';
      const now = this.#now();
      return this.#outbox.settle(due.id, now, { kind: 'due', text, nextAt: now, interrupted: true });
    }
    this.#settle(due, outcome);
  }

  #settle(due: DueDelivery, outcome: Delivered): void {
    const { log } = this.#options;
    const now = this.#now();
    const fields = { domain: due.domain, day: dayText(due.day), to: due.rua, report: due.reportId };
    const what = `report on ${due.domain} of ${fields.day} to ${due.rua}`;
    if (outcome.kind === 'sent') {
      this.#outbox.settle(due.id, now, outcome);
      if (mailtoAddress(due.rua) === undefined) this.counts.sentByHttps++;
      else this.counts.sentByMail++;
      log.event('sent', `${what} sent: ${outcome.text}`, fields);
      return;
    }
    const { text, again, retryAfterMs = 0 } = outcome;
    const wait = { chance: this.#chance(), atLeastMs: retryAfterMs };
    const nextAt = again ? nextTry(due.attempts, due.firstAt, now, wait) : undefined;
    if (nextAt === undefined) {
      this.#outbox.settle(due.id, now, { kind: 'failed', text });
      this.counts.failed++;
      log.problem('failed', `${what} failed: ${text}`, fields);
      return;
    }
    this.#outbox.settle(due.id, now, { kind: 'due', text, nextAt });
    this.counts.retried++;
    const minutes = Math.round((nextAt - now) / 60_000);
    log.event('retry', `${what} is tried again in ${minutes} minutes: ${text}`, fields);
  }
}

function mailDomainOf(uri: string): string {
  return mailtoAddress(uri)?.split('@')[1]?.toLowerCase() ?? '';
}

/** So many at a time; the first that rejects ends it, once those under way are done. */
async function each<T>(items: Iterable<T>, atATime: number, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failed = false;
  const worker = async (): Promise<void> => {
    while (!failed) {
      const next = iterator.next();
      if (next.done) return;
      try {
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: atATime }, worker));
  const rejected = results.find((result) => result.status === 'rejected');
  if (rejected) throw rejected.reason;
}
