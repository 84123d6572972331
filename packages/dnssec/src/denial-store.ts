/**
 * Denials kept for names not asked yet (rfc8198): a validated NSEC or NSEC3 record says that nothing lies between two names, so the next
 * question for something in between needs no server. Also tells of absent DS records that other responses have proven by the way.
 *
 * Only secure records come in here. Opt-out spans deny nothing but DS (rfc8198#section-5.4). Wildcards are not synthesised from.
 */
import { decodeNsec3, type Name, type RRset, RRType } from '@mailanchor/dns';
import { BoundedMap } from './bounded-map.ts';
import type { Work } from './budget.ts';
import { chargedNsec3Hash, nsec3HashWeight } from './nsec3.ts';
import { detachSigned } from './rrsets.ts';
import type { SignedRRset } from './signature.ts';

interface Kept {
  readonly rrset: SignedRRset;
  /** What the records are sorted by: the owner of an NSEC, nothing for an NSEC3, whose hash sorts. */
  readonly hash: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

interface ZoneDenials {
  readonly zone: Name;
  readonly nsec: Kept[];
  nsec3: Kept[];
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
      denials = { zone, nsec: [], nsec3: [] };
      this.#zones.set(zone.key, denials);
    }
    for (const rrset of rrsets) {
      const kept: Kept = { rrset: detachSigned(rrset), hash: '', expiresAt: this.#now() + rrset.ttl };
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
    }
    const hash = Buffer.from(rrset.name.labels[0]!).toString('latin1').toLowerCase();
    insert(
      denials.nsec3,
      { ...kept, hash },
      (other) => other.hash > hash,
      (other) => other.hash === hash,
    );
  }

  /** Records of `zone` that may deny `name`: those that match or cover it, its ancestors and the wildcards beside them. */
  about(name: Name, zone: Name, work: Work): KnownDenials | undefined {
    const denials = this.#zones.get(zone.key);
    if (!denials || !name.isAtOrBelow(zone)) return undefined;
    const found = new Set<Kept>();
    const now = this.#now();
    const consider = (list: readonly Kept[], at: number) => {
      // Before the first record lies what the last one covers: the chain is a ring.
      const kept = list.at(at);
      if (kept && kept.expiresAt > now) found.add(kept);
    };
    const names = [name];
    for (
      let ancestor = name.parent;
      name.labelCount > 0 && ancestor.isAtOrBelow(zone);
      ancestor = ancestor.parent
    ) {
      names.push(ancestor);
      if (ancestor.wire.length < 253) names.push(ancestor.prepend('*'));
      if (ancestor.isRoot) break;
    }
    const { parameters } = denials;
    // Where the hashes would cost more than a response may, a server is asked instead.
    const hashed =
      parameters !== undefined &&
      denials.nsec3.length > 0 &&
      parameters.iterations <= work.budgets.nsec3Iterations &&
      names.length * nsec3HashWeight(parameters.salt, parameters.iterations) <=
        work.budgets.nsec3HashesPerResponse;
    for (const candidate of names) {
      if (denials.nsec.length > 0) {
        consider(
          denials.nsec,
          floor(denials.nsec, (kept) => kept.rrset.name.compare(candidate) > 0),
        );
      }
      if (hashed) {
        const hash = chargedNsec3Hash(candidate, parameters.salt, parameters.iterations, work);
        consider(
          denials.nsec3,
          floor(denials.nsec3, (kept) => kept.hash > hash),
        );
      }
    }
    if (found.size === 0) return undefined;
    const soa = denials.soa && denials.soa.expiresAt > now ? denials.soa : undefined;
    const all = [...found, ...(soa ? [soa] : [])];
    const ttl = Math.min(...all.map((kept) => kept.expiresAt - now));
    const rrsets = [...found].map((kept) => kept.rrset);
    return { zone, rrsets, ttl, ...(soa && { soa: soa.rrset }) };
  }

  /** The same for the deepest zone at or above `name` of which anything is kept. */
  closest(name: Name, work: Work): KnownDenials | undefined {
    for (let zone = name; ; zone = zone.parent) {
      if (this.#zones.get(zone.key)) return this.about(name, zone, work);
      if (zone.isRoot) return undefined;
    }
  }
}

/** Whether the RRset is an NSEC3 with the opt-out flag (rfc5155#section-6). */
export function isOptOut(rrset: RRset): boolean {
  return rrset.type === RRType.NSEC3 && rrset.rdatas.some((rdata) => (rdata[1]! & 0x01) !== 0);
}
