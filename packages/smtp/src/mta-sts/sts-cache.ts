/**
 * MTA-STS policies for a sender (rfc8461#section-5.1): fetched when the domain's record has a new id, and kept for their `max_age` whatever
 * becomes of later tries, so that whoever is in the way cannot have them forgotten; fetched anew long before they end. A policy host that
 * fails is left alone for a while (rfc8461#section-3.3). One for all deliveries of a process: many messages, one fetch.
 */
import { Name } from '@mailanchor/dns';
import type { Clock, Resolver } from '@mailanchor/dnssec';
import { deadlineAfter } from '../deadline.ts';
import type { LookupContext } from '../lookup.ts';
import { discoverSts, fetchStsPolicy, type StsDiscovery, type StsFetch } from './discover.ts';
import { type FetchPolicy, policyFetcher } from './fetch.ts';
import type { StsPolicy } from './policy.ts';

/** A policy as it is kept; JSON as it stands, for a store of one's own. */
export interface KeptSts {
  readonly id: string;
  readonly policy: StsPolicy;
  /** Milliseconds since the epoch: when it was fetched last, and when it ends. */
  readonly fetched: number;
  readonly expires: number;
}

/** Where policies are kept. A `Map` is one. */
export interface StsStore {
  get(domain: string): KeptSts | undefined;
  set(domain: string, kept: KeptSts): unknown;
  delete(domain: string): unknown;
}

export interface StsCacheOptions {
  /** Default: `policyFetcher()`, which asks addresses on the Internet only. */
  readonly fetch?: FetchPolicy;
  /** Milliseconds since the epoch. Default Date.now. */
  readonly clock?: Clock;
  /** Policies kept in memory; default 10000. Not of a store of one's own. */
  readonly max?: number;
  /** Default: memory. */
  readonly store?: StsStore;
  /** Milliseconds for which a policy that could not be had is not asked for again. Default five minutes. */
  readonly backOffMs?: number;
  /** Milliseconds of a clock that only runs on, for that. Default that of the process. */
  readonly running?: () => number;
  /** Told of each policy that was asked for, and of the one from before that holds on where it could not be had. */
  readonly onFetch?: (domain: string, found: StsFetch, kept: KeptSts | undefined) => void;
}

export interface StsFinding {
  /** In force, whatever its mode; undefined: to senders the domain has no MTA-STS. */
  readonly policy: StsPolicy | undefined;
  /** How it went this time; of a policy that was kept, 'announced'. */
  readonly discovery: StsDiscovery;
}

export interface StsQuestion {
  readonly resolver: Resolver;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What `connectMx` needs of a cache. */
export interface StsSource {
  /** `domain`: A-labels, no trailing dot. Rejects only when the signal aborts. */
  find(domain: string, question: StsQuestion): Promise<StsFinding>;
}

interface Failed {
  readonly discovery: StsDiscovery;
  /** By the clock that only runs on. */
  readonly until: number;
}

/** Octets of `_mta-sts` in a name, and of a whole name. */
const LONGEST_PREFIX = 9;
const MAX_NAME = 255;
/** Failures remembered. */
const MAX_FAILED = 1_000;
/** Milliseconds after which a policy is fetched anew, or after half of its time. */
const REFRESH_MS = 86_400_000;
/** Milliseconds for a fetch, whatever time those have who wait for it. */
const FETCH_MS = 20_000;

/** When a policy should be fetched anew though its id is the same (rfc8461#section-5.1). Milliseconds since the epoch. */
export function refreshTime({ fetched, expires }: KeptSts): number {
  return fetched + Math.min(REFRESH_MS, (expires - fetched) / 2);
}

export class StsCache implements StsSource {
  readonly #fetch: FetchPolicy;
  readonly #clock: Clock;
  readonly #store: StsStore;
  readonly #backOffMs: number;
  readonly #running: () => number;
  readonly #onFetch: StsCacheOptions['onFetch'];
  readonly #failed = new Map<string, Failed>();
  readonly #underWay = new Map<string, Promise<StsDiscovery>>();

  constructor(options: StsCacheOptions = {}) {
    this.#fetch = options.fetch ?? policyFetcher();
    this.#clock = options.clock ?? Date.now;
    this.#store = options.store ?? new BoundedStore(options.max ?? 10_000);
    this.#backOffMs = options.backOffMs ?? 300_000;
    this.#running = options.running ?? (() => performance.now());
    this.#onFetch = options.onFetch;
  }

