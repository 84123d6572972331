/**
 * Events into counts. One call is one transaction's work: what is alike is added up before the database sees it, so that a
 * thousand sessions with one destination cost what one does.
 */
import { createHash } from 'node:crypto';
import type { TlsRptEvent, TlsRptFailure, TlsRptPolicy } from '@mailanchor/smtp';
import type { Database } from '../store/database.ts';
import { dayOf } from './day.ts';
import { LATE_DAYS, type StoreLimits } from './store-limits.ts';

/**
 * - `counted`
 * - `known`: an event with this id had been counted before
 * - `beyond`: counted, but only in the day's sum of what is beyond the limit of domains
 * - `wrong-day`: its day is closed, or far in the future; not counted
 */
export type Counting = 'counted' | 'known' | 'beyond' | 'wrong-day';

interface PolicySum {
  readonly day: number;
  readonly domain: string;
  readonly policy: TlsRptPolicy;
  sessions: number;
  successes: number;
  failures: number;
  readonly details: Map<string, { readonly failure: TlsRptFailure; sessions: number }>;
}

export class EventCounter {
  readonly #limits: StoreLimits;
  readonly #statements: ReturnType<typeof statements>;

  constructor(database: Database, limits: StoreLimits) {
    this.#limits = limits;
    this.#statements = statements(database);
  }

  /** Within a transaction. `now`: milliseconds since the epoch. Answers in the order of `events`. */
  count(events: readonly TlsRptEvent[], now: number): readonly Counting[] {
    const sums = new Map<string, { readonly sum: PolicySum; readonly places: number[] }>();
    const answers: Counting[] = events.map((event, place) => {
      const day = this.#dayFor(event, now);
      if (day === undefined) return 'wrong-day';
      if (event.id !== undefined && this.#statements.told.run(event.id, dayOf(now)).changes === 0)
        return 'known';
      const key = `${day} ${event.domain} ${policyKey(event.policy).toString('hex')}`;
      const entry = sums.get(key) ?? { sum: emptySum(day, event), places: [] };
      sums.set(key, entry);
      entry.places.push(place);
      addTo(entry.sum, event);
      return 'counted';
    });
    for (const { sum, places } of sums.values()) {
      if (this.#write(sum, now)) continue;
      for (const place of places) answers[place] = 'beyond';
    }
    return answers;
  }

  /** The day into which the event counts: its own, unless that day's report is composed already, or it is still to come. */
  #dayFor(event: TlsRptEvent, now: number): number | undefined {
    const today = dayOf(now);
    const day = dayOf(event.at);
    // A teller's clock may be ahead of ours, not a day.
    if (day < today - LATE_DAYS || day > today + 1) return undefined;
    if (day >= today) return today;
    const state = this.#statements.state.get(day, event.domain)?.['state'];
    return state === undefined || state === 'counting' ? day : today;
  }

  /** Whether there was room. */
  #write(sum: PolicySum, now: number): boolean {
    const domain = this.#domainRow(sum, now);
    if (domain === undefined) return false;
    const policy = this.#policyRow(domain, sum);
    this.#statements.addToPolicy.run(sum.successes, sum.failures, policy.id);
    let { details } = policy;
    for (const { failure, sessions } of sum.details.values()) {
      const values = detailValues(failure);
      if (this.#statements.addToDetail.run(sessions, policy.id, ...values).changes > 0) continue;
      if (details < this.#limits.detailsPerPolicy) {
        this.#statements.newDetail.run(policy.id, ...values, sessions);
        details++;
        continue;
      }
      this.#statements.newDetail.run(
        policy.id,
        ...detailValues({ resultType: failure.resultType }),
        sessions,
      );
    }
    if (details > policy.details) this.#statements.detailsOfPolicy.run(details, policy.id);
    return true;
  }

