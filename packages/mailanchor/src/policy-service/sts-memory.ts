/**
 * MTA-STS policies by domain (rfc8461#section-5.1): fetched when the domain's record has a new id, and kept for their `max_age` whatever
 * becomes of later tries, so that whoever is in the way cannot have them forgotten.
 */
import { Name } from '@mailanchor/dns';
import type { Resolver } from '@mailanchor/dnssec';
import { discoverSts, type FetchPolicy, type StsPolicy } from '@mailanchor/smtp';

export interface StsMemoryOptions {
  readonly fetch: FetchPolicy;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Policies kept; default 100000. */
  readonly max?: number;
}

export interface FoundSts {
  /** Only one that is enforced. */
  readonly sts?: StsPolicy;
  /** Seconds for which the policy holds at most; infinite where there is none. What the record's TTL says is the resolver's to tell. */
  readonly ttl: number;
}

interface Remembered {
  readonly id: string;
  readonly policy: StsPolicy;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

const NOTHING: FoundSts = { ttl: Number.POSITIVE_INFINITY };
/** Octets of `_mta-sts` in a name, and of a whole name. */
const LONGEST_PREFIX = 9;
const MAX_NAME = 255;

export class StsMemory {
  readonly #options: StsMemoryOptions;
  readonly #policies = new Map<string, Remembered>();

  constructor(options: StsMemoryOptions) {
    this.#options = options;
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
    const context = {
      resolver: how.resolver,
      signal: how.signal,
      deadline: { remainingMs: () => Math.max(0, end - performance.now()) },
    };
    const record = await discoverSts(context, name, undefined);
    const known = this.#known(domain);
    if (record.kind !== 'announced' || record.id === known?.id) return this.#found(known);
    const fetched = await discoverSts(context, name, this.#options.fetch);
    if (fetched.kind !== 'policy') return this.#found(known);
    const { id, policy } = fetched;
    const fresh = { id, policy, expires: this.#options.clock() + policy.maxAge * 1000 };
    this.#keep(domain, fresh);
    return this.#found(fresh);
  }

  #known(domain: string): Remembered | undefined {
    const known = this.#policies.get(domain);
    if (!known || this.#options.clock() < known.expires) return known;
    this.#policies.delete(domain);
    return undefined;
  }

  #keep(domain: string, policy: Remembered): void {
    this.#policies.delete(domain);
    const { max = 100_000 } = this.#options;
    // The one that was fetched longest ago goes.
    for (const oldest of this.#policies.keys()) {
      if (this.#policies.size < max) break;
      this.#policies.delete(oldest);
    }
    this.#policies.set(domain, policy);
  }

  #found(known: Remembered | undefined): FoundSts {
    if (!known) return NOTHING;
    const ttl = Math.max(0, (known.expires - this.#options.clock()) / 1000);
    return known.policy.mode === 'enforce' ? { sts: known.policy, ttl } : { ttl };
  }
}
