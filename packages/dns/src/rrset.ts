/** RRsets out of records (rfc2181#section-5). */
import { equalOctets, latin1 } from './octets.ts';
import type { ResourceRecord, RRset } from './record.ts';

/** Up to this many records of a set are compared in pairs; beyond, by a set of strings. */
const FEW = 8;

/**
 * Groups by name, class and type, in order of first appearance. A record whose data is there already, octet for octet, is dropped
 * (rfc2181#section-5); the set's TTL is the smallest (rfc2181#section-5.2). RRSIG records of one name are one set.
 */
export function groupRRsets(records: readonly ResourceRecord[]): RRset[] {
  const groups = new Map<string, ResourceRecord[]>();
  for (const record of records) {
    const key = `${record.type} ${record.class} ${record.name.key}`;
    const group = groups.get(key);
    if (group) group.push(record);
    else groups.set(key, [record]);
  }
  const sets: RRset[] = [];
  for (const group of groups.values()) {
    const { name, type, class: rrClass } = group[0]!;
    let ttl = group[0]!.ttl;
    for (const record of group) if (record.ttl < ttl) ttl = record.ttl;
    sets.push({ name, type, class: rrClass, ttl, rdatas: distinct(group) });
  }
  return sets;
}

function distinct(group: readonly ResourceRecord[]): Uint8Array[] {
  const rdatas: Uint8Array[] = [];
  if (group.length <= FEW) {
    for (const { rdata } of group) if (!rdatas.some((other) => equalOctets(other, rdata))) rdatas.push(rdata);
    return rdatas;
  }
  const seen = new Set<string>();
  for (const { rdata } of group) {
    const key = latin1(rdata);
    if (seen.has(key)) continue;
    seen.add(key);
    rdatas.push(rdata);
  }
  return rdatas;
}
