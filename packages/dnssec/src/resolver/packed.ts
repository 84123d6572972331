/**
 * Records as octets in one piece, for caches: an object for each record, name and piece of data would take five times the memory, and
 * the garbage collector would look at all of them again and again. What is packed holds on to no packet.
 *
 *     number of names, then each with its length | number of records, then each: its name's number, type, class, TTL, length of data, data
 */
import { Name, type ResourceRecord } from '@mailanchor/dns';
import type { SignedRRset } from '../signature.ts';

/** Pieces are cut from shelves: a buffer of its own for each costs more than most pieces. */
const SHELF_OCTETS = 4096;
/** Pieces above this have a buffer of their own. */
const LARGE_OCTETS = 1024;
const FIRST_OCTETS = 16 * 1024;

let scratch = new Uint8Array(FIRST_OCTETS);
let at = 0;
let shelf = new ArrayBuffer(SHELF_OCTETS);
let shelfAt = 0;

function room(octets: number): void {
  if (at + octets <= scratch.length) return;
  const larger = new Uint8Array(Math.max(scratch.length * 2, at + octets));
  larger.set(scratch.subarray(0, at));
  scratch = larger;
}

function u16(value: number): void {
  room(2);
  scratch[at++] = value >> 8;
  scratch[at++] = value & 0xff;
}

function octets(source: Uint8Array): void {
  room(source.length);
  const length = source.length;
  if (length > 64) scratch.set(source, at);
  else for (let i = 0; i < length; i++) scratch[at + i] = source[i]!;
  at += length;
}

/** A copy that lives as long as it is used, and of its neighbours at most a shelf. */
function finish(): Uint8Array {
  const source = scratch.subarray(0, at);
  if (at > LARGE_OCTETS) return source.slice();
  if (shelfAt + at > SHELF_OCTETS) {
    shelf = new ArrayBuffer(SHELF_OCTETS);
    shelfAt = 0;
  }
  const piece = new Uint8Array(shelf, shelfAt, at);
  piece.set(source);
  shelfAt += at;
  return piece;
}

/** Packs the records. Names are compared by identity first: those of one message are shared. At most 65,535 names. */
export function packRecords(records: readonly ResourceRecord[]): Uint8Array {
  at = 0;
  const names: Name[] = [];
  const numbers = new Uint16Array(records.length);
  for (let i = 0; i < records.length; i++) {
    const { name } = records[i]!;
    // The one before mostly is the one.
    let number = i > 0 && names[numbers[i - 1]!] === name ? numbers[i - 1]! : names.indexOf(name);
    if (number < 0) {
      number = names.length;
      names.push(name);
    }
    numbers[i] = number;
  }
  u16(names.length);
  for (const { wire } of names) {
    room(1);
    scratch[at++] = wire.length;
    octets(wire);
  }
  u16(records.length);
  for (let i = 0; i < records.length; i++) {
    const { type, class: rrClass, ttl, rdata } = records[i]!;
    u16(numbers[i]!);
    u16(type);
    u16(rrClass);
    u16(ttl >>> 16);
    u16(ttl & 0xffff);
    u16(rdata.length);
    octets(rdata);
  }
  return finish();
}

/** The records, TTLs `age` seconds less. Names and data are views of `packed`. */
export function unpackRecords(packed: Uint8Array, age = 0): ResourceRecord[] {
  let from = 2;
  const names: Name[] = [];
  for (let left = (packed[0]! << 8) | packed[1]!; left > 0; left--) {
    const length = packed[from]!;
    names.push(Name.unchecked(packed.subarray(from + 1, from + 1 + length)));
    from += 1 + length;
  }
  const records: ResourceRecord[] = [];
  let left = (packed[from]! << 8) | packed[from + 1]!;
  from += 2;
  const number = (where: number) => (packed[where]! << 8) | packed[where + 1]!;
  for (; left > 0; left--) {
    const ttl = number(from + 6) * 0x10000 + number(from + 8);
    const length = number(from + 10);
    records.push({
      name: names[number(from)]!,
      type: number(from + 2),
      class: number(from + 4),
      ttl: Math.max(0, ttl - age),
      rdata: packed.subarray(from + 12, from + 12 + length),
    });
    from += 12 + length;
  }
  return records;
}

/** The type under which a signature of the RRset before it is packed; what the RRSIG covers is not always said truly. */
const SIGNATURE = 46;

/** RRsets with their signatures, each RRset's records in a row. */
export function packRRsets(rrsets: readonly SignedRRset[]): Uint8Array {
  const records: ResourceRecord[] = [];
  for (const { name, type, class: rrClass, ttl, rdatas, signatures } of rrsets) {
    for (const rdata of rdatas) records.push({ name, type, class: rrClass, ttl, rdata });
    for (const rdata of signatures) records.push({ name, type: SIGNATURE, class: rrClass, ttl, rdata });
  }
  return packRecords(records);
}

export function unpackRRsets(packed: Uint8Array): SignedRRset[] {
  const rrsets: (SignedRRset & { rdatas: Uint8Array[]; signatures: Uint8Array[] })[] = [];
  let current: (typeof rrsets)[number] | undefined;
  for (const { name, type, class: rrClass, ttl, rdata } of unpackRecords(packed)) {
    if (type === SIGNATURE) {
      current?.signatures.push(rdata);
      continue;
    }
    if (current === undefined || current.type !== type || current.name !== name) {
      current = { name, type, class: rrClass, ttl, rdatas: [], signatures: [] };
      rrsets.push(current);
    }
    current.rdatas.push(rdata);
  }
  return rrsets;
}
