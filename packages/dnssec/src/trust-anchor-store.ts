/**
 * Trust anchors that follow their owner's key rollovers by themselves (rfc5011). The store asks for each trust point's keys when it is time,
 * verifies them by what it trusts, moves each key on in its life, and says what is trusted now. Files are the program's: it gives `load`
 * and `save`.
 *
 *     const store = await TrustAnchorStore.open({ configured, fetch: keysFrom(resolver), load, save, onChange });
 *     resolver.setTrustAnchors(store.anchors()); // and again in onChange
 *     store.start();
 */
import {
  base64Encode,
  decodeDnskey,
  decodeRrsig,
  Name,
  Rcode,
  type ResourceRecord,
  RRClass,
  RRType,
} from '@mailanchor/dns';
import type { AlgorithmPolicy } from './algorithm.ts';
import { BudgetExceeded, DEFAULT_BUDGETS, Work } from './budget.ts';
import { keyTag } from './key-tag.ts';
import { KeyStore } from './public-key.ts';
import type { ValidatingResolver } from './resolver/validating-resolver.ts';
import type { Clock } from './resolver.ts';
import { collectRRsets } from './rrsets.ts';
import { REVOKE_FLAG, type SignedRRset, type VerifyContext, verifyRRset, type ZoneKey } from './signature.ts';
import { TrustAnchors } from './trust-anchor.ts';
import {
  type AnchorKeyPhase,
  advance,
  type ConfiguredAnchor,
  newTrustPoint,
  postponed,
  reconfigured,
  type Sighting,
  type TrustAnchorState,
  type TrustPointState,
  trustedOf,
} from './trust-anchor-state.ts';
import { readTrustAnchorState } from './trust-anchor-state-json.ts';
import { judgeKeys, readKeys } from './zone-keys.ts';

/** A key that went from one phase to another; undefined is the Start state. */
export interface AnchorChange {
  readonly zone: Name;
  readonly tag: number;
  readonly from: AnchorKeyPhase | undefined;
  readonly to: AnchorKeyPhase | undefined;
}

/** Runs `action` after so many milliseconds; what is returned calls it off. */
export type Schedule = (ms: number, action: () => void) => () => void;

export interface TrustAnchorStoreOptions {
  /** DS and DNSKEY records that the user, or the program, vouches for. */
  readonly configured: readonly ResourceRecord[];
  /** The zone's DNSKEY records and their RRSIGs as the servers give them, unchecked and not from a cache; undefined where none answers. */
  readonly fetch: (zone: Name) => Promise<readonly ResourceRecord[] | undefined>;
  /** What `save` was last given, as JSON gives it back; undefined the first time. */
  readonly load?: () => unknown;
  /** Called after every change of the state. */
  readonly save?: (state: TrustAnchorState) => void | Promise<void>;
  /** Milliseconds since the epoch; default Date.now. */
  readonly clock?: Clock;
  readonly schedule?: Schedule;
  /** Keys changed phase; `anchors()` may have changed with them. */
  readonly onChange?: (changes: readonly AnchorChange[]) => void;
  /** A refresh on the timer failed in a way that is not the DNS's: the state could not be saved. */
  readonly onError?: (error: unknown) => void;
  /** Accept SHA-1; default no. */
  readonly sha1?: boolean;
}

const ANCHOR_TTL = 86_400;

/** A timer that does not keep the process alive. */
const unreferenced: Schedule = (ms, action) => {
  const timer = setTimeout(action, ms).unref();
  return () => clearTimeout(timer);
};

export class TrustAnchorStore {
  readonly #options: TrustAnchorStoreOptions;
  readonly #policy: AlgorithmPolicy;
  readonly #clock: Clock;
  readonly #keys = new KeyStore(64);
  #points: readonly TrustPointState[];
  #refreshing: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  #running = false;

  private constructor(options: TrustAnchorStoreOptions, points: readonly TrustPointState[]) {
    this.#options = options;
    this.#policy = { sha1: options.sha1 ?? false };
    this.#clock = options.clock ?? Date.now;
    this.#points = points;
  }

