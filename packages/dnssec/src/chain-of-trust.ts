/**
 * The chain of trust: from an anchor down, zone by zone, each link a DS RRset of the parent that vouches for a key of the child
 * (rfc4035#section-5). Walks a label at a time: whether a name is a zone cut is itself only known by proof.
 */
import { type DsData, detachName, detachRRset, Ede, type Name, RRType } from '@mailanchor/dns';
import { type AlgorithmPolicy, algorithmToText, isSupportedAlgorithm } from './algorithm.ts';
import { askUntilGood, type Failure } from './ask.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Work } from './budget.ts';
import { doubtClock } from './clock-sanity.ts';
import { bogus, type DsOutcome, judgeAlias, judgeDs } from './delegation-signer.ts';
import { proveNoDs } from './denial.ts';
import type { DenialStore } from './denial-store.ts';
import { usableDs } from './ds.ts';
import type { NegativeTrustAnchors } from './negative-trust-anchor.ts';
import type { Reason, ZoneLink } from './proof.ts';
import type { KeyStore } from './public-key.ts';
import { readSegments } from './segment.ts';
import { type SignedRRset, type VerifyContext, ZONE_KEY_FLAG, type ZoneKey } from './signature.ts';
import type { RawAnswer, Source } from './source.ts';
import type { TrustAnchor, TrustAnchors } from './trust-anchor.ts';
import { detachKeys, dsInfo, judgeKeys, type KeysOutcome, keyInfo, readKeys } from './zone-keys.ts';
import { chainFrom, type SecureTrust, type ZoneTrust } from './zone-trust.ts';

const NO_KEYS: readonly never[] = [];

/** What one more label brings: a zone of its own, or nothing new. */
interface Step {
  readonly trust: ZoneTrust | 'no-cut';
  readonly expiresAt: number;
}

export interface ChainOptions {
  readonly source: Source;
  readonly anchors: TrustAnchors;
  readonly negativeAnchors: NegativeTrustAnchors;
  readonly keys: KeyStore;
  readonly policy: AlgorithmPolicy;
  readonly denials: DenialStore;
  /** Epoch seconds. */
  readonly now: () => number;
  /** Seconds by which the clock may be wrong either way; default 0. */
  readonly skew?: number;
  readonly cacheEntries?: number;
  /** See `VerifyContext`. */
  readonly concurrent?: boolean;
}

export class ChainOfTrust {
  readonly #options: ChainOptions;
  readonly #steps: BoundedMap<Step>;
  readonly #underWay = new Map<string, Promise<Step>>();

  constructor(options: ChainOptions) {
    this.#options = options;
    this.#steps = new BoundedMap(options.cacheEntries ?? 50_000);
  }

  /** The trust in the deepest zone at or above `target`. Rejects with `BudgetExceeded` only. */
  async zoneOf(target: Name, work: Work): Promise<ZoneTrust> {
    const anchor = this.#options.anchors.closest(target);
    if (this.isExempt(target)) {
      const negative = this.#options.negativeAnchors.closest(target)!;
      return this.#insecure(negative, undefined, 'negative trust anchor', { negativeTrustAnchor: negative });
    }
    if (!anchor) return this.#insecure(target.ancestor(0), undefined, 'no trust anchor');

    const now = this.#options.now();
    let known = this.#known(anchor.zone, now);
    let current = known ?? (await this.#step(anchor.zone, () => this.#anchored(anchor, work)));
    let trust = current.trust as ZoneTrust;
    for (let labels = anchor.zone.labelCount + 1; labels <= target.labelCount; labels++) {
      if (trust.status !== 'secure') return trust;
      const child = target.ancestor(labels);
      // Most of the way is known, and nothing is waited for there.
      known = this.#known(child, now);
      if (known) current = known;
      else {
        const from = trust;
        const turn = work.turn();
        if (turn) await turn;
        current = await this.#step(child, () => this.#descend(from, child, target, work));
      }
      if (current.trust !== 'no-cut') trust = current.trust;
    }
    return trust;
  }

  #known(zone: Name, now: number): Step | undefined {
    const step = this.#steps.get(zone.key);
    return step && step.expiresAt > now ? step : undefined;
  }

