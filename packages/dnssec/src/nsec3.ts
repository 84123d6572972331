/**
 * What NSEC3 records prove (rfc5155#section-8). The records given are validated already, all by the same zone; here it is only asked
 * what they say. Hashes are counted: an attacker chooses how many are needed (CVE-2023-50868).
 */
import { hash } from 'node:crypto';
import {
  base32HexEncode,
  decodeNsec3,
  type Name,
  type RRset,
  RRType,
  type TypeBitmap,
} from '@mailanchor/dns';
import { BudgetExceeded, type Work } from './budget.ts';
import { isDelegation } from './nsec.ts';

/** The only hash algorithm there is: SHA-1 (rfc5155#section-11). */
const HASH_SHA1 = 1;
const OPT_OUT_FLAG = 0x01;

export interface Nsec3 {
  /** Hash in the owner name, base32hex in lower case. */
  readonly hash: string;
  /** Hash of the next owner, base32hex in lower case. */
  readonly nextHash: string;
  readonly optOut: boolean;
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly types: TypeBitmap;
  readonly ttl: number;
}

/** IH(salt, x, k) of rfc5155#section-5 over the name in canonical form: 20 octets. */
export function nsec3Hash(name: Name, salt: Uint8Array, iterations: number): Uint8Array {
  let digest: Uint8Array = hash('sha1', Buffer.concat([name.toLowerCase().wire, salt]), 'buffer');
  if (iterations === 0) return digest;
  const input = Buffer.concat([digest, salt]);
  for (let i = 0; i < iterations; i++) {
    if (i > 0) input.set(digest);
    digest = hash('sha1', input, 'buffer');
  }
  return digest;
}

/** What a hash weighs: an attacker would choose the most iterations and the longest salt. */
export function nsec3HashWeight(salt: Uint8Array, iterations: number): number {
  return Math.ceil(((iterations + 1) * (256 + salt.length)) / 8192);
}

/** The hash in base32hex, lower case, as owner names have it; charged, unless this question has had it computed before. */
export function chargedNsec3Hash(name: Name, salt: Uint8Array, iterations: number, work: Work): string {
  const key = `${iterations} ${Buffer.from(salt).toString('latin1')} ${name.key}`;
  let text = work.hashesKnown.get(key);
  if (text === undefined) {
    work.chargeNsec3Hash(nsec3HashWeight(salt, iterations));
    text = base32HexEncode(nsec3Hash(name, salt, iterations)).toLowerCase();
    work.hashesKnown.set(key, text);
  }
  return text;
}

/** The NSEC3 records of one response, with the hashes computed for them. */
export class Nsec3Set {
  readonly zone: Name;
  readonly records: readonly Nsec3[];
  readonly #work: Work;
  readonly #hashes = new Map<string, string>();
  #weight = 0;

  private constructor(zone: Name, records: readonly Nsec3[], work: Work) {
    this.zone = zone;
    this.records = records;
    this.#work = work;
  }

  /**
   * Reads NSEC3 RRsets of `zone`. Left out, so that they prove nothing (rfc5155#section-8.1, rfc5155#section-8.2): unknown hash
   * algorithms and flags, owners that are not one label below the apex, malformed ones. The records of a response share one set
   * of parameters; those that differ from the first are left out too.
   */
  static read(rrsets: readonly RRset[], zone: Name, work: Work): Nsec3Set {
    const records: Nsec3[] = [];
    for (const rrset of rrsets) {
      if (rrset.type !== RRType.NSEC3 || !rrset.name.parent.equals(zone) || rrset.name.isRoot) continue;
      for (const rdata of rrset.rdatas) {
        try {
          const data = decodeNsec3(rdata);
          if (data.hashAlgorithm !== HASH_SHA1 || (data.flags & ~OPT_OUT_FLAG) !== 0) continue;
          if (data.nextHashed.length !== 20) continue;
          const first = records[0];
          if (first && (first.iterations !== data.iterations || Buffer.compare(first.salt, data.salt) !== 0))
            continue;
          records.push({
            hash: Buffer.from(rrset.name.labels[0]!).toString('latin1').toLowerCase(),
            nextHash: base32HexEncode(data.nextHashed).toLowerCase(),
            optOut: (data.flags & OPT_OUT_FLAG) !== 0,
            iterations: data.iterations,
            salt: data.salt,
            types: data.types,
            ttl: rrset.ttl,
          });
        } catch {
          // Nothing is proven by what cannot be read.
        }
      }
    }
    return new Nsec3Set(zone, records, work);
  }

  /** Iterations of the set; 0 where it is empty. */
  get iterations(): number {
    return this.records[0]?.iterations ?? 0;
  }

