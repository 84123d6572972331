/**
 * The validating resolver: a question in, a `Resolution` with its proof out.
 *
 * One question, in prose. The name is looked for in the cache, then asked for at its source. The response is cut into segments, one for
 * each name it speaks of; each is validated by itself, down the chain of trust from an anchor, and kept. If the segment is an alias, the
 * question goes on with its target, the same way, until an RRset, a denial or a failure is reached. The status of the whole is
 * that of its weakest part. A bogus answer is asked for again at other servers before it is believed to be the zone's fault.
 */
import {
  createTransport,
  decodeDs,
  equalOctets,
  type Message,
  type Name,
  type ResourceRecord,
  RRType,
  type Transport,
} from '@mailanchor/dns';
import type { AlgorithmPolicy } from '../algorithm.ts';
import { type Budgets, DEFAULT_BUDGETS, Work, type YieldTurn } from '../budget.ts';
import { ChainOfTrust } from '../chain-of-trust.ts';
import { DenialStore } from '../denial-store.ts';
import { dsDigest } from '../ds.ts';
import { DnssecError } from '../errors.ts';
import { NegativeTrustAnchors } from '../negative-trust-anchor.ts';
import type { Resolution } from '../proof.ts';
import { KeyStore } from '../public-key.ts';
import type { Clock, ResolveOptions, Resolver } from '../resolver.ts';
import type { Source } from '../source.ts';
import { rootTrustAnchors, TrustAnchors } from '../trust-anchor.ts';
import { Validator } from '../validator.ts';
import { AnswerCache } from './answer-cache.ts';
import { Exchanger } from './exchange.ts';
import { followAliases } from './follow-aliases.ts';
import { judgeResponse, type ResponseJudgement, type ResponseQuestion } from './judge-response.ts';
import { openSource } from './open-source.ts';
import { Prefetcher } from './prefetch.ts';
import type { ResolverOptions, UncheckedResolveOptions } from './resolver-options.ts';
import { ResolverCounters, type ResolverStats } from './resolver-stats.ts';
import { SegmentLookup } from './segment-lookup.ts';
import { ServerStats } from './server-stats.ts';
import { settingsFingerprint } from './settings-fingerprint.ts';
import { type CachedAnswer, decodeSnapshot, encodeSnapshot } from './snapshot.ts';
import { type UncheckedAnswer, UncheckedLookup } from './unchecked.ts';

export type { ResolverOptions, UncheckedResolveOptions };

const DEFAULT_CACHE_OCTETS = 64 * 1024 * 1024;

/** Milliseconds by which a clock may go back as clocks do that are being corrected. */
const CLOCK_BACK_MS = 30_000;

export class ValidatingResolver implements Resolver {
  readonly #budgets: Budgets;
  readonly #clock: Clock;
  readonly #source: Source;
  readonly #transport: Transport;
  readonly #validator: Validator;
  readonly #cache: AnswerCache;
  readonly #underWay = new Map<string, Promise<Resolution>>();
  readonly #unchecked: UncheckedLookup;
  readonly #uncheckedUnderWay = new Map<string, Promise<UncheckedAnswer>>();
  readonly #lookup: SegmentLookup;
  readonly #yieldTurn: YieldTurn | undefined;
  readonly #denials: DenialStore;
  readonly #anchors: TrustAnchors;
  readonly #chain: ChainOfTrust;
  #trusted: readonly ResourceRecord[];
  readonly #counters = new ResolverCounters();
  readonly #fingerprint: () => Uint8Array;
  readonly #now: () => number;
  #closed = false;
  /** The latest that the clock has said, milliseconds since the epoch. */
  #latest = Number.NEGATIVE_INFINITY;