  /** Finds everything out anew: the anchors have changed. */
  forget(): void {
    this.#steps.clear();
    this.#underWay.clear();
  }

  /** Whether `signer` may sign for `name`: not from above a trust anchor that is closer. */
  maySign(signer: Name, name: Name): boolean {
    const anchor = this.#options.anchors.closest(name);
    return !anchor || signer.isAtOrBelow(anchor.zone);
  }

  /** The zone of the closest trust anchor at or above `name`. */
  anchorOf(name: Name): Name | undefined {
    return this.#options.anchors.closest(name)?.zone;
  }

  /** Whether a negative trust anchor at or above `name` says that nothing is to be proven there (rfc7646#section-2). */
  isExempt(name: Name): boolean {
    const negative = this.#options.negativeAnchors.closest(name);
    if (!negative) return false;
    const anchor = this.#options.anchors.closest(name);
    return !anchor || negative.labelCount >= anchor.zone.labelCount;
  }

  /** Epoch seconds. */
  now(): number {
    return this.#options.now();
  }

  verifyContext(work: Work): VerifyContext {
    const { keys, policy, now, skew = 0, concurrent = false } = this.#options;
    return { keys, policy, now: now(), skew, work, concurrent };
  }

  /** From the cache, from whoever is finding it out, or found out. A chain depends on its parents only: no two wait for each other. */
  async #step(name: Name, find: () => Promise<Step>): Promise<Step> {
    const cached = this.#known(name, this.#options.now());
    if (cached) return cached;
    const underWay = this.#underWay.get(name.key);
    if (underWay) return underWay;
    const finding = find();
    this.#underWay.set(name.key, finding);
    try {
      const step = await finding;
      // A parent's end is a child's end: nothing outlives what it rests on. Nor does it outlive `forget`.
      if (this.#underWay.get(name.key) === finding) this.#steps.set(name.key, step);
      return step;
    } finally {
      if (this.#underWay.get(name.key) === finding) this.#underWay.delete(name.key);
    }
  }

  #insecure(
    zone: Name,
    parent: ZoneTrust | undefined,
    note: string,
    more: {
      ttl?: number;
      negativeTrustAnchor?: Name;
      ede?: number;
      ds?: readonly DsData[];
      proof?: readonly SignedRRset[];
    } = {},
  ): ZoneTrust {
    const { ttl = 3600, negativeTrustAnchor, ede, ds = [], proof } = more;
    const kept = detachName(zone);
    const link: ZoneLink = {
      zone: kept,
      status: 'insecure',
      via: ds.length > 0 ? 'ds' : 'none',
      ds: ds.map(dsInfo),
      keys: NO_KEYS,
      note,
      ...(proof && { proof: proof.map(detachRRset) }),
    };
    return {
      status: 'insecure',
      zone: kept,
      link,
      chain: chainFrom(parent, link),
      expiresAt: Math.min(this.#options.now() + ttl, parent?.expiresAt ?? Number.POSITIVE_INFINITY),
      ...(parent && { parent }),
      ...(negativeTrustAnchor && { negativeTrustAnchor }),
      ...(ede !== undefined && { ede }),
    };
  }

  #failed(
    status: 'bogus' | 'indeterminate',
    zone: Name,
    parent: ZoneTrust | undefined,
    reason: Reason,
    work: Work,
    ds: readonly DsData[] = [],
    keys: readonly ZoneKey[] = [],
  ): Step {
    const ttl = status === 'bogus' ? work.budgets.bogusTtl : work.budgets.failureTtl;
    const expiresAt = this.#options.now() + ttl;
    const link: ZoneLink = {
      zone,
      status,
      via: parent ? (ds.length > 0 ? 'ds' : 'none') : 'anchor',
      ds: ds.map(dsInfo),
      keys: keys.map(keyInfo),
      note: reason.text,
    };
    const chain = chainFrom(parent, link);
    return { expiresAt, trust: { status, zone, link, chain, reason, expiresAt, ...(parent && { parent }) } };
  }

