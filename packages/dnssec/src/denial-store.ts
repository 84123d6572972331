/**
 * Denials kept for names not asked yet (rfc8198): a validated NSEC or NSEC3 record says that nothing lies between two names, so the next
 * question for something in between needs no server. Also tells of absent DS records that other responses have proven by the way.
 *
 * Only secure records come in here. Opt-out spans deny nothing but DS (rfc8198#section-5.4). Wildcards are not synthesised from.
 */
import {
  base32HexEncode,
  decodeNsec,
  decodeNsec3,
  detachName,
  equalOctets,
  type Name,
  type RRset,
  RRType,
} from '@mailanchor/dns';
import { BoundedMap } from './bounded-map.ts';
import type { Work } from './budget.ts';
import { chargedNsec3Hash, nsec3HashWeight } from './nsec3.ts';
import { detachSigned } from './rrsets.ts';
import type { SignedRRset } from './signature.ts';

interface Kept {
  readonly rrset: SignedRRset;
  /** Of an NSEC3: the hash of its owner, by which the records are sorted, and the next one. Of others: empty. */
  readonly hash: string;
  readonly nextHash: string;
  /** Of an NSEC: the next owner. */
  readonly next?: Name;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

interface ZoneDenials {
  readonly zone: Name;
  readonly nsec: Kept[];
  nsec3: Kept[];
  /** Whether there is an NSEC3 without opt-out: those with deny nothing but DS. */
  withoutOptOut: boolean;
  /** Parameters of the zone's NSEC3 chain; another set of them starts the list anew. */
  parameters?: { readonly iterations: number; readonly salt: Uint8Array };
  soa?: Kept;
}

const ZONES = 500;
/** Records kept for one zone: a walk of the popular part of a top-level domain, no more. */
const RECORDS_PER_ZONE = 2000;

/** The position of the last element that is not after the target; -1 where all are. */
function floor(list: readonly Kept[], after: (kept: Kept) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (after(list[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}

function insert(
  list: Kept[],
  kept: Kept,
  after: (other: Kept) => boolean,
  same: (other: Kept) => boolean,
): void {
  const at = floor(list, after);
  if (at >= 0 && same(list[at]!)) list[at] = kept;
  else if (list.length < RECORDS_PER_ZONE) list.splice(at + 1, 0, kept);
  else list[Math.max(0, at)] = kept; // Full: the neighbour makes room.
}

export interface KnownDenials {
  readonly zone: Name;
  readonly rrsets: readonly SignedRRset[];
  readonly soa?: SignedRRset;
  /** Seconds that all of them are good for. */
  readonly ttl: number;
}

export class DenialStore {
  readonly #zones = new BoundedMap<ZoneDenials>(ZONES);
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Zones of which anything is kept. */
  get size(): number {
    return this.#zones.size;
  }

  clear(): void {
    this.#zones.clear();
  }

  /** Keeps NSEC, NSEC3 and SOA RRsets of `zone`, all validated as secure, their TTL already what the signature allows. */
  remember(zone: Name, rrsets: readonly SignedRRset[]): void {
    let denials = this.#zones.get(zone.key);
    if (!denials) {
      denials = { zone, nsec: [], nsec3: [], withoutOptOut: false };
      this.#zones.set(zone.key, denials);
    }
    for (const rrset of rrsets) {
      const next = rrset.type === RRType.NSEC ? nextOf(rrset) : undefined;
      const expiresAt = this.#now() + rrset.ttl;
      const kept: Kept = {
        rrset: detachSigned(rrset),
        hash: '',
        nextHash: '',
        expiresAt,
        ...(next && { next }),
      };
      if (rrset.type === RRType.SOA) {
        denials.soa = kept;
      } else if (rrset.type === RRType.NSEC) {
        const { name } = rrset;
        insert(
          denials.nsec,
          kept,
          (other) => other.rrset.name.compare(name) > 0,
          (other) => other.rrset.name.equals(name),
        );
      } else if (rrset.type === RRType.NSEC3) {
        this.#rememberNsec3(denials, kept);
      }
    }
  }

  /**
   * Seconds that the RRset is good for, because it is the very one that is kept, signatures and all: every referral to an unsigned zone brings
   * the same records along. Undefined where it has to be verified, as it has now and then, lest its time dwindle to nothing.
   */
  verified(zone: Name, rrset: SignedRRset): number | undefined {
    const denials = this.#zones.get(zone.key);
    const kept = denials && this.#same(denials, rrset);
    if (!kept || !equalRRsets(kept.rrset, rrset)) return undefined;
    const left = Math.min(rrset.ttl, kept.expiresAt - this.#now());
    return left > 0 && left * 2 >= rrset.ttl ? left : undefined;
  }

  #same(denials: ZoneDenials, { type, name }: RRset): Kept | undefined {
    if (type === RRType.SOA) return denials.soa;
    if (type === RRType.NSEC)
      return denials.nsec[floor(denials.nsec, (other) => other.rrset.name.compare(name) > 0)];
    if (type !== RRType.NSEC3 || name.isRoot) return undefined;
    const hash = ownerHash(name);
    return denials.nsec3[floor(denials.nsec3, (other) => other.hash > hash)];
  }

  #rememberNsec3(denials: ZoneDenials, kept: Kept): void {
    const { rrset } = kept;
    if (!rrset.name.parent.equals(denials.zone)) return;
    let data: ReturnType<typeof decodeNsec3>;
    try {
      data = decodeNsec3(rrset.rdatas[0]!);
    } catch {
      return;
    }
    const { iterations, salt } = data;
    const current = denials.parameters;
    if (!current || current.iterations !== iterations || Buffer.compare(current.salt, salt) !== 0) {
      denials.parameters = { iterations, salt };
      denials.nsec3 = [];
      denials.withoutOptOut = false;
    }
    const hash = ownerHash(rrset.name);
    const nextHash = base32HexEncode(data.nextHashed).toLowerCase();
    if (!isOptOut(rrset)) denials.withoutOptOut = true;
    insert(
      denials.nsec3,
      { ...kept, hash, nextHash },
      (other) => other.hash > hash,
      (other) => other.hash === hash,
    );
  }

  /**
   * Records of `zone` that may deny `name`: those that match or cover it, its ancestors and the wildcards beside them. Undefined where none
   * matches or covers the name or one between it and the zone: then nothing is denied, whatever is known besides.
   */
  about(name: Name, zone: Name, work: Work): KnownDenials | undefined {
    const denials = this.#zones.get(zone.key);
    if (!denials || !name.isAtOrBelow(zone)) return undefined;
    const inner = [name];
    const outer: Name[] = [];
    for (let below = name; below.wire.length > zone.wire.length; below = below.parent) {
      const ancestor = below.parent;
      (ancestor.wire.length > zone.wire.length ? inner : outer).push(ancestor);
      if (ancestor.wire.length < 253) outer.push(ancestor.prepend('*'));
    }
    const { parameters } = denials;
    // Where the hashes would cost more than a response may, a server is asked instead.
    const hashed =
      parameters !== undefined &&
      denials.nsec3.length > 0 &&
      parameters.iterations <= work.budgets.nsec3Iterations &&
      (inner.length + outer.length) * nsec3HashWeight(parameters.salt, parameters.iterations) <=
        work.budgets.nsec3HashesPerResponse;

    const found = new Set<Kept>();
    const now = this.#now();
    let touched = false;
    // Before the first record lies what the last one covers: the chain is a ring.
    const consider = (kept: Kept | undefined, touches: (kept: Kept) => boolean) => {
      if (!kept || kept.expiresAt <= now) return;
      found.add(kept);
      touched ||= touches(kept);
    };
    const look = (candidate: Name) => {
      if (denials.nsec.length > 0) {
        const at = floor(denials.nsec, (kept) => kept.rrset.name.compare(candidate) > 0);
        consider(denials.nsec.at(at), (kept) => nsecTouches(kept, candidate));
      }
      if (hashed) {
        const hash = chargedNsec3Hash(candidate, parameters.salt, parameters.iterations, work);
        const at = floor(denials.nsec3, (kept) => kept.hash > hash);
        consider(denials.nsec3.at(at), (kept) => nsec3Touches(kept, hash));
      }
    };
    for (const candidate of inner) look(candidate);
    if (!touched) return undefined;
    for (const candidate of outer) look(candidate);
    if (found.size === 0) return undefined;
    const soa = denials.soa && denials.soa.expiresAt > now ? denials.soa : undefined;
    const all = [...found, ...(soa ? [soa] : [])];
    const ttl = Math.min(...all.map((kept) => kept.expiresAt - now));
    const rrsets = [...found].map((kept) => kept.rrset);
    return { zone, rrsets, ttl, ...(soa && { soa: soa.rrset }) };
  }

  /** The same for the deepest zone at or above `name` of which anything is kept that denies more than DS. */
  closest(name: Name, work: Work): KnownDenials | undefined {
    for (let zone = name; ; zone = zone.parent) {
      const denials = this.#zones.get(zone.key);
      if (denials)
        return denials.nsec.length > 0 || denials.withoutOptOut ? this.about(name, zone, work) : undefined;
      if (zone.isRoot) return undefined;
    }
  }
}

/** The hash in the owner name of an NSEC3, base32hex in lower case. */
function ownerHash(name: Name): string {
  return Buffer.from(name.labels[0]!).toString('latin1').toLowerCase();
}

function equalRRsets(a: SignedRRset, b: SignedRRset): boolean {
  return (
    a.type === b.type &&
    a.name.equals(b.name) &&
    equalLists(a.rdatas, b.rdatas) &&
    equalLists(a.signatures, b.signatures)
  );
}

function equalLists(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((octets, i) => equalOctets(octets, b[i]!));
}

/** Whether the NSEC has the name or spans it. */
function nsecTouches({ rrset, next }: Kept, name: Name): boolean {
  if (next === undefined) return false;
  const order = rrset.name.compare(name);
  const wraps = next.compare(rrset.name) <= 0;
  return order === 0 || (wraps ? order < 0 || name.compare(next) < 0 : order < 0 && name.compare(next) < 0);
}

/** Whether the NSEC3 has the hash or spans it. */
function nsec3Touches({ hash: from, nextHash: to }: Kept, hash: string): boolean {
  return hash === from || (from < to ? from < hash && hash < to : from < hash || hash < to);
}

/** The next owner of an NSEC; undefined where it is malformed, and so says nothing. */
function nextOf({ rdatas }: RRset): Name | undefined {
  try {
    return detachName(decodeNsec(rdatas[0]!).next);
  } catch {
    return undefined;
  }
}

/** Whether the RRset is an NSEC3 with the opt-out flag (rfc5155#section-6). */
export function isOptOut(rrset: RRset): boolean {
  return rrset.type === RRType.NSEC3 && rrset.rdatas.some((rdata) => (rdata[1]! & 0x01) !== 0);
}
