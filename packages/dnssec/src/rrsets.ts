/** The sections of a message as signed RRsets: records grouped, each with the RRSIGs that cover it. */
import { detachRRset, type Name, type ResourceRecord, RRType } from '@mailanchor/dns';
import type { SignedRRset } from './signature.ts';

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

/** RRsets up to which each is looked at: most responses have a handful, and making and hashing keys takes longer. */
const FEW_SETS = 16;

/** The RRsets of a section, in order of appearance. */
export class RRsets {
  readonly #sets: Gathered[] = [];
  /** Once there are many. */
  #index: Map<string, Gathered> | undefined;

  get(name: Name, type: number): SignedRRset | undefined {
    return this.gathered(name, type);
  }

  values(): readonly SignedRRset[] {
    return this.#sets;
  }

  gathered(name: Name, type: number): Gathered | undefined {
    if (this.#index) return this.#index.get(indexKey(name, type));
    for (const set of this.#sets) if (set.type === type && set.name.equals(name)) return set;
    return undefined;
  }

  add(set: Gathered): void {
    this.#sets.push(set);
    if (this.#index) this.#index.set(indexKey(set.name, set.type), set);
    else if (this.#sets.length > FEW_SETS)
      this.#index = new Map(this.#sets.map((each) => [indexKey(each.name, each.type), each]));
  }
}

/** The type comes first: names may hold any octet. */
function indexKey(name: Name, type: number): string {
  return `${type}/${name.key}`;
}

/**
 * RRsets of class IN. RRSIGs, those of `elsewhere` included, are attached to what they cover and are no RRsets themselves; duplicates are
 * removed (rfc4034#section-6.3); the TTL is the smallest.
 */
export function collectRRsets(
  records: readonly ResourceRecord[],
  elsewhere: readonly ResourceRecord[] = [],
): RRsets {
  const sets = new RRsets();
  let many = false;
  for (const record of records) {
    if (record.class !== 1 || record.type === RRType.RRSIG) continue;
    const { name, type, ttl, rdata } = record;
    const set = sets.gathered(name, type);
    if (!set) {
      sets.add({ name, type, class: 1, ttl, rdatas: [rdata], signatures: [] });
      continue;
    }
    set.ttl = Math.min(set.ttl, ttl);
    addTo(set, rdata);
    many ||= set.known !== undefined;
  }
  if (sets.values().length === 0) return sets;
  // Some servers put a signature into another section than its records: it signs them all the same.
  for (const record of elsewhere) attach(sets, record);
  for (const record of records) if (record.class === 1) attach(sets, record);
  if (many) for (const set of sets.values()) delete (set as Gathered).known;
  return sets;
}

function attach(sets: RRsets, { type, name, rdata }: ResourceRecord): void {
  if (type !== RRType.RRSIG || rdata.length <= 2) return;
  const set = sets.gathered(name, (rdata[0]! << 8) | rdata[1]!);
  // A hundred signatures over one RRset are nobody's honest zone; verification is bounded besides.
  if (set && set.signatures.length < 32) set.signatures.push(rdata);
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

/** The same RRset, holding on to no packet. */
export function detachSigned(rrset: SignedRRset): SignedRRset {
  const { name, type, class: rrClass, ttl, rdatas, signatures } = rrset;
  const all = detachRRset({ name, type, class: rrClass, ttl, rdatas: [...rdatas, ...signatures] });
  return {
    ...all,
    rdatas: all.rdatas.slice(0, rdatas.length),
    signatures: all.rdatas.slice(rdatas.length),
  };
}