  constructor(options: ResolverOptions = {}) {
    const { clock = Date.now, random = Math.random, nsec3Iterations } = options;
    const policy: AlgorithmPolicy = { sha1: options.sha1 ?? false };
    this.#budgets = {
      ...DEFAULT_BUDGETS,
      ...(nsec3Iterations !== undefined && { nsec3Iterations }),
      ...options.budgets,
    };
    this.#clock = clock;
    const now = () => Math.floor(clock() / 1000);
    this.#transport = options.transport ?? createTransport();
    const stats = new ServerStats(clock, random);
    const exchanger = new Exchanger({
      transport: this.#transport,
      stats,
      counters: this.#counters,
      clock,
      ...(options.onQuery && { onQuery: options.onQuery }),
    });
    this.#source = openSource(options, { exchanger, stats, now });
    this.#trusted = options.trustAnchors ?? rootTrustAnchors();
    this.#anchors = new TrustAnchors(this.#trusted);
    const denials = new DenialStore(now);
    const negativeAnchors = new NegativeTrustAnchors(options.negativeTrustAnchors ?? [], clock);
    this.#chain = new ChainOfTrust({
      source: this.#source,
      denials,
      anchors: this.#anchors,
      negativeAnchors,
      skew: options.clockSkewSeconds ?? 0,
      concurrent: options.concurrentVerification ?? false,
      keys: new KeyStore(),
      policy,
      now,
    });
    this.#validator = new Validator(this.#chain, denials);
    this.#cache = new AnswerCache(options.cacheOctets ?? DEFAULT_CACHE_OCTETS, now);
    this.#unchecked = new UncheckedLookup({ source: this.#source, now });
    this.#denials = denials;
    this.#yieldTurn = options.yieldTurn;
    const prefetcher = options.prefetch
      ? new Prefetcher({
          budgets: this.#budgets,
          clock,
          lookUp: (name, type, work) => this.#lookup.ask(name, type, new Map(), work),
          done: (work) => {
            this.#counters.prefetches++;
            this.#counters.add(work);
          },
        })
      : undefined;
    this.#lookup = new SegmentLookup({
      source: this.#source,
      validator: this.#validator,
      chain: this.#chain,
      negativeAnchors,
      cache: this.#cache,
      counters: this.#counters,
      aggressive: options.aggressiveDenial ?? true,
      ...(prefetcher && { onHit: (name, type, known) => prefetcher.consider(name, type, known) }),
    });
    this.#now = now;
    this.#fingerprint = () => settingsFingerprint({ ...options, trustAnchors: this.#trusted }, this.#budgets);
  }

  resolve(name: Name, type: number, options: ResolveOptions = {}): Promise<Resolution> {
    if (this.#closed) return Promise.reject(new DnssecError('closed', 'the resolver is closed'));
    const { signal, timeoutMs = this.#budgets.timeMs } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.#heedClock();
    const key = `${type}/${name.key}`;
    let resolving = this.#underWay.get(key);
    if (!resolving) {
      const work = this.#newWork(timeoutMs);
      resolving = followAliases(
        name,
        type,
        (current, local) => this.#lookup.segment(current, type, local, work),
        work,
      )
        .then((resolution) => {
          this.#counters.answers[resolution.status]++;
          return resolution;
        })
        .finally(() => {
          this.#underWay.delete(key);
          this.#counters.add(work);
        });
      this.#underWay.set(key, resolving);
    }
    return signal ? untilAborted(resolving, signal) : resolving;
  }

  /**
   * What the servers say, aliases followed, nothing proven: for askers that validate themselves and say so by the CD bit
   * (rfc4035#section-3.2.2). Rejects as `resolve` does. Costs what `resolve` may cost.
   */
  resolveUnchecked(
    name: Name,
    type: number,
    options: UncheckedResolveOptions = {},
  ): Promise<UncheckedAnswer> {
    if (this.#closed) return Promise.reject(new DnssecError('closed', 'the resolver is closed'));
    const { signal, timeoutMs = this.#budgets.timeMs, fresh = false } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.#heedClock();
    const key = `${fresh}/${type}/${name.key}`;
    let asking = this.#uncheckedUnderWay.get(key);
    if (!asking) {
      const work = this.#newWork(timeoutMs);
      this.#counters.unchecked++;
      asking = this.#unchecked
        .lookUp(name, type, work, fresh)
        .finally(() => this.#uncheckedUnderWay.delete(key));
      this.#uncheckedUnderWay.set(key, asking);
    }
    return signal ? untilAborted(asking, signal) : asking;
  }

  /**
   * Judges what one server said by itself, by the chain of trust to its zone: for a diagnosis that asks every server. Never rejects but where
   * the resolver is closed.
   */
  judgeResponse(
    message: Message,
    question: ResponseQuestion,
    { timeoutMs = this.#budgets.timeMs }: Pick<ResolveOptions, 'timeoutMs'> = {},
  ): Promise<ResponseJudgement> {
    if (this.#closed) return Promise.reject(new DnssecError('closed', 'the resolver is closed'));
    this.#heedClock();
    return judgeResponse(this.#validator, message, question, this.#newWork(timeoutMs));
  }

  /**
   * Trusts these DS and DNSKEY records from now on, and no others (rfc5011). Where trust in something is withdrawn, what may rest on it is
   * forgotten.
   */
  setTrustAnchors(records: readonly ResourceRecord[]): void {
    const kept = this.#trusted.every((old) => records.some((record) => coversAnchor(record, old)));
    this.#trusted = records;
    this.#anchors.replace(records);
    this.#chain.forget();
    if (kept) return;
    this.#cache.clear();
    this.#denials.clear();
  }

  /**
   * Times to forget are times of the clock. One that was ahead and is set back would have everything from then outlive its TTL by as much, and
   * failures that only it was the reason of hold for as long.
   */
  #heedClock(): void {
    const now = this.#clock();
    if (now < this.#latest - CLOCK_BACK_MS) {
      this.#latest = now;
      this.#cache.clear();
      this.#denials.clear();
      this.#chain.forget();
      this.#unchecked.clear();
      this.#source.forget();
    } else if (now > this.#latest) this.#latest = now;
  }

  /** What was done since the beginning. */
  stats(): ResolverStats {
    const { answers, hits, misses, denied, ...counters } = this.#counters;
    const unchecked = this.#unchecked;
    return {
      ...counters,
      answers: { ...answers },
      caches: {
        answers: { hits, misses, entries: this.#cache.size, octets: this.#cache.octets },
        unchecked: { hits: unchecked.hits, misses: unchecked.misses, entries: unchecked.size },
        denials: { hits: denied, misses: misses - denied, entries: this.#denials.size },
      },
      underWay: this.#underWay.size + this.#uncheckedUnderWay.size,
    };
  }

  /**
   * The secure and insecure answers of the cache, those used last first, for `restore` of a later process. `maxOctets` is roughly kept
   * to; default 32 MiB.
   */
  snapshot(options: { readonly maxOctets?: number } = {}): Uint8Array {
    const { maxOctets = 32 * 1024 * 1024 } = options;
    return encodeSnapshot(proven(this.#cache), {
      fingerprint: this.#fingerprint(),
      now: this.#now(),
      maxOctets,
    });
  }

  /**
   * Takes the answers of a snapshot that have not expired into the cache; returns how many. Throws `DnssecError` and takes nothing where it is
   * damaged ('snapshot-damaged'), made under other trust anchors or settings ('snapshot-foreign'), or from the future ('snapshot-clock').
   */
  restore(octets: Uint8Array): number {
    const answers = decodeSnapshot(octets, { fingerprint: this.#fingerprint(), now: this.#now() });
    // Those used last come first in a snapshot and are to be the youngest here.
    for (const { type, value } of answers.reverse()) {
      this.#cache.set(value.owner, type, { ...value, ttl: Math.min(value.ttl, this.#budgets.maxTtl) });
    }
    return answers.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#source.close();
    await this.#transport.close();
  }

  #newWork(timeoutMs: number): Work {
    return new Work(this.#budgets, this.#clock() + timeoutMs, this.#yieldTurn);
  }
}

function* proven(cache: AnswerCache): Generator<CachedAnswer> {
  for (const { type, value } of cache.entries()) if (value.kind !== 'failure') yield { type, value };
}

/** Whether `record` trusts all that `old` does: the same record, or the key that a DS is the digest of. */
function coversAnchor(record: ResourceRecord, old: ResourceRecord): boolean {
  if (!record.name.equals(old.name)) return false;
  if (record.type === old.type) return equalOctets(record.rdata, old.rdata);
  if (old.type !== RRType.DS) return false;
  const ds = decodeDs(old.rdata);
  const digest = dsDigest(record.name, record.rdata, ds.digestType);
  return digest !== undefined && equalOctets(digest, ds.digest);
}

/** Follows `promise` until the signal aborts; the work itself goes on for whoever else waits for it. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

export function createResolver(options: ResolverOptions = {}): ValidatingResolver {
  return new ValidatingResolver(options);
}
