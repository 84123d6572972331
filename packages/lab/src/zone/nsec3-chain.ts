/** The NSEC3 records of a zone (rfc5155#section-7.1): one at the hash of each name, empty non-terminals included. */
import {
  base32HexEncode,
  encodeNsec3,
  encodeNsec3param,
  type Name,
  RRClass,
  type RRset,
  RRType,
  TypeBitmap,
} from '@mailanchor/dns';
import { nsec3Hash } from '@mailanchor/dnssec';
import { denialTtl, ownTypes } from './denial-chain.ts';
import type { Zone, ZoneNode } from './zone.ts';

export interface Nsec3Parameters {
  /** Insecure delegations have no record of their own (rfc5155#section-6). */
  readonly optOut: boolean;
  /** Further rounds of the hash; should be 0 (rfc9276#section-3.1). */
  readonly iterations: number;
  /** Should be empty (rfc9276#section-3.1). */
  readonly salt: Uint8Array;
}

const SHA1 = 1;
const OPT_OUT_FLAG = 1;

/** The NSEC3PARAM RRset that tells servers the parameters (rfc5155#section-4). */
export function nsec3paramRRset(origin: Name, { iterations, salt }: Nsec3Parameters): RRset {
  const rdata = encodeNsec3param({ hashAlgorithm: SHA1, flags: 0, iterations, salt });
  return { name: origin, type: RRType.NSEC3PARAM, class: RRClass.IN, ttl: 0, rdatas: [rdata] };
}

export class Nsec3Chain {
  readonly kind = 'nsec3';
  readonly parameters: Nsec3Parameters;
  /** In order of the hashes. */
  readonly rrsets: readonly RRset[];
  readonly #hashes: readonly Uint8Array[];

  /** `zone` has its NSEC3PARAM already. */
  constructor(zone: Zone, parameters: Nsec3Parameters) {
    this.parameters = parameters;
    const ttl = denialTtl(zone.soa);
    const hashed = this.#namesOf(zone)
      .map((node) => ({ node, hash: this.#hash(node.name) }))
      .sort((a, b) => Buffer.compare(a.hash, b.hash));
    this.#hashes = hashed.map(({ hash }) => hash);
    this.rrsets = hashed.map(({ node, hash }, i) => {
      const rdata = encodeNsec3({
        hashAlgorithm: SHA1,
        flags: parameters.optOut ? OPT_OUT_FLAG : 0,
        iterations: parameters.iterations,
        salt: parameters.salt,
        nextHashed: hashed[(i + 1) % hashed.length]!.hash,
        types: typesOf(zone, node),
      });
      const name = zone.origin.prepend(base32HexEncode(hash));
      return { name, type: RRType.NSEC3, class: RRClass.IN, ttl, rdatas: [rdata] };
    });
  }

  match(name: Name): RRset | undefined {
    const hash = this.#hash(name);
    const at = this.#hashes.findIndex((other) => Buffer.compare(other, hash) === 0);
    return this.rrsets[at];
  }

  /** The record whose hash is the last at or before that of `name`; the last of all before the first. */
  cover(name: Name): RRset {
    const hash = this.#hash(name);
    const after = this.#hashes.findIndex((other) => Buffer.compare(other, hash) > 0);
    return this.rrsets.at(after < 0 ? -1 : after - 1)!;
  }

  #hash(name: Name): Uint8Array {
    return nsec3Hash(name, this.parameters.salt, this.parameters.iterations);
  }

  #namesOf(zone: Zone): ZoneNode[] {
    const nodes = new Map<string, ZoneNode>();
    for (const node of zone.authoritativeNodes()) {
      if (node.rrsets.size === 0) continue;
      const insecure = zone.isCut(node.name) && !node.rrsets.has(RRType.DS);
      if (insecure && this.parameters.optOut) continue;
      for (let name = node.name; !nodes.has(name.key); name = name.parent) {
        nodes.set(name.key, zone.node(name)!);
        if (name.equals(zone.origin)) break;
      }
    }
    return [...nodes.values()];
  }
}

function typesOf(zone: Zone, node: ZoneNode): TypeBitmap {
  const types = ownTypes(zone, node);
  // The NS of a delegation is not signed; nothing at an empty non-terminal is.
  const signed = types.some((type) => type !== RRType.NS || !zone.isCut(node.name));
  return TypeBitmap.of(signed ? [...types, RRType.RRSIG] : types);
}
