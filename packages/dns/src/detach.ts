/**
 * Copies that stand alone. What `decodeMessage` gives are views: one record kept for a day keeps the whole packet for a day. Whoever
 * stores records lets go of the packet first; the copy has exactly the octets it needs, in one piece for all that is stored together.
 */
import { Name } from './name.ts';
import type { ResourceRecord, RRset } from './record.ts';

/** Places octets behind each other in one piece that was sized for them. */
class Storage {
  readonly #octets: Uint8Array;
  #at = 0;
  /** Names placed so far: records share theirs. */
  readonly #names = new Map<Name, Name>();

  constructor(octets: number) {
    this.#octets = new Uint8Array(octets);
  }

  place(octets: Uint8Array): Uint8Array {
    const at = this.#at;
    this.#octets.set(octets, at);
    this.#at = at + octets.length;
    return this.#octets.subarray(at, this.#at);
  }

  name(name: Name): Name {
    if (name.isRoot) return Name.root;
    let placed = this.#names.get(name);
    if (placed === undefined) {
      placed = Name.unchecked(this.place(name.wire), name.key);
      this.#names.set(name, placed);
    }
    return placed;
  }
}

/** The same name, holding on to nothing else. */
export function detachName(name: Name): Name {
  return name.isRoot ? name : Name.unchecked(name.wire.slice(), name.key);
}

/** The same records, holding on to nothing but one piece of storage for all of them. */
export function detachRecords(records: readonly ResourceRecord[]): ResourceRecord[] {
  let octets = 0;
  for (const name of new Set(records.map((record) => record.name)))
    octets += name.isRoot ? 0 : name.wire.length;
  for (const { rdata } of records) octets += rdata.length;
  const storage = new Storage(octets);
  return records.map(({ name, type, class: rrClass, ttl, rdata }) => ({
    name: storage.name(name),
    type,
    class: rrClass,
    ttl,
    rdata: storage.place(rdata),
  }));
}

/** The same set, holding on to nothing but one piece of storage. */
export function detachRRset({ name, type, class: rrClass, ttl, rdatas }: RRset): RRset {
  let octets = name.isRoot ? 0 : name.wire.length;
  for (const rdata of rdatas) octets += rdata.length;
  const storage = new Storage(octets);
  return {
    name: storage.name(name),
    type,
    class: rrClass,
    ttl,
    rdatas: rdatas.map((rdata) => storage.place(rdata)),
  };
}