  async find(domain: string, question: StsQuestion): Promise<StsFinding> {
    const name = Name.fromText(domain);
    if (name.wire.length + LONGEST_PREFIX > MAX_NAME) {
      return { policy: undefined, discovery: { kind: 'absent' } };
    }
    const { resolver, signal } = question;
    const context: LookupContext = { resolver, signal, deadline: deadlineAfter(question.timeoutMs) };
    const record = await discoverSts(context, name, undefined);
    const kept = this.#kept(domain);
    // Whatever has become of the record, a policy holds to its end (rfc8461#section-5.1).
    if (record.kind !== 'announced') return { policy: kept?.policy, discovery: record };
    const { id } = record;
    if (id === kept?.id) {
      if (this.#clock() >= refreshTime(kept)) void this.refresh(domain, resolver);
      return { policy: kept.policy, discovery: record };
    }
    const leftAlone = this.#leftAlone(domain, id);
    if (leftAlone) return { policy: kept?.policy, discovery: leftAlone };
    const late: StsDiscovery = { kind: 'invalid', part: 'time', text: 'no time left for the policy', id };
    const discovery = await within(this.#fetchOnce(name, domain, id, resolver), context, late);
    return { policy: this.#kept(domain)?.policy, discovery };
  }

  /**
   * Fetches the policy that is kept of a domain anew, whatever has become of its record (rfc8461#section-10.2). Does nothing where there is none, or
   * where it could not be had a short time ago. Never rejects.
   */
  async refresh(domain: string, resolver: Resolver): Promise<void> {
    const kept = this.#kept(domain);
    if (!kept || this.#leftAlone(domain, kept.id)) return;
    await this.#fetchOnce(Name.fromText(domain), domain, kept.id, resolver);
  }

  /** What came of it last time, where that was a short time ago. */
  #leftAlone(domain: string, id: string): StsDiscovery | undefined {
    const failed = this.#failed.get(`${domain} ${id}`);
    return failed && this.#running() < failed.until ? failed.discovery : undefined;
  }

  /** For all who wait for it at the same time. Never rejects. */
  #fetchOnce(name: Name, domain: string, id: string, resolver: Resolver): Promise<StsDiscovery> {
    const key = `${domain} ${id}`;
    const underWay = this.#underWay.get(key);
    if (underWay) return underWay;
    const fetching = this.#fetchPolicy(name, domain, id, resolver).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, fetching);
    return fetching;
  }

  async #fetchPolicy(name: Name, domain: string, id: string, resolver: Resolver): Promise<StsDiscovery> {
    const context: LookupContext = { resolver, deadline: deadlineAfter(FETCH_MS) };
    const found = await fetchStsPolicy(context, name, this.#fetch);
    if (found.kind === 'policy') {
      const fetched = this.#clock();
      const { policy } = found;
      this.#store.set(domain, { id, policy, fetched, expires: fetched + policy.maxAge * 1000 });
    } else this.#remember(`${domain} ${id}`, { ...found, id });
    this.#onFetch?.(domain, found, found.kind === 'policy' ? undefined : this.#kept(domain));
    return { ...found, id };
  }

  #kept(domain: string): KeptSts | undefined {
    const kept = this.#store.get(domain);
    if (!kept || this.#clock() < kept.expires) return kept;
    this.#store.delete(domain);
    return undefined;
  }

  #remember(key: string, discovery: StsDiscovery): void {
    if (discovery.kind !== 'invalid') return;
    this.#failed.delete(key);
    const [oldest] = this.#failed.keys();
    if (oldest !== undefined && this.#failed.size >= MAX_FAILED) this.#failed.delete(oldest);
    this.#failed.set(key, { discovery, until: this.#running() + this.#backOffMs });
  }
}

/** What it comes to in the time that is left; rejects when the signal aborts. */
function within<T>(promise: Promise<T>, { deadline, signal }: LookupContext, late: T): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => done(() => reject(signal?.reason));
    const timer = setTimeout(() => done(() => resolve(late)), deadline.remainingMs());
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      settle();
    };
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { once: true });
    promise.then(
      (value) => done(() => resolve(value)),
      (error: unknown) => done(() => reject(error)),
    );
  });
}

let shared: StsCache | undefined;

/** Of those who give none: made when it is first needed, one for the whole process. */
export function sharedSts(): StsSource {
  shared ??= new StsCache();
  return shared;
}

/** The one that was fetched longest ago goes first. */
class BoundedStore extends Map<string, KeptSts> {
  readonly #max: number;

  constructor(max: number) {
    super();
    this.#max = max;
  }

  override set(domain: string, kept: KeptSts): this {
    this.delete(domain);
    const [oldest] = this.keys();
    if (oldest !== undefined && this.size >= this.#max) this.delete(oldest);
    return super.set(domain, kept);
  }
}
