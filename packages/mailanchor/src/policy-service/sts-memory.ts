/** MTA-STS as the policy server knows it: the cache of senders (rfc8461#section-5.1), told of, looked after, and kept for later runs. */
import type { Resolver } from '@mailanchor/dnssec';
import {
  type FetchPolicy,
  type FetchStage,
  type KeptSts,
  StsCache,
  type StsFetch,
  type StsFinding,
  type StsPolicy,
  type StsQuestion,
} from '@mailanchor/smtp';
import { MemoryStsStore } from './sts-store.ts';

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
  readonly kept: KeptSts | undefined;
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

/** Fetches under way for policies that hold still. */
const REFRESHES = 50;

export class StsMemory {
  readonly store: MemoryStsStore;
  readonly #cache: StsCache;
  readonly #clock: () => number;
  readonly #refreshing = new Set<string>();
  readonly #closed = new AbortController();

  constructor({ fetch, clock, max = 100_000, onFetch, ...options }: StsMemoryOptions) {
    const { running = () => performance.now() } = options;
    this.#clock = clock;
    this.store = new MemoryStsStore({ clock, running, max });
    this.#cache = new StsCache({
      fetch: (wanted) => this.#fetch(fetch, wanted),
      clock,
      running,
      store: this.store,
      onFetch: (domain, found, kept) => onFetch?.({ domain, ...told(found), kept }),
    });
  }

  /** Rejects only when `signal` aborts. */
  async find(domain: string, question: StsQuestion): Promise<FoundSts> {
    const finding = await this.#cache.find(domain, question);
    const { policy } = finding;
    const ttl = policy ? this.store.left(domain) : Number.POSITIVE_INFINITY;
    if (policy?.mode === 'enforce') return { sts: policy, ttl };
    const note = noteOf(finding);
    return { ttl, ...(policy && { unenforced: policy }), ...(note !== undefined && { note }) };
  }

  /** Fetches anew what is due, asked for or not: whoever is in the way would have to be there for the whole of a `max_age` (rfc8461#section-10.2). */
  refreshDue({ resolver }: { readonly resolver: Resolver }): void {
    for (const domain of this.store.due()) {
      if (this.#refreshing.size >= REFRESHES) return;
      if (this.#refreshing.has(domain)) continue;
      this.#refreshing.add(domain);
      void this.#cache.refresh(domain, resolver).finally(() => this.#refreshing.delete(domain));
    }
  }

  /** Of an earlier run. What was fetched in what is now the future counts as fetched now: a clock set back must not take a policy away. */
  restore(domain: string, id: string, policy: StsPolicy, fetched: number): boolean {
    const now = this.#clock();
    const since = Math.min(fetched, now);
    const expires = since + policy.maxAge * 1000;
    if (expires <= now) return false;
    this.store.set(domain, { id, policy, fetched: since, expires });
    return true;
  }

  async #fetch(fetch: FetchPolicy, wanted: Parameters<FetchPolicy>[0]): ReturnType<FetchPolicy> {
    const { signal } = this.#closed;
    const either = wanted.signal ? AbortSignal.any([wanted.signal, signal]) : signal;
    try {
      return await fetch({ ...wanted, signal: either });
    } catch (error) {
      if (!signal.aborted) throw error;
      return { kind: 'failed', stage: 'time', text: 'the server is being stopped' };
    }
  }

  /** Ends what is under way. */
  close(): void {
    this.#closed.abort();
  }
}

function told(found: StsFetch): Pick<StsFetched, 'result' | 'text'> {
  if (found.kind === 'policy') return { result: 'policy', text: `mode ${found.policy.mode}` };
  return { result: found.part === 'policy' ? 'invalid' : found.part, text: found.text };
}

function noteOf({ policy, discovery }: StsFinding): string | undefined {
  if (policy) return `its policy is in mode ${policy.mode}`;
  if (discovery.kind === 'unknown') return `its record cannot be looked up: ${discovery.text}`;
  if (discovery.kind !== 'invalid') return undefined;
  const what = discovery.part === 'record' ? 'its record is no good' : 'its policy is not known';
  return `${what}: ${discovery.text}`;
}
