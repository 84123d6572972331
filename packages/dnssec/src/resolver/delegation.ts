/** A zone cut as a referral describes it: the child's servers, their addresses where told, and the DS or its absence. */
import {
  decodeA,
  decodeAaaa,
  decodeSingleName,
  detachName,
  type Message,
  type Name,
  RRType,
} from '@mailanchor/dns';
import { BoundedMap } from '../bounded-map.ts';
import { collectRRsets } from '../rrsets.ts';
import type { SignedRRset } from '../signature.ts';
import type { ReferralDs } from '../source.ts';
import { packRRsets, unpackRRsets } from './packed.ts';
import type { RootHint } from './root-hints.ts';

export interface NameServer {
  readonly name: Name;
  /** Addresses from glue; empty where the name has to be looked up. */
  readonly addresses: readonly string[];
}

export interface Delegation {
  readonly zone: Name;
  readonly servers: readonly NameServer[];
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** A delegation as it was told, with what was said of the child's DS. */
export interface Referral extends Delegation {
  readonly ds?: ReferralDs;
}

/**
 * Reads a referral out of a response of `zone`'s server to a question for `name`; undefined where the response is none. Glue is
 * taken only for names at or below `zone`: what a server says of others' addresses is not its business.
 */
export function readReferral(
  message: Message,
  zone: Name,
  name: Name,
  limits: { servers: number; now: number; maxTtl: number },
): Referral | undefined {
  if (message.answers.length > 0 || !message.authorities.some(({ type }) => type === RRType.NS))
    return undefined;
  const sets = collectRRsets(message.authorities);
  let ns: SignedRRset | undefined;
  for (const set of sets.values()) {
    if (set.type === RRType.SOA) return undefined;
    if (set.type === RRType.NS && set.name.isBelow(zone) && name.isAtOrBelow(set.name)) ns = set;
  }
  if (!ns) return undefined;
  const glue = collectRRsets(message.additionals);
  const servers: NameServer[] = [];
  for (const rdata of ns.rdatas.slice(0, limits.servers)) {
    let server: Name;
    try {
      server = decodeSingleName(rdata);
    } catch {
      continue;
    }
    const addresses = server.isAtOrBelow(zone)
      ? [...addressesOf(glue.get(server, RRType.A)), ...addressesOf(glue.get(server, RRType.AAAA))]
      : [];
    servers.push({ name: server, addresses });
  }
  const ds = sets.get(ns.name, RRType.DS);
  const proofs = sets.values().filter(({ type }) => type === RRType.NSEC || type === RRType.NSEC3);
  return {
    zone: ns.name,
    servers,
    expiresAt: limits.now + Math.min(ns.ttl, limits.maxTtl),
    ...((ds || proofs.length > 0) && { ds: { proofs, ...(ds && { ds }) } }),
  };
}

/** Addresses of an A or AAAA RRset, at most a handful: a server has few, an attacker many. */
export function addressesOf(rrset: SignedRRset | undefined): string[] {
  if (!rrset) return [];
  const addresses: string[] = [];
  for (const rdata of rrset.rdatas.slice(0, 6)) {
    try {
      addresses.push(rrset.type === RRType.A ? decodeA(rdata) : decodeAaaa(rdata));
    } catch {
      // Not an address.
    }
  }
  return addresses;
}

/** The delegation of the root that the hints describe. */
export function rootDelegation(hints: readonly RootHint[], root: Name): Delegation {
  return { zone: root, servers: hints, expiresAt: Number.POSITIVE_INFINITY };
}

/** What is kept of a delegation: no packet, and what is long is packed. */
interface Kept extends Delegation {
  /** The DS RRset. */
  readonly packedDs: Uint8Array | undefined;
  readonly packedProofs: Uint8Array | undefined;
}

/** Different sets of servers that are shared: most domains are hosted by few. */
const SHARED_SETS = 4096;

/** Delegations by zone. */
export class DelegationCache {
  readonly #delegations: BoundedMap<Kept>;
  readonly #servers = new BoundedMap<readonly NameServer[]>(SHARED_SETS);
  readonly #now: () => number;

  constructor(entries: number, now: () => number) {
    this.#delegations = new BoundedMap(entries);
    this.#now = now;
  }

  set({ zone, servers, ds, expiresAt }: Referral): void {
    const kept = detachName(zone);
    this.#delegations.set(kept.key, {
      zone: kept,
      servers: this.#shared(servers),
      expiresAt,
      packedDs: ds?.ds && packRRsets([ds.ds]),
      packedProofs: ds && ds.proofs.length > 0 ? packRRsets(ds.proofs) : undefined,
    });
  }

  get(zone: Name): Delegation | undefined {
    return this.#find(zone);
  }

  /** What the referral said of the DS. */
  referralDs(zone: Name): ReferralDs | undefined {
    const found = this.#find(zone);
    if (!found?.packedDs && !found?.packedProofs) return undefined;
    const ds = found.packedDs && unpackRRsets(found.packedDs)[0];
    return { proofs: found.packedProofs ? unpackRRsets(found.packedProofs) : [], ...(ds && { ds }) };
  }

  #find(zone: Name): Kept | undefined {
    const found = this.#delegations.get(zone.key);
    return found && found.expiresAt > this.#now() ? found : undefined;
  }

  #shared(servers: readonly NameServer[]): readonly NameServer[] {
    let key = '';
    for (const { name, addresses } of servers) key += `${name.key}${addresses.join(' ')} `;
    let shared = this.#servers.get(key);
    if (!shared) {
      shared = servers.map(({ name, addresses }) => ({ name: detachName(name), addresses }));
      this.#servers.set(key, shared);
    }
    return shared;
  }

  forget(zone: Name): void {
    this.#delegations.delete(zone.key);
  }

  clear(): void {
    this.#delegations.clear();
  }

  /** The deepest known zone at or above `name`. */
  closest(name: Name): Delegation | undefined {
    for (let candidate = name; ; candidate = candidate.parent) {
      const found = this.get(candidate);
      if (found || candidate.isRoot) return found;
    }
  }
}