  #hash(name: Name): string {
    let text = this.#hashes.get(name.key);
    if (text === undefined) {
      const { nsec3HashesPerResponse } = this.#work.budgets;
      const { salt, iterations } = this.records[0]!;
      this.#weight += nsec3HashWeight(salt, iterations);
      if (this.#weight > nsec3HashesPerResponse) {
        throw new BudgetExceeded(
          'nsec3HashesPerResponse',
          `more than ${nsec3HashesPerResponse} NSEC3 hashes for one response`,
        );
      }
      text = chargedNsec3Hash(name, salt, iterations, this.#work);
      this.#hashes.set(name.key, text);
    }
    return text;
  }

  /** The record whose owner is the hash of `name`. */
  match(name: Name): Nsec3 | undefined {
    if (this.records.length === 0) return undefined;
    const hash = this.#hash(name);
    return this.records.find((record) => record.hash === hash);
  }

  /** A record between whose owner and next the hash of `name` falls (rfc5155#section-1.3). */
  cover(name: Name): Nsec3 | undefined {
    if (this.records.length === 0) return undefined;
    const hash = this.#hash(name);
    // base32hex keeps the order of the octets.
    return this.records.find(({ hash: owner, nextHash: next }) =>
      owner < next ? owner < hash && hash < next : hash > owner || hash < next,
    );
  }

  /**
   * The closest encloser proof (rfc5155#section-8.3): the longest ancestor that exists, and the record that shows that
   * the name one label longer does not. Undefined where there is none, or where it comes from above a zone cut or DNAME.
   */
  closestEncloser(name: Name): { encloser: Name; nextCloser: Name; cover: Nsec3 } | undefined {
    if (!name.isAtOrBelow(this.zone)) return undefined;
    let nextCloser: Name | undefined;
    for (let candidate = name; candidate.isAtOrBelow(this.zone); candidate = candidate.parent) {
      const match = this.match(candidate);
      if (match) {
        if (!nextCloser) return undefined; // The name itself exists.
        if (isDelegation(match.types) || match.types.has(RRType.DNAME)) return undefined;
        const cover = this.cover(nextCloser);
        return cover && { encloser: candidate, nextCloser, cover };
      }
      nextCloser = candidate;
      if (candidate.isRoot) break;
    }
    return undefined;
  }
}

export type Nsec3Proof = 'proven' | 'opt-out' | 'unproven';

function coverProof(cover: Nsec3): Nsec3Proof {
  // An opt-out span may hide unsigned delegations: what it denies is not secure (rfc5155#section-9.2).
  return cover.optOut ? 'opt-out' : 'proven';
}

/** NXDOMAIN (rfc5155#section-8.4): closest encloser, and its wildcard covered. */
export function nsec3ProvesNxdomain(set: Nsec3Set, name: Name): Nsec3Proof {
  const proof = set.closestEncloser(name);
  if (!proof) return 'unproven';
  if (!set.cover(proof.encloser.prepend('*'))) return 'unproven';
  return coverProof(proof.cover);
}

function deniesType(record: Nsec3, type: number, zone: Name): boolean {
  if (record.types.has(type) || record.types.has(RRType.CNAME)) return false;
  // Whatever is there answers a question for everything; an empty non-terminal has nothing.
  if (type === RRType.ANY) return record.types.types.length === 0;
  if (type === RRType.DS) return !record.types.has(RRType.SOA) || zone.isRoot;
  return !isDelegation(record.types);
}

/** NODATA (rfc5155#section-8.5 to 8.7): the name matched without the type; for DS an opt-out span; or a wildcard without the type. */
export function nsec3ProvesNodata(set: Nsec3Set, name: Name, type: number): Nsec3Proof {
  const match = set.match(name);
  if (match) return deniesType(match, type, set.zone) ? 'proven' : 'unproven';
  const proof = set.closestEncloser(name);
  if (!proof) return 'unproven';
  const wildcard = set.match(proof.encloser.prepend('*'));
  if (wildcard && deniesType(wildcard, type, set.zone)) return coverProof(proof.cover);
  // rfc5155#section-8.6: no DS under an opt-out span. An empty non-terminal above unsigned delegations only may be
  // left out of the chain as well (errata 3441), so the same holds for any type: denied, not securely.
  return proof.cover.optOut ? 'opt-out' : 'unproven';
}

/** A wildcard was expanded to `name` (rfc5155#section-8.8): the name one label longer than its parent is covered. */
export function nsec3ProvesExpansion(set: Nsec3Set, name: Name, encloserLabels: number): Nsec3Proof {
  const cover = set.cover(name.ancestor(encloserLabels + 1));
  return cover ? coverProof(cover) : 'unproven';
}

/** An unsigned delegation at `name` (rfc5155#section-8.9): matched with NS and without DS and SOA, or under an opt-out span. */
export function nsec3InsecureDelegation(set: Nsec3Set, name: Name): boolean {
  const match = set.match(name);
  if (match)
    return isDelegation(match.types) && !match.types.has(RRType.DS) && !match.types.has(RRType.CNAME);
  return set.closestEncloser(name)?.cover.optOut === true;
}
