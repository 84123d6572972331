/**
 * MTA-STS policies by domain (rfc8461#section-5.1): fetched when the domain's record has a new id, once a day besides, and kept for their
 * `max_age` whatever becomes of later tries, so that whoever is in the way cannot have them forgotten.
 */
import { Name } from '@mailanchor/dns';
import type { Resolver } from '@mailanchor/dnssec';
import {
  discoverSts,
  type FetchPolicy,
  type FetchStage,
  fetchStsPolicy,
  type StsDiscovery,
  type StsPolicy,
} from '@mailanchor/smtp';

export interface StsMemoryOptions {
  readonly fetch: FetchPolicy;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds of a clock that only runs on; default that of the process. */
  readonly running?: () => number;
  /** Policies kept; default 100000. */
  readonly max?: number;
  /** Told of each policy that was asked for. */
  readonly onFetch?: (event: StsFetched) => void;
}

export interface StsFetched {
  readonly domain: string;
  /** 'policy'; 'invalid': there was one that cannot be used; else the stage at which it failed. */
  readonly result: 'policy' | 'invalid' | FetchStage;
  /** One sentence without full stop: the mode, or what is wrong. */
  readonly text: string;
  /** The policy from before that goes on to hold. */
  readonly kept:
    | { readonly mode: StsPolicy['mode'] /** Milliseconds since the epoch. */; readonly expires: number }
    | undefined;
}

export interface FoundSts {
  /** Only one that is enforced. */
  readonly sts?: StsPolicy;
  /** One in another mode: nobody is held to it. */
  readonly unenforced?: StsPolicy;
  /** Why there is a record and still nothing to be held to; completes "MTA-STS: ". */
  readonly note?: string;
  /** Seconds for which the policy holds at most; infinite where there is none. What the record's TTL says is the resolver's to tell. */
  readonly ttl: number;
}

export interface RememberedSts {
  readonly id: string;
  readonly policy: StsPolicy;
  /** Milliseconds since the epoch: when it was fetched last. */
  readonly fetched: number;
}

interface Entry extends RememberedSts {
  /** Of the clock that only runs on: its end, and when it is fetched anew though its id is the same. */
  readonly until: number;
  readonly refresh: number;
}

const NOTHING: FoundSts = { ttl: Number.POSITIVE_INFINITY };
/** Octets of `_mta-sts` in a name, and of a whole name. */
const LONGEST_PREFIX = 9;
const MAX_NAME = 255;
/** Milliseconds after which a policy is fetched anew, or after half of its time (rfc8461#section-5.1). */
const REFRESH_MS = 86_400_000;
/** Milliseconds for which a fetch that failed is not tried again (rfc8461#section-3.3). */
const RETRY_MS = 300_000;
/** Domains whose failed fetches are remembered. */
const FAILURES = 10_000;
/** Fetches under way for policies that hold still. */
const REFRESHES = 50;

type Context = Parameters<typeof discoverSts>[0];

export class StsMemory {
  readonly #options: StsMemoryOptions;
  readonly #running: () => number;
  readonly #policies = new Map<string, Entry>();
  /** By domain and id, what went wrong and until when it is not tried again. */
  readonly #failed = new Map<string, { readonly text: string; readonly until: number }>();
  readonly #refreshing = new Set<string>();
  readonly #closed = new AbortController();
  /** Counts every change of what is kept. */
  changes = 0;

  constructor(options: StsMemoryOptions) {
    this.#options = options;
    this.#running = options.running ?? (() => performance.now());
  }

  get size(): number {
    return this.#policies.size;
  }

  /** By mode. */
  modes(): Record<StsPolicy['mode'], number> {
    const modes = { enforce: 0, testing: 0, none: 0 };
    for (const { policy } of this.#policies.values()) modes[policy.mode]++;
    return modes;
  }

  /** The number of those that should have been fetched anew long ago: somebody may be in the way. */
  overdue(): number {
    const running = this.#running();
    return [...this.#policies.values()].filter(({ policy, refresh, until }) => {
      const grace = Math.min(REFRESH_MS, (policy.maxAge * 1000) / 4);
      return policy.mode !== 'none' && running >= refresh + grace && running < until;
    }).length;
  }

