/** What both kinds of denial records have in common: one RRset for each name of the zone, in a ring. */
import { decodeSoa, type RRset, RRType } from '@mailanchor/dns';
import type { Zone, ZoneNode } from './zone.ts';

/** Types that a denial record at this node lists, NSEC, NSEC3 and RRSIG aside: a delegation has NS and DS only. */
export function ownTypes(zone: Zone, node: ZoneNode): number[] {
  const types = [...node.rrsets.keys()];
  return zone.isCut(node.name) ? types.filter((type) => type === RRType.NS || type === RRType.DS) : types;
}

/** Seconds: the smaller of the SOA's TTL and its minimum field (rfc9077#section-3). */
export function denialTtl(soa: RRset): number {
  return Math.min(soa.ttl, decodeSoa(soa.rdatas[0]!).minimum);
}
