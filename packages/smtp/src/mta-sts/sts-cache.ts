/**
 * MTA-STS policies for a sender (rfc8461#section-5.1): fetched when the domain's record has a new id, and kept for their `max_age` whatever
 * becomes of later tries, so that whoever is in the way cannot have them forgotten. A policy host that fails is left alone for a while
 * (rfc8461#section-3.3). One for all deliveries of a process: many messages, one fetch.
 */
import { Name } from '@mailanchor/dns';
import type { Clock, Resolver } from '@mailanchor/dnssec';
import { deadlineAfter } from '../deadline.ts';
import type { LookupContext } from '../lookup.ts';
import { discoverSts, type StsDiscovery } from './discover.ts';
import { type FetchPolicy, policyFetcher } from './fetch.ts';
import type { StsPolicy } from './policy.ts';

/** A policy as it is kept; JSON as it stands, for a store of one's own. */
export interface KeptSts {
  readonly id: string;
  readonly policy: StsPolicy;
  /** Milliseconds since the epoch. */
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
  readonly until: number;
}

/** Octets of `_mta-sts` in a name, and of a whole name. */
const LONGEST_PREFIX = 9;
const MAX_NAME = 255;
/** Failures remembered. */
const MAX_FAILED = 1_000;

export class StsCache implements StsSource {
  readonly #fetch: FetchPolicy;
  readonly #clock: Clock;
  readonly #store: StsStore;
  readonly #backOffMs: number;
  readonly #failed = new Map<string, Failed>();

  constructor(options: StsCacheOptions = {}) {
    this.#fetch = options.fetch ?? policyFetcher();
    this.#clock = options.clock ?? Date.now;
    this.#store = options.store ?? new BoundedStore(options.max ?? 10_000);
    this.#backOffMs = options.backOffMs ?? 300_000;
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
    if (record.kind !== 'announced' || record.id === kept?.id) {
      return { policy: kept?.policy, discovery: record };
    }
    const failed = this.#failed.get(`${domain} ${record.id}`);
    if (failed && this.#clock() < failed.until) return { policy: kept?.policy, discovery: failed.discovery };
    const discovery = await discoverSts(context, name, this.#fetch);
    if (discovery.kind !== 'policy') {
      this.#remember(`${domain} ${record.id}`, discovery);
      return { policy: kept?.policy, discovery };
    }
    const { id, policy } = discovery;
    this.#store.set(domain, { id, policy, expires: this.#clock() + policy.maxAge * 1000 });
    return { policy, discovery };
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
    this.#failed.set(key, { discovery, until: this.#clock() + this.#backOffMs });
  }
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
