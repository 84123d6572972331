/** One name and type, validated: from the cache, from denials known, or asked for, and kept. */
import { Ede, type Name, RRType } from '@mailanchor/dns';
import { askUntilGood } from '../ask.ts';
import type { Work } from '../budget.ts';
import type { ChainOfTrust } from '../chain-of-trust.ts';
import type { NegativeTrustAnchors } from '../negative-trust-anchor.ts';
import { readSegments } from '../segment.ts';
import type { Source } from '../source.ts';
import type { Validated } from '../validated.ts';
import type { Validator } from '../validator.ts';
import type { AnswerCache } from './answer-cache.ts';
import type { ResolverCounters } from './resolver-stats.ts';

export interface SegmentLookupOptions {
  readonly source: Source;
  readonly validator: Validator;
  readonly chain: ChainOfTrust;
  readonly negativeAnchors: NegativeTrustAnchors;
  readonly cache: AnswerCache;
  readonly counters: ResolverCounters;
  /** Whether denials seen before answer for names not asked yet (rfc8198, rfc8020). */
  readonly aggressive: boolean;
  /** Called with what the cache had. */
  readonly onHit?: (name: Name, type: number, known: Validated) => void;
}

export class SegmentLookup {
  readonly #options: SegmentLookupOptions;

  constructor(options: SegmentLookupOptions) {
    this.#options = options;
  }

  /** The validated segment of one name: from this question, from the cache, or asked for. */
  async segment(name: Name, type: number, local: Map<string, Validated>, work: Work): Promise<Validated> {
    const known = local.get(name.key) ?? this.#options.cache.get(name, type);
    if (known && this.#stillHolds(known)) {
      this.#options.counters.hits++;
      this.#options.onHit?.(name, type, known);
      return known;
    }
    this.#options.counters.misses++;
    // There is nothing above the root: its DS does not exist, and nobody could say so.
    if (type === RRType.DS && name.isRoot) return rootHasNoDs(name);
    const referred = type === RRType.DS ? await this.#referredDs(name, work) : undefined;
    if (referred) return referred;
    const denied = this.#options.aggressive
      ? (this.#deniedAbove(name) ?? (await this.#options.validator.denyFromStore(name, type, work)))
      : undefined;
    if (denied) {
      this.#options.counters.denied++;
      return denied;
    }
    const asked = await this.ask(name, type, local, work);
    // Bogus for a minute at most, no answer for seconds (rfc4035#section-4.7): neither is asked for again at every question.
    if (asked.kind === 'failure') this.#options.cache.set(name, type, asked);
    return asked;
  }

  /** NXDOMAIN cut (rfc8020): nothing is below a name that does not exist, unless a trust anchor, of either kind, is for something there. */
  #deniedAbove(name: Name): Validated | undefined {
    const denied = this.#options.cache.nxdomainAbove(name);
    const zone = denied?.kind === 'nxdomain' ? denied.chain.at(-1)?.zone : undefined;
    if (!zone || this.#options.chain.isExempt(name) || !this.#options.chain.maySign(zone, name))
      return undefined;
    return denied;
  }

  /** Whether what was exempt from proof still is: a negative trust anchor that has ended takes its answers along. */
  #stillHolds({ negativeTrustAnchor: zone }: Validated & { readonly negativeTrustAnchor?: Name }): boolean {
    return zone === undefined || this.#options.negativeAnchors.has(zone);
  }

  /** Asks the servers. What holds is kept, in the cache and in `local`; a failure is not. */
  async ask(name: Name, type: number, local: Map<string, Validated>, work: Work): Promise<Validated> {
    const outcome = await askUntilGood(
      this.#options.source,
      name,
      type,
      work,
      async (raw): Promise<Validated> => {
        const segments = readSegments(raw.message, name, type, raw.bailiwick, raw.except);
        let first: Validated | undefined;
        for (const segment of segments) {
          const validated = await this.#options.validator.validate(segment, type, work);
          // What a server says of others' names counts only if their own signatures say so too.
          if (segment.outside && validated.status !== 'secure') break;
          first ??= validated;
          // What follows a segment that does not hold came from a message that is not to be trusted.
          if (validated.kind === 'failure') break;
          local.set(segment.owner.key, validated);
          this.#options.cache.set(segment.owner, type, validated);
        }
        if (first) return first;
        const reason = { ede: Ede.INVALID_DATA, text: `${raw.server} answers something else than was asked` };
        return {
          kind: 'failure',
          status: 'indeterminate',
          owner: name,
          reason,
          chain: [],
          ttl: work.budgets.failureTtl,
        };
      },
      (validated) => validated.kind === 'failure' && validated.status === 'bogus',
      'question',
    );
    if ('owner' in outcome) return outcome;
    return {
      kind: 'failure',
      status: outcome.kind,
      owner: name,
      reason: outcome.reason,
      chain: [],
      ttl: work.budgets.failureTtl,
      ...(outcome.rcode !== undefined && { rcode: outcome.rcode }),
    };
  }

  /** A DS that a referral brought along needs no question of its own. */
  async #referredDs(name: Name, work: Work): Promise<Validated | undefined> {
    const referral = this.#options.source.referralDs(name);
    if (!referral?.ds) return undefined;
    const { ds, proofs } = referral;
    const validated = await this.#options.validator.validate(
      { kind: 'answer', owner: name, outside: false, rrsets: [ds], proofs },
      RRType.DS,
      work,
    );
    if (validated.kind === 'failure') return undefined;
    this.#options.cache.set(name, RRType.DS, validated);
    return validated;
  }
}

function rootHasNoDs(name: Name): Validated {
  return {
    kind: 'nodata',
    status: 'insecure',
    owner: name,
    records: [],
    answer: [],
    authority: [],
    ttl: 3600,
    chain: [],
  };
}
