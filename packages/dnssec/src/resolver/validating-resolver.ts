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
  decodeSingleName,
  Ede,
  equalOctets,
  type Message,
  type Name,
  Rcode,
  type ResourceRecord,
  RRType,
  type Transport,
} from '@mailanchor/dns';
import type { AlgorithmPolicy } from '../algorithm.ts';
import { askUntilGood } from '../ask.ts';
import { BudgetExceeded, type Budgets, DEFAULT_BUDGETS, Work, type YieldTurn } from '../budget.ts';
import { ChainOfTrust } from '../chain-of-trust.ts';
import { DenialStore } from '../denial-store.ts';
import { dsDigest } from '../ds.ts';
import { DnssecError } from '../errors.ts';
import { NegativeTrustAnchors } from '../negative-trust-anchor.ts';
import {
  type AliasLink,
  type Reason,
  type Resolution,
  type Status,
  weakest,
  type ZoneLink,
} from '../proof.ts';
import { KeyStore } from '../public-key.ts';
import type { Clock, ResolveOptions, Resolver } from '../resolver.ts';
import { readSegments } from '../segment.ts';
import type { Source } from '../source.ts';
import { rootTrustAnchors, TrustAnchors } from '../trust-anchor.ts';
import { type Validated, Validator } from '../validator.ts';
import { AnswerCache } from './answer-cache.ts';
import { Exchanger } from './exchange.ts';
import { judgeResponse, type ResponseJudgement, type ResponseQuestion } from './judge-response.ts';
import { openSource } from './open-source.ts';
import { Prefetcher } from './prefetch.ts';
import type { ResolverOptions, UncheckedResolveOptions } from './resolver-options.ts';
import { ResolverCounters, type ResolverStats } from './resolver-stats.ts';
import { ServerStats } from './server-stats.ts';
import { settingsFingerprint } from './settings-fingerprint.ts';
import { type CachedAnswer, decodeSnapshot, encodeSnapshot } from './snapshot.ts';
import { type UncheckedAnswer, UncheckedLookup } from './unchecked.ts';

export type { ResolverOptions, UncheckedResolveOptions };

