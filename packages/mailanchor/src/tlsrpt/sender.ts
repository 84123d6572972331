/**
 * Composes and sends what is due. For each finished day and recipient domain: its `_smtp._tls` record is looked up, the report composed and
 * frozen, and sent to every address of the record. A round may be stopped at any point and leaves nothing undefined: what was under way is
 * taken up by the next.
 */
import { mailtoAddress, type TlsRptDiscovery, type TlsRptReportJson } from '@mailanchor/smtp';
import { messageOf } from '../errors.ts';
import type { Log } from '../resolver-service/log.ts';
import type { Database } from '../store/database.ts';
import { compressed, newReportId, reportOf, type Submitter } from './compose.ts';
import { readCounts, sessionsOf } from './counts.ts';
import { dayOf, dayText } from './day.ts';
import type { Delivered } from './deliver.ts';
import { type DueDelivery, type DueDomain, Outbox } from './outbox.ts';
import { nextTry } from './retry.ts';

export interface SenderOptions {
  readonly database: Database;
  readonly submitter: Submitter;
  /** Where the domain's reports go. Rejects only when the signal aborts. */
  readonly discover: (domain: string, signal: AbortSignal) => Promise<TlsRptDiscovery>;
  readonly deliver: (due: DueDelivery, signal: AbortSignal) => Promise<Delivered>;
  /** Addresses in place of those that domains publish. */
  readonly rua?: readonly string[] | undefined;
  /** Domains that get no report. */
  readonly exclude?: ReadonlySet<string> | undefined;
  /** Sessions of a domain and day below which there is no report. Default 1. */
  readonly minimumSessions?: number | undefined;
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

export type Decision =
  | { readonly kind: 'report'; readonly rua: readonly string[] }
  | { readonly kind: 'unwanted'; readonly text: string }
  /** The lookup failed. */
  | { readonly kind: 'unknown'; readonly text: string };

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
        await each(due, LOOKUPS, async (domain) => this.#compose(domain, round.signal));
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
    for (const { id, day, domain } of this.#due(round, Number.MAX_SAFE_INTEGER)) {
      const decision = await this.#decide(day, domain, id, round.signal);
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

  async #decide(day: number, domain: string, id: number, signal: AbortSignal): Promise<Decision> {
    const { database, exclude, minimumSessions = 1, rua } = this.#options;
    if (exclude?.has(domain)) return { kind: 'unwanted', text: 'excluded by the configuration' };
    const { successes, failures } = sessionsOf(readCounts(database, id));
    const sessions = successes + failures;
    if (sessions < minimumSessions)
      return { kind: 'unwanted', text: `fewer than ${minimumSessions} sessions` };
    // A report on nothing but yesterday's report would be answered by another one, for ever.
    if (failures === 0 && sessions <= this.#outbox.mailedTo(domain, day)) {
      return { kind: 'unwanted', text: 'nothing but our own reports was sent there' };
    }
    if (rua) return { kind: 'report', rua };
    const record = await this.#options.discover(domain, signal);
    switch (record.kind) {
      case 'record':
        return { kind: 'report', rua: [...new Set(record.rua)] };
      case 'absent':
        return { kind: 'unwanted', text: 'the domain asks for no reports' };
      case 'invalid':
        return { kind: 'unwanted', text: `the domain's record cannot be used: ${record.text}` };
      case 'unknown':
        return record;
    }
  }

  async #compose(due: DueDomain, signal: AbortSignal): Promise<void> {
    const { id, day, domain } = due;
    const decision = await this.#decide(day, domain, id, signal);
    const { database, log, submitter } = this.#options;
    const name = { domain, day: dayText(day) };
    if (decision.kind === 'unknown') return this.#lookupFailed(due, decision.text);
    if (decision.kind === 'unwanted') {
      this.counts.unwanted++;
      return this.#outbox.close(id, 'unwanted', decision.text);
    }
    const reportId = newReportId(day, domain, submitter);
    const frozen = this.#outbox.freeze(id, this.#now(), () => ({
      reportId,
      report: compressed(reportOf(day, reportId, submitter, readCounts(database, id))),
      rua: decision.rua.map((uri) => ({ uri, mailDomain: mailDomainOf(uri) })),
    }));
    if (!frozen) return;
    this.counts.composed++;
    const to = decision.rua.join(', ');
    log.event('composed', `report on ${domain} of ${name.day} composed, for ${to}`, {
      ...name,
      report: reportId,
    });
  }

  #lookupFailed({ id, day, domain, attempts, firstAt }: DueDomain, why: string): void {
    const { log, random = Math.random } = this.#options;
    const now = this.#now();
    const first = firstAt ?? now;
    const next = nextTry(attempts + 1, first, now, { chance: random() });
    const text = `_smtp._tls.${domain} cannot be looked up: ${why}`;
    this.counts.lookupsFailed++;
    if (next !== undefined) this.#outbox.postpone(id, first, next, text);
    else {
      this.#outbox.close(id, 'failed', text);
      this.counts.failed++;
      log.problem('lookup', `no report on ${domain} of ${dayText(day)}: ${text}`, { domain });
    }
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
    const { log, random = Math.random } = this.#options;
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
    const wait = { chance: random(), atLeastMs: retryAfterMs };
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