  async #anchored(anchor: TrustAnchor, work: Work): Promise<Step> {
    const { policy } = this.#options;
    const ds = usableDs(anchor.ds, policy);
    const keys = anchor.keys.filter(({ data }) => isSupportedAlgorithm(data.algorithm, policy));
    if (ds.length === 0 && keys.length === 0) {
      const trust = this.#insecure(anchor.zone, undefined, 'trust anchor of unsupported algorithm or digest');
      return { trust, expiresAt: trust.expiresAt };
    }
    return this.#withKeys(anchor.zone, undefined, ds, keys, Number.POSITIVE_INFINITY, work, anchor.ds);
  }

  /** One label down from `parent`: the DS of `child`, or the proof that there is none, from the referral or asked for. */
  async #descend(parent: SecureTrust, child: Name, target: Name, work: Work): Promise<Step> {
    const referral = this.#options.source.referralDs(child);
    if (referral) {
      const outcome = await judgeDs(
        parent,
        child,
        referral.ds,
        referral.proofs,
        this.verifyContext(work),
        this.#options.denials,
      );
      if (outcome.kind !== 'bogus') return this.#settle(parent, child, outcome, work);
    }
    const known = this.#options.denials.about(child, parent.zone, work);
    if (known) {
      const proof = proveNoDs(child, parent.zone, known.rrsets, work);
      if (proof.kind !== 'unproven')
        return this.#settle(
          parent,
          child,
          proof.kind === 'insecure'
            ? { ...proof, ttl: known.ttl, proof: known.rrsets }
            : { ...proof, ttl: known.ttl },
          work,
        );
    }
    const passed = await this.#passed(parent, child, target, work);
    if (passed) return this.#settle(parent, child, passed, work);
    const outcome = await this.#ask<DsOutcome>(child, RRType.DS, work, async (raw) => {
      const [segment] = readSegments(raw.message, child, RRType.DS, raw.bailiwick);
      if (!segment || segment.kind === 'contradiction' || segment.kind === 'overlong')
        return bogus(`no usable answer for DS of ${child}`, parent.zone);
      if (segment.kind === 'alias') return judgeAlias(parent, child, segment.rrset, this.verifyContext(work));
      const ds = segment.kind === 'answer' ? segment.rrsets[0] : undefined;
      return judgeDs(parent, child, ds, segment.proofs, this.verifyContext(work), this.#options.denials);
    });
    return this.#settle(parent, child, outcome, work);
  }

  /** No zone begins at `child` where the same parent has signed the DS of a zone below it: a referral that skipped the name has told. */
  async #passed(parent: SecureTrust, child: Name, target: Name, work: Work): Promise<DsOutcome | undefined> {
    for (let labels = child.labelCount + 1; labels <= target.labelCount; labels++) {
      const below = target.ancestor(labels);
      const ds = this.#options.source.referralDs(below)?.ds;
      if (!ds) continue;
      const outcome = await judgeDs(parent, below, ds, [], this.verifyContext(work), this.#options.denials);
      return outcome.kind === 'ds' ? { kind: 'no-cut', ttl: outcome.ttl } : undefined;
    }
    return undefined;
  }

  async #settle(parent: SecureTrust, child: Name, outcome: DsOutcome, work: Work): Promise<Step> {
    const now = this.#options.now();
    switch (outcome.kind) {
      case 'no-cut':
        return { trust: 'no-cut', expiresAt: Math.min(parent.expiresAt, now + outcome.ttl) };
      case 'insecure': {
        const trust = this.#insecure(child, parent, outcome.note, {
          ttl: outcome.ttl,
          proof: outcome.proof,
        });
        return { trust, expiresAt: trust.expiresAt };
      }
      case 'bogus':
      case 'indeterminate':
        // rfc4035#section-4.3: a chain ought to be there and data it needs is missing. That no server hands it out is no excuse.
        return this.#failed('bogus', child, parent, outcome.reason, work);
      case 'ds': {
        const usable = usableDs(outcome.records, this.#options.policy);
        if (usable.length === 0) {
          const algorithms = [...new Set(outcome.records.map((ds) => algorithmToText(ds.algorithm)))].join(
            ', ',
          );
          const trust = this.#insecure(
            child,
            parent,
            `every DS is of an unsupported algorithm or digest (${algorithms})`,
            {
              ttl: outcome.ttl,
              ede: Ede.UNSUPPORTED_DNSKEY_ALGORITHM,
              ds: outcome.records,
            },
          );
          return { trust, expiresAt: trust.expiresAt };
        }
        const until = Math.min(parent.expiresAt, now + outcome.ttl);
        return this.#withKeys(child, parent, usable, [], until, work, outcome.records);
      }
    }
  }

  /** Fetches the zone's DNSKEY RRset and checks it against what vouches for it: DS records, or keys of an anchor. */
  async #withKeys(
    zone: Name,
    parent: ZoneTrust | undefined,
    ds: readonly DsData[],
    trusted: readonly ZoneKey[],
    until: number,
    work: Work,
    allDs: readonly DsData[],
  ): Promise<Step> {
    let published: readonly ZoneKey[] = [];
    let last: SignedRRset | undefined;
    const outcome = await this.#ask<KeysOutcome>(zone, RRType.DNSKEY, work, (raw) => {
      const [segment] = readSegments(raw.message, zone, RRType.DNSKEY, raw.bailiwick);
      const rrset = segment?.kind === 'answer' ? segment.rrsets[0] : undefined;
      if (!rrset) {
        return bogus(
          `${zone} publishes no DNSKEY, says ${raw.server}, though ${parent ? 'its parent has a DS' : 'a trust anchor names it'}`,
          zone,
          Ede.DNSKEY_MISSING,
        );
      }
      // Keys are there, so they are signed: whoever hands them out bare has taken the signatures away.
      if (rrset.signatures.length === 0) {
        return bogus(
          `${raw.server} answers for DNSKEY of ${zone} without signatures`,
          zone,
          Ede.RRSIGS_MISSING,
        );
      }
      last = rrset;
      published = readKeys(rrset);
      return judgeKeys(zone, rrset, published, ds, trusted, this.verifyContext(work));
    });
    // Where a DS promises keys and no server hands them out, the chain is broken, whatever the cause: bogus, as RFC 4035 has it.
    if (outcome.kind !== 'keys') {
      const reason =
        outcome.kind === 'indeterminate'
          ? { ...outcome.reason, ede: Ede.DNSKEY_MISSING, zone }
          : parent
            ? outcome.reason
            : doubtClock(outcome.reason, last, this.#options.now());
      return this.#failed('bogus', zone, parent, reason, work, allDs, published);
    }

    const expiresAt = Math.min(until, this.#options.now() + Math.min(outcome.ttl, work.budgets.maxTtl));
    const zoneKeys = outcome.keys.filter(({ data }) => (data.flags & ZONE_KEY_FLAG) !== 0);
    // Kept for as long as the keys may be, and nothing besides: no packet, and one name.
    const kept = detachName(zone);
    const link: ZoneLink = {
      zone: kept,
      status: 'secure',
      via: parent ? 'ds' : 'anchor',
      ds: allDs.map(dsInfo),
      keys: zoneKeys.map(keyInfo),
      signature: { ...outcome.signature, signer: kept },
    };
    const keys = detachKeys(zoneKeys);
    const chain = chainFrom(parent, link);
    return {
      expiresAt,
      trust: { status: 'secure', zone: kept, keys, link, chain, expiresAt, ...(parent && { parent }) },
    };
  }

  /** Asks until an answer is not bogus: one broken server among several is not a broken zone. */
  async #ask<T extends { kind: string }>(
    name: Name,
    type: number,
    work: Work,
    judge: (raw: Extract<RawAnswer, { kind: 'message' }>) => T | Failure | Promise<T | Failure>,
  ): Promise<T | Failure> {
    return askUntilGood(
      this.#options.source,
      name,
      type,
      work,
      judge,
      (outcome) => outcome.kind === 'bogus',
      type === RRType.DS ? 'ds' : 'dnskey',
    );
  }
}