const DEFAULT_CACHE_OCTETS = 64 * 1024 * 1024;

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
  readonly #aggressive: boolean;
  readonly #prefetcher: Prefetcher | undefined;
  readonly #yieldTurn: YieldTurn | undefined;
  readonly #denials: DenialStore;
  readonly #anchors: TrustAnchors;
  readonly #negativeAnchors: NegativeTrustAnchors;
  readonly #chain: ChainOfTrust;
  #trusted: readonly ResourceRecord[];
  readonly #counters = new ResolverCounters();
  readonly #fingerprint: () => Uint8Array;
  readonly #now: () => number;
  #closed = false;

  constructor(options: ResolverOptions = {}) {
    const { clock = Date.now, random = Math.random, nsec3Iterations } = options;
    const policy: AlgorithmPolicy = { sha1: options.sha1 ?? false };
    this.#budgets = {
      ...DEFAULT_BUDGETS,
      ...(nsec3Iterations !== undefined && { nsec3Iterations }),
      ...options.budgets,
    };
    this.#clock = clock;
    this.#aggressive = options.aggressiveDenial ?? true;
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
    this.#negativeAnchors = new NegativeTrustAnchors(options.negativeTrustAnchors ?? [], clock);
    this.#chain = new ChainOfTrust({
      source: this.#source,
      denials,
      anchors: this.#anchors,
      negativeAnchors: this.#negativeAnchors,
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
    if (options.prefetch) {
      this.#prefetcher = new Prefetcher({
        budgets: this.#budgets,
        clock,
        lookUp: (name, type, work) => this.#ask(name, type, new Map(), work),
        done: (work) => {
          this.#counters.prefetches++;
          this.#counters.add(work);
        },
      });
    }
    this.#now = now;
    this.#fingerprint = () => settingsFingerprint({ ...options, trustAnchors: this.#trusted }, this.#budgets);
  }

  resolve(name: Name, type: number, options: ResolveOptions = {}): Promise<Resolution> {
    if (this.#closed) return Promise.reject(new DnssecError('closed', 'the resolver is closed'));
    const { signal, timeoutMs = this.#budgets.timeMs } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const key = `${type}/${name.key}`;
    let resolving = this.#underWay.get(key);
    if (!resolving) {
      const work = this.#newWork(timeoutMs);
      resolving = this.#resolve(name, type, work)
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

  async #resolve(name: Name, type: number, work: Work): Promise<Resolution> {
    const aliases: AliasLink[] = [];
    const answer: ResourceRecord[] = [];
    const authority: ResourceRecord[] = [];
    const chain = new Map<string, ZoneLink>();
    /** Segments of this question, whatever their TTL: what came in one response is used together. */
    const local = new Map<string, Validated>();
    let status: Status = 'secure';
    let ttl = this.#budgets.maxTtl;
    let current = name;
    let negativeTrustAnchor: Name | undefined;
    let why: Reason | undefined;

    const base = () => ({
      name,
      type,
      aliases,
      canonicalName: current,
      chain: [...chain.values()],
      ...(negativeTrustAnchor && { negativeTrustAnchor }),
    });
    const failed = (
      weak: 'bogus' | 'indeterminate',
      reason: Reason,
      rcode: number,
      failureTtl: number,
    ): Extract<Resolution, { kind: 'failure' }> => ({
      ...base(),
      kind: 'failure',
      status: weak,
      rcode,
      records: [],
      answer: [],
      authority: [],
      ttl: failureTtl,
      reason,
    });

    if (type === RRType.RRSIG) {
      const text = 'no signature is signed itself: ask for the type that it covers';
      return failed('indeterminate', { ede: Ede.NOT_SUPPORTED, text }, Rcode.SERVFAIL, this.#budgets.maxTtl);
    }
    try {
      for (;;) {
        const segment = await this.#segment(current, type, local, work);
        for (const link of segment.chain) chain.set(link.zone.key, link);
        if (segment.kind === 'failure') {
          const failure = failed(
            segment.status,
            segment.reason,
            segment.rcode ?? Rcode.SERVFAIL,
            segment.ttl,
          );
          return segment.dname ? { ...failure, overlong: [...answer, ...segment.dname] } : failure;
        }
        status = weakest(status, segment.status);
        ttl = Math.min(ttl, segment.ttl);
        negativeTrustAnchor ??= segment.negativeTrustAnchor;
        why ??= segment.reason;
        answer.push(...segment.answer);
        authority.push(...segment.authority);
        if (segment.kind !== 'alias' || type === RRType.CNAME) {
          const end = type === RRType.CNAME ? deniedTarget(segment, local) : undefined;
          if (end) {
            status = weakest(status, end.status);
            ttl = Math.min(ttl, end.ttl);
            authority.push(...end.authority);
          }
          const common = {
            ...base(),
            status: status as 'secure' | 'insecure',
            answer,
            authority,
            ttl,
            ...(why && { reason: why }),
          };
          if (segment.kind === 'nodata' || segment.kind === 'nxdomain') {
            const rcode = segment.kind === 'nxdomain' ? Rcode.NXDOMAIN : Rcode.NOERROR;
            return { ...common, kind: segment.kind, rcode, records: [] };
          }
          // Of a DNAME's segment the CNAME is what was asked for.
          const records = segment.kind === 'alias' ? cnameOf(segment) : segment.records;
          return { ...common, kind: 'answer', rcode: end ? Rcode.NXDOMAIN : Rcode.NOERROR, records };
        }
        aliases.push({ kind: segment.via!, owner: current, target: segment.target!, status: segment.status });
        if (aliases.length > this.#budgets.aliases) {
          throw new BudgetExceeded('aliases', `more than ${this.#budgets.aliases} aliases from ${name}`);
        }
        current = segment.target!;
        if (aliases.some(({ owner }) => owner.equals(current))) {
          const text = `the aliases of ${name} lead in a circle`;
          // Where everything on the way is signed the zones themselves are at fault; else it may be anybody's doing, or nobody's.
          const weak = status === 'secure' ? 'bogus' : 'indeterminate';
          const { bogusTtl, failureTtl } = this.#budgets;
          return failed(
            weak,
            { ede: Ede.OTHER, text },
            Rcode.SERVFAIL,
            weak === 'bogus' ? bogusTtl : failureTtl,
          );
        }
      }
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error;
      const ede = error.what === 'timeMs' ? Ede.NO_REACHABLE_AUTHORITY : Ede.OTHER;
      return failed('indeterminate', { ede, text: error.message }, Rcode.SERVFAIL, 0);
    }
  }

  #newWork(timeoutMs: number): Work {
    return new Work(this.#budgets, this.#clock() + timeoutMs, this.#yieldTurn);
  }

  /** The validated segment of one name: from this question, from the cache, or asked for. */
  async #segment(name: Name, type: number, local: Map<string, Validated>, work: Work): Promise<Validated> {
    const known = local.get(name.key) ?? this.#cache.get(name, type);
    if (known && this.#stillHolds(known)) {
      this.#counters.hits++;
      this.#prefetcher?.consider(name, type, known);
      return known;
    }
    this.#counters.misses++;
    // There is nothing above the root: its DS does not exist, and nobody could say so.
    if (type === RRType.DS && name.isRoot) return rootHasNoDs(name);
    const referred = type === RRType.DS ? await this.#referredDs(name, work) : undefined;
    if (referred) return referred;
    const denied = this.#aggressive
      ? (this.#deniedAbove(name) ?? (await this.#validator.denyFromStore(name, type, work)))
      : undefined;
    if (denied) {
      this.#counters.denied++;
      return denied;
    }
    const asked = await this.#ask(name, type, local, work);
    // Bogus for a minute at most, no answer for seconds (rfc4035#section-4.7): neither is asked for again at every question.
    if (asked.kind === 'failure') this.#cache.set(name, type, asked);
    return asked;
  }

  /** NXDOMAIN cut (rfc8020): nothing is below a name that does not exist, unless a trust anchor, of either kind, is for something there. */
  #deniedAbove(name: Name): Validated | undefined {
    const denied = this.#cache.nxdomainAbove(name);
    const zone = denied?.kind === 'nxdomain' ? denied.chain.at(-1)?.zone : undefined;
    if (!zone || this.#chain.isExempt(name) || !this.#chain.maySign(zone, name)) return undefined;
    return denied;
  }

  /** Whether what was exempt from proof still is: a negative trust anchor that has ended takes its answers along. */
  #stillHolds({ negativeTrustAnchor: zone }: Validated & { readonly negativeTrustAnchor?: Name }): boolean {
    return zone === undefined || this.#negativeAnchors.has(zone);
  }

  /** Asks the servers. What holds is kept, in the cache and in `local`; a failure is not. */
  async #ask(name: Name, type: number, local: Map<string, Validated>, work: Work): Promise<Validated> {
    const outcome = await askUntilGood(
      this.#source,
      name,
      type,
      work,
      async (raw): Promise<Validated> => {
        const segments = readSegments(raw.message, name, type, raw.bailiwick, raw.except);
        let first: Validated | undefined;
        for (const segment of segments) {
          const validated = await this.#validator.validate(segment, type, work);
          // What a server says of others' names counts only if their own signatures say so too.
          if (segment.outside && validated.status !== 'secure') break;
          first ??= validated;
          // What follows a segment that does not hold came from a message that is not to be trusted.
          if (validated.kind === 'failure') break;
          local.set(segment.owner.key, validated);
          this.#cache.set(segment.owner, type, validated);
        }
        if (first) return first;
        const reason = { ede: Ede.INVALID_DATA, text: `${raw.server} answers something else than was asked` };
        return {
          kind: 'failure',
          status: 'indeterminate',
          owner: name,
          reason,
          chain: [],
          ttl: this.#budgets.failureTtl,
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
      ttl: this.#budgets.failureTtl,
      ...(outcome.rcode !== undefined && { rcode: outcome.rcode }),
    };
  }

  /** A DS that a referral brought along needs no question of its own. */
  async #referredDs(name: Name, work: Work): Promise<Validated | undefined> {
    const referral = this.#source.referralDs(name);
    if (!referral?.ds) return undefined;
    const { ds, proofs } = referral;
    const validated = await this.#validator.validate(
      { kind: 'answer', owner: name, outside: false, rrsets: [ds], proofs },
      RRType.DS,
      work,
    );
    if (validated.kind === 'failure') return undefined;
    this.#cache.set(name, RRType.DS, validated);
    return validated;
  }
}

function* proven(cache: AnswerCache): Generator<CachedAnswer> {
  for (const { type, value } of cache.entries()) if (value.kind !== 'failure') yield { type, value };
}

/** The CNAME of an alias segment, synthesised or not. */
function cnameOf({ answer, owner }: Exclude<Validated, { kind: 'failure' }>): ResourceRecord[] {
  return answer.filter((record) => record.type === RRType.CNAME && record.name.equals(owner));
}

/** What the same response proved of where a CNAME leads to, if that is that there is no such name. */
function deniedTarget(
  segment: Exclude<Validated, { kind: 'failure' }>,
  local: ReadonlyMap<string, Validated>,
): Extract<Validated, { kind: 'answer' | 'alias' | 'nodata' | 'nxdomain' }> | undefined {
  const rdata = segment.records[0]?.rdata;
  const target = segment.target ?? (segment.kind === 'answer' && rdata ? decodeSingleName(rdata) : undefined);
  const end = target && local.get(target.key);
  return end?.kind === 'nxdomain' ? end : undefined;
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