  #domainRow({ day, domain, sessions }: PolicySum, now: number): number | undefined {
    const { touch, newDay, domainsOf, beyond, newDomain, oneMore } = this.#statements;
    const there = touch.get(now, day, domain)?.['id'];
    if (there !== undefined) return Number(there);
    newDay.run(day);
    if (Number(domainsOf.get(day)?.['domains']) >= this.#limits.domainsPerDay) {
      beyond.run(sessions, day);
      return undefined;
    }
    oneMore.run(day);
    return Number(newDomain.run(day, domain, spreadOf(day, domain), now).lastInsertRowid);
  }

  #policyRow(domain: number, sum: PolicySum): { readonly id: number; readonly details: number } {
    const { policy, policiesOf, newPolicy, onePolicyMore } = this.#statements;
    const find = (wanted: TlsRptPolicy) => policy.get(domain, policyKey(wanted));
    const full = Number(policiesOf.get(domain)?.['policies']) >= this.#limits.policiesPerDomain;
    let wanted = sum.policy;
    let row = find(wanted);
    if (!row && full) {
      wanted = { type: sum.policy.type, domain: sum.domain, strings: [], mxHosts: [] };
      row = find(wanted);
    }
    if (row) return { id: Number(row['id']), details: Number(row['details']) };
    const { type, domain: name, strings, mxHosts } = wanted;
    const id = newPolicy.run(
      domain,
      policyKey(wanted),
      type,
      name,
      JSON.stringify(strings),
      JSON.stringify(mxHosts),
    ).lastInsertRowid;
    onePolicyMore.run(domain);
    return { id: Number(id), details: 0 };
  }
}

/** Where in the sending window a domain's report is due, 0 to 65535: random between domains and days, the same whoever asks. */
export function spreadOf(day: number, domain: string): number {
  return createHash('sha256').update(`${day} ${domain}`).digest().readUInt16BE();
}

function policyKey({ type, domain, strings, mxHosts }: TlsRptPolicy): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([type, domain, strings, mxHosts]))
    .digest()
    .subarray(0, 16);
}

function emptySum(day: number, { domain, policy }: TlsRptEvent): PolicySum {
  return { day, domain, policy, sessions: 0, successes: 0, failures: 0, details: new Map() };
}

function addTo(sum: PolicySum, { failure, more = [] }: TlsRptEvent): void {
  sum.sessions++;
  if (failure) sum.failures++;
  else sum.successes++;
  for (const one of failure ? [failure, ...more] : more) {
    const key = JSON.stringify(detailValues(one));
    const detail = sum.details.get(key) ?? { failure: one, sessions: 0 };
    detail.sessions++;
    sum.details.set(key, detail);
  }
}

type DetailValues = [string, string, string, string, string, string, string];

function detailValues(failure: TlsRptFailure): DetailValues {
  return [
    failure.resultType,
    failure.sendingMtaIp ?? '',
    failure.receivingMxHostname ?? '',
    failure.receivingMxHelo ?? '',
    failure.receivingIp ?? '',
    failure.reasonCode ?? '',
    failure.additionalInformation ?? '',
  ];
}

function statements(database: Database) {
  const detail = 'result_type, sending_ip, mx_hostname, mx_helo, receiving_ip, reason_code, information';
  return {
    told: database.prepare('INSERT INTO told (id, day) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    state: database.prepare('SELECT state FROM domain WHERE day = ? AND domain = ?'),
    touch: database.prepare('UPDATE domain SET touched_at = ? WHERE day = ? AND domain = ? RETURNING id'),
    newDay: database.prepare('INSERT INTO day (day) VALUES (?) ON CONFLICT DO NOTHING'),
    domainsOf: database.prepare('SELECT domains FROM day WHERE day = ?'),
    oneMore: database.prepare('UPDATE day SET domains = domains + 1 WHERE day = ?'),
    beyond: database.prepare('UPDATE day SET beyond = beyond + ? WHERE day = ?'),
    newDomain: database.prepare('INSERT INTO domain (day, domain, spread, touched_at) VALUES (?, ?, ?, ?)'),
    policiesOf: database.prepare('SELECT policies FROM domain WHERE id = ?'),
    onePolicyMore: database.prepare('UPDATE domain SET policies = policies + 1 WHERE id = ?'),
    policy: database.prepare('SELECT id, details FROM policy WHERE domain = ? AND key = ?'),
    newPolicy: database.prepare(
      'INSERT INTO policy (domain, key, type, policy_domain, strings, mx_hosts) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    addToPolicy: database.prepare(
      'UPDATE policy SET successes = successes + ?, failures = failures + ? WHERE id = ?',
    ),
    detailsOfPolicy: database.prepare('UPDATE policy SET details = ? WHERE id = ?'),
    addToDetail: database.prepare(
      `UPDATE detail SET sessions = sessions + ? WHERE policy = ? AND (${detail}) = (?, ?, ?, ?, ?, ?, ?)`,
    ),
    newDetail: database.prepare(
      `INSERT INTO detail (policy, ${detail}, sessions) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions`,
    ),
  };
}