  /** Loads the state. Throws `DnssecError` 'trust-anchor-state' where it is damaged, or what `load` throws. */
  static async open(options: TrustAnchorStoreOptions): Promise<TrustAnchorStore> {
    const loaded = await options.load?.();
    const known = loaded === undefined || loaded === null ? undefined : readTrustAnchorState(loaded);
    const byZone = new Map<string, { zone: Name; anchors: ConfiguredAnchor[] }>();
    for (const { name, type, rdata } of options.configured) {
      const entry = byZone.get(name.key) ?? { zone: name, anchors: [] };
      byZone.set(name.key, entry);
      entry.anchors.push({ type, rdata: base64Encode(rdata) });
    }
    const points = [...byZone.values()].map(({ zone, anchors }) => {
      const before = known?.points.find((point) => Name.fromText(point.zone).equals(zone));
      return before ? reconfigured(before, anchors) : newTrustPoint(zone, anchors);
    });
    return new TrustAnchorStore(options, points);
  }

  /**
   * What is trusted now: DS and DNSKEY records. A trust point all of whose keys are revoked has none: it is as if it had never been
   * configured (rfc5011#section-5).
   */
  anchors(): ResourceRecord[] {
    return this.#points.flatMap((point) => {
      const name = Name.fromText(point.zone);
      return trustedOf(point).map(({ type, rdata }) => ({
        name,
        type,
        class: RRClass.IN,
        ttl: ANCHOR_TTL,
        rdata,
      }));
    });
  }

  /** As it is saved. */
  state(): TrustAnchorState {
    return { version: 1, points: this.#points };
  }

  /** Milliseconds since the epoch of the next question; infinite where there is no trust point. */
  nextRefresh(): number {
    return Math.min(...this.#points.map((point) => point.nextRefresh)) * 1000;
  }

  /** Asks for the keys whenever it is time, the first time at once where it is due. */
  start(): void {
    this.#running = true;
    this.#plan();
  }

  close(): void {
    this.#running = false;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #plan(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const next = this.nextRefresh();
    if (!this.#running || !Number.isFinite(next)) return;
    const { schedule = unreferenced, onError } = this.#options;
    this.#cancel = schedule(Math.max(0, next - this.#clock()), () => {
      this.refresh()
        .catch((error: unknown) => onError?.(error))
        .finally(() => this.#plan());
    });
  }

  /** Asks for the keys of the trust points that are due, of all of them with `all`. Rejects where `save` does. */
  refresh(options: { readonly all?: boolean } = {}): Promise<void> {
    this.#refreshing ??= this.#refresh(options.all ?? false).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(all: boolean): Promise<void> {
    const before = this.#points;
    for (const point of before) {
      const now = this.#now();
      if (!all && point.nextRefresh > now) continue;
      let records: readonly ResourceRecord[] | undefined;
      try {
        records = await this.#options.fetch(Name.fromText(point.zone));
      } catch {
        // No answer is no answer: asked again later.
      }
      const after = await this.#observe(point, records);
      this.#points = this.#points.map((other) => (other === point ? after : other));
    }
    if (this.#points === before) return;
    const changes = before.flatMap((point, i) => changesOf(point, this.#points[i]!));
    if (changes.length > 0) this.#options.onChange?.(changes);
    await this.#options.save?.(this.state());
  }

  #now(): number {
    return Math.floor(this.#clock() / 1000);
  }

  /** What the records show, and the trust point after it. */
  async #observe(
    point: TrustPointState,
    records: readonly ResourceRecord[] | undefined,
  ): Promise<TrustPointState> {
    const now = this.#now();
    const zone = Name.fromText(point.zone);
    const rrset = collectRRsets(records ?? []).get(zone, RRType.DNSKEY);
    if (!rrset) return postponed(point, now);
    try {
      const selfRevoked = await this.#selfRevoked(zone, rrset, now);
      // What has just been revoked vouches for nothing any more, not for its successors either.
      const left = advance(point, { keys: [], selfRevoked }, now);
      const validated = await this.#validated(zone, rrset, left, now);
      const sighting: Sighting = {
        keys: rrset.rdatas.filter((rdata) => isKey(rdata)),
        selfRevoked,
        ...(validated && { validated }),
      };
      return advance(point, sighting, now);
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error;
      return postponed(point, now);
    }
  }

  #context(now: number): VerifyContext {
    const work = new Work(DEFAULT_BUDGETS, Number.POSITIVE_INFINITY);
    return { keys: this.#keys, policy: this.#policy, now, work };
  }

  /** Keys with the REVOKE bit that have signed the RRset themselves (rfc5011#section-2.1). */
  async #selfRevoked(zone: Name, rrset: SignedRRset, now: number): Promise<Uint8Array[]> {
    const context = this.#context(now);
    const revoked: Uint8Array[] = [];
    for (const rdata of rrset.rdatas) {
      if (!isKey(rdata)) continue;
      const data = decodeDnskey(rdata);
      if ((data.flags & REVOKE_FLAG) === 0) continue;
      // For this one signature the revoked key still counts, under the tag that it has with the bit.
      const key: ZoneKey = { tag: keyTag(rdata), data: { ...data, flags: data.flags & ~REVOKE_FLAG }, rdata };
      if ((await verifyRRset(rrset, zone, [key], context)).kind === 'valid') revoked.push(rdata);
    }
    return revoked;
  }

  async #validated(
    zone: Name,
    rrset: SignedRRset,
    point: TrustPointState,
    now: number,
  ): Promise<Sighting['validated'] | undefined> {
    const trusted = trustedOf(point).map(({ type, rdata }) => ({
      name: zone,
      type,
      class: RRClass.IN,
      ttl: ANCHOR_TTL,
      rdata,
    }));
    const anchor = new TrustAnchors(trusted).closest(zone);
    if (!anchor) return undefined;
    const outcome = await judgeKeys(zone, rrset, readKeys(rrset), anchor.ds, anchor.keys, this.#context(now));
    if (outcome.kind !== 'keys') return undefined;
    const { keyTag: tag, expiration } = outcome.signature;
    return { originalTtl: originalTtl(rrset, tag) ?? rrset.ttl, expireInterval: expiration - now };
  }
}

/** For `fetch`: the keys as the resolver's servers give them, past every cache. */
export function keysFrom(
  resolver: Pick<ValidatingResolver, 'resolveUnchecked'>,
): TrustAnchorStoreOptions['fetch'] {
  return async (zone) => {
    const { rcode, answer } = await resolver.resolveUnchecked(zone, RRType.DNSKEY, { fresh: true });
    return rcode === Rcode.NOERROR ? answer : undefined;
  };
}

function originalTtl(rrset: SignedRRset, tag: number): number | undefined {
  for (const rdata of rrset.signatures) {
    try {
      const rrsig = decodeRrsig(rdata);
      if (rrsig.keyTag === tag) return rrsig.originalTtl;
    } catch {
      // Another one is the one that holds.
    }
  }
  return undefined;
}

function isKey(rdata: Uint8Array): boolean {
  try {
    decodeDnskey(rdata);
    return true;
  } catch {
    return false;
  }
}

function changesOf(before: TrustPointState, after: TrustPointState): AnchorChange[] {
  const zone = Name.fromText(after.zone);
  const phases = new Map(before.keys.map(({ dnskey, phase }) => [dnskey, phase]));
  const changes: AnchorChange[] = [];
  for (const { dnskey, tag, phase } of after.keys) {
    const from = phases.get(dnskey);
    if (from !== phase) changes.push({ zone, tag, from, to: phase });
  }
  const left = new Set(after.keys.map(({ dnskey }) => dnskey));
  for (const { dnskey, tag, phase } of before.keys)
    if (!left.has(dnskey)) changes.push({ zone, tag, from: phase, to: undefined });
  return changes;
}
