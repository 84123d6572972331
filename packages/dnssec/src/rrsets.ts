/** The sections of a message as signed RRsets: records grouped, each with the RRSIGs that cover it. */
import { type Name, type ResourceRecord, RRType } from '@mailanchor/dns';
import type { SignedRRset } from './signature.ts';

/** A key for name and type. The type comes first: names may hold any octet. */
export function rrsetKey(name: Name, type: number): string {
  return `${type}/${name.key}`;
}

interface Gathered {
  name: Name;
  type: number;
  class: number;
  ttl: number;
  rdatas: Uint8Array[];
  signatures: Uint8Array[];
  /** The data as text, once there is much of it. */
  known?: Set<string>;
}

/** Records up to which each is compared with each: honest RRsets are small, and a set of texts takes its time. */
const FEW = 12;

function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

function textOf(rdata: Uint8Array): string {
  return Buffer.from(rdata.buffer, rdata.byteOffset, rdata.length).toString('latin1');
}

/** Adds the data unless it is there already: four thousand records fit into one message, and are not to be compared in pairs. */
function addTo(set: Gathered, rdata: Uint8Array): void {
  if (set.rdatas.length < FEW) {
    if (!set.rdatas.some((other) => sameOctets(other, rdata))) set.rdatas.push(rdata);
    return;
  }
  set.known ??= new Set(set.rdatas.map(textOf));
  const text = textOf(rdata);
  if (set.known.has(text)) return;
  set.known.add(text);
  set.rdatas.push(rdata);
}

/**
 * RRsets of class IN by `rrsetKey`. RRSIGs, those of `elsewhere` included, are attached to what they cover and are no RRsets themselves;
 * duplicates are removed (rfc4034#section-6.3); the TTL is the smallest.
 */
export function collectRRsets(
  records: readonly ResourceRecord[],
  elsewhere: readonly ResourceRecord[] = [],
): Map<string, SignedRRset> {
  const sets = new Map<string, Gathered>();
  // Some servers put a signature into another section than its records: it signs them all the same.
  const signatures = elsewhere.filter(({ type, rdata }) => type === RRType.RRSIG && rdata.length > 2);
  for (const record of records) {
    if (record.class !== 1) continue;
    if (record.type === RRType.RRSIG) {
      if (record.rdata.length > 2) signatures.push(record);
      continue;
    }
    const key = rrsetKey(record.name, record.type);
    const set = sets.get(key);
    if (!set) {
      sets.set(key, {
        name: record.name,
        type: record.type,
        class: record.class,
        ttl: record.ttl,
        rdatas: [record.rdata],
        signatures: [],
      });
      continue;
    }
    set.ttl = Math.min(set.ttl, record.ttl);
    addTo(set, record.rdata);
  }
  for (const { name, rdata } of signatures) {
    const covered = (rdata[0]! << 8) | rdata[1]!;
    const set = sets.get(rrsetKey(name, covered));
    // A hundred signatures over one RRset are nobody's honest zone; verification is bounded besides.
    if (set && set.signatures.length < 32) set.signatures.push(rdata);
  }
  for (const set of sets.values()) delete set.known;
  return sets;
}

/** The records of an RRset, and its RRSIGs, with the TTL given (seconds). */
export function recordsOf(
  rrset: SignedRRset,
  ttl: number,
): { records: ResourceRecord[]; signatures: ResourceRecord[] } {
  const { name } = rrset;
  return {
    records: rrset.rdatas.map((rdata) => ({ name, type: rrset.type, class: rrset.class, ttl, rdata })),
    signatures: rrset.signatures.map((rdata) => ({
      name,
      type: RRType.RRSIG,
      class: rrset.class,
      ttl,
      rdata,
    })),
  };
}