  /** Rejects only when `signal` aborts. */
  async find(
    domain: string,
    how: {
      readonly resolver: Resolver;
      readonly timeoutMs: number;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<FoundSts> {
    const name = Name.fromText(domain);
    if (name.wire.length + LONGEST_PREFIX > MAX_NAME) return NOTHING;
    const end = performance.now() + how.timeoutMs;
    const context: Context = {
      resolver: how.resolver,
      signal: how.signal,
      deadline: { remainingMs: () => Math.max(0, end - performance.now()) },
    };
    const record = await discoverSts(context, name, undefined);
    const known = this.#known(domain);
    if (record.kind === 'announced' && record.id !== known?.id) {
      const fetched = await this.#fetch(context, domain, record.id);
      if (fetched !== undefined)
        return this.#found(this.#known(domain), `its policy is not known: ${fetched}`);
      return this.#found(this.#known(domain));
    }
    if (known && this.#running() >= known.refresh) this.#refresh(domain, known, how);
    return this.#found(known, noteOf(record));
  }

  /** What went wrong; undefined where the policy is known now. */
  async #fetch(context: Context, domain: string, id: string): Promise<string | undefined> {
    const failure = this.#failed.get(`${domain} ${id}`);
    if (failure && this.#running() < failure.until) return failure.text;
    const fetched = await fetchStsPolicy(context, Name.fromText(domain), this.#options.fetch);
    if (fetched.kind === 'policy') {
      this.#failed.delete(`${domain} ${id}`);
      const { policy } = fetched;
      this.#keep(domain, { id, policy, fetched: this.#options.clock() });
      this.#options.onFetch?.({ domain, result: 'policy', text: `mode ${policy.mode}`, kept: undefined });
      return undefined;
    }
    const { part, text } = fetched;
    this.#fail(`${domain} ${id}`, text);
    const known = this.#known(domain);
    const kept = known && { mode: known.policy.mode, expires: known.fetched + known.policy.maxAge * 1000 };
    this.#options.onFetch?.({ domain, result: part === 'policy' ? 'invalid' : part, text, kept });
    return text;
  }

  /** Fetches anew what is due, asked for or not: whoever is in the way would have to be there for the whole of a `max_age` (rfc8461#section-10.2). */
  refreshDue(how: { readonly resolver: Resolver; readonly timeoutMs: number }): void {
    const running = this.#running();
    for (const [domain, entry] of this.#policies) {
      if (this.#refreshing.size >= REFRESHES) return;
      if (running >= entry.refresh && this.#known(domain)) this.#refresh(domain, entry, how);
    }
  }

  /** Without anybody waiting for it: what is known holds meanwhile. */
  #refresh(
    domain: string,
    { id }: Entry,
    { resolver, timeoutMs }: { resolver: Resolver; timeoutMs: number },
  ): void {
    if (this.#refreshing.has(domain) || this.#refreshing.size >= REFRESHES) return;
    this.#refreshing.add(domain);
    const end = performance.now() + timeoutMs;
    const deadline = { remainingMs: () => Math.max(0, end - performance.now()) };
    this.#fetch({ resolver, deadline, signal: this.#closed.signal }, domain, id)
      // Closed meanwhile.
      .catch(() => {})
      .finally(() => this.#refreshing.delete(domain));
  }

  #fail(key: string, text: string): void {
    this.#failed.delete(key);
    for (const oldest of this.#failed.keys()) {
      if (this.#failed.size < FAILURES) break;
      this.#failed.delete(oldest);
    }
    this.#failed.set(key, { text, until: this.#running() + RETRY_MS });
  }

  /** By both clocks: neither a clock set back nor one set forward by mistake and back again has a policy hold for longer than it may. */
  #known(domain: string): Entry | undefined {
    const known = this.#policies.get(domain);
    if (!known) return undefined;
    const expires = known.fetched + known.policy.maxAge * 1000;
    if (this.#options.clock() < expires && this.#running() < known.until) return known;
    this.#policies.delete(domain);
    this.changes++;
    return undefined;
  }

  #keep(domain: string, remembered: RememberedSts): void {
    this.#policies.delete(domain);
    const { max = 100_000 } = this.#options;
    // The one that was fetched longest ago goes.
    for (const oldest of this.#policies.keys()) {
      if (this.#policies.size < max) break;
      this.#policies.delete(oldest);
    }
    const age = Math.max(0, this.#options.clock() - remembered.fetched);
    const lifetime = remembered.policy.maxAge * 1000;
    const began = this.#running() - age;
    const refresh = began + Math.min(REFRESH_MS, lifetime / 2);
    this.#policies.set(domain, { ...remembered, until: began + lifetime, refresh });
    this.changes++;
  }

  #found(known: Entry | undefined, note?: string): FoundSts {
    if (!known) return note === undefined ? NOTHING : { ...NOTHING, note };
    const { policy, fetched, until } = known;
    const left = Math.min(fetched + policy.maxAge * 1000 - this.#options.clock(), until - this.#running());
    const ttl = Math.max(0, left / 1000);
    if (policy.mode !== 'enforce')
      return { unenforced: policy, ttl, note: `its policy is in mode ${policy.mode}` };
    return { sts: policy, ttl };
  }

  /** What holds still, the longest kept first. */
  *remembered(): IterableIterator<readonly [domain: string, RememberedSts]> {
    for (const [domain, { id, policy, fetched }] of this.#policies) yield [domain, { id, policy, fetched }];
  }

  /** Of an earlier run. What was fetched in what is now the future counts as fetched now: a clock set back must not take a policy away. */
  restore(domain: string, { id, policy, fetched }: RememberedSts): boolean {
    const now = this.#options.clock();
    const since = Math.min(fetched, now);
    if (since + policy.maxAge * 1000 <= now) return false;
    this.#keep(domain, { id, policy, fetched: since });
    return true;
  }

  /** Ends what is under way for nobody. */
  close(): void {
    this.#closed.abort();
  }
}

function noteOf(record: StsDiscovery): string | undefined {
  switch (record.kind) {
    case 'invalid':
      return `its record is no good: ${record.text}`;
    case 'unknown':
      return `its record cannot be looked up: ${record.text}`;
    default:
      return undefined;
  }
}
