/**
 * What the warm path needs to know of a query, read from its octets without making any object: one plain question of class IN, EDNS version 0 or
 * none. Whatever is not exactly that is `false` here and judged at leisure (`judge.ts`).
 */

const HEADER_OCTETS = 12;
const OPT = 41;
const CLASS_IN = 1;

/** Variants of an answer to one question: bits of `QueryHead.variant`. */
export const Variant = {
  /** The client sent an OPT record, so may be sent one (rfc6891#section-6.1.1). */
  EDNS: 1,
  /** DNSSEC OK: the client wants signatures and proofs (rfc3225#section-3). */
  DO: 2,
  /** The client understands AD (rfc6840#section-5.7); DO says so as well. */
  AD: 4,
  /** Checking disabled (rfc4035#section-3.2.2). */
  CD: 8,
} as const;

/** Octets of UDP payload that every client takes (rfc1035#section-4.2.1). */
export const MIN_UDP_PAYLOAD = 512;

const LOWER = new Uint8Array(256);
for (let i = 0; i < 256; i++) LOWER[i] = i >= 0x41 && i <= 0x5a ? i + 0x20 : i;

/** One octet of a question in lower case. Length octets are at most 63, below `A`; type and class are compared as they are. */
export function lowerCase(octet: number): number {
  return LOWER[octet]!;
}

/** Read anew for each query: nothing in it outlives the packet. */
export class QueryHead {
  /** Where the question's name ends; its type and class are the four octets after it. */
  nameEnd = 0;
  type = 0;
  variant = 0;
  /** Recursion desired. */
  rd = false;
  /** Octets of UDP payload that the client takes, never less than 512. */
  payload = MIN_UDP_PAYLOAD;
  /** Of name (case folded), type and variant: a small integer. */
  hash = 0;
  readonly #seed: number;

  /** `seed`: an integer that outsiders do not know. */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** Whether the octets are a query that can be looked up as it is. */
  read(octets: Uint8Array): boolean {
    const length = octets.length;
    if (length < HEADER_OCTETS + 5) return false;
    // QR, opcode, TC clear; whether RD, AA may be set says nothing here.
    const high = octets[2]!;
    if ((high & 0xfa) !== 0) return false;
    if (octets[4] !== 0 || octets[5] !== 1) return false;
    if ((octets[6]! | octets[7]! | octets[8]! | octets[9]! | octets[10]!) !== 0) return false;
    const additionals = octets[11]!;
    if (additionals > 1) return false;

    let hash = this.#seed;
    let at = HEADER_OCTETS;
    for (;;) {
      const label = octets[at]!;
      if (label > 63) return false;
      const end = at + label + 1;
      // The root label, type and class have to follow.
      if (end + 4 > length) return false;
      for (; at < end; at++) hash = Math.imul(hash ^ LOWER[octets[at]!]!, 0x01000193);
      if (label === 0) break;
    }
    if (at - HEADER_OCTETS > 255) return false;
    this.nameEnd = at;
    this.type = (octets[at]! << 8) | octets[at + 1]!;
    if (((octets[at + 2]! << 8) | octets[at + 3]!) !== CLASS_IN) return false;
    at += 4;

    const low = octets[3]!;
    let variant = ((low & 0x20) !== 0 ? Variant.AD : 0) | ((low & 0x10) !== 0 ? Variant.CD : 0);
    let payload = MIN_UDP_PAYLOAD;
    if (additionals === 1) {
      if (at + 11 > length || octets[at] !== 0) return false;
      if (((octets[at + 1]! << 8) | octets[at + 2]!) !== OPT || octets[at + 6] !== 0) return false;
      payload = Math.max(MIN_UDP_PAYLOAD, (octets[at + 3]! << 8) | octets[at + 4]!);
      variant |= Variant.EDNS;
      if ((octets[at + 7]! & 0x80) !== 0) variant |= Variant.DO;
      if (!hasWholeOptions(octets, at + 11, at + 11 + ((octets[at + 9]! << 8) | octets[at + 10]!)))
        return false;
    }
    // DO asks for AD as well (rfc6840#section-5.8): one answer for both.
    if ((variant & Variant.DO) !== 0) variant &= ~Variant.AD;
    this.variant = variant;
    this.payload = payload;
    this.rd = (high & 1) !== 0;
    hash = Math.imul(hash ^ this.type, 0x01000193);
    hash = Math.imul(hash ^ variant, 0x01000193);
    hash ^= hash >>> 15;
    // Thirty bits: an integer that a Map keeps without a box.
    this.hash = hash & 0x3fffffff;
    return true;
  }
}

/** EDNS options that fill their room exactly; none of them changes an answer of ours. */
function hasWholeOptions(octets: Uint8Array, start: number, end: number): boolean {
  if (end > octets.length) return false;
  let at = start;
  while (at < end) {
    if (at + 4 > end) return false;
    at += 4 + ((octets[at + 2]! << 8) | octets[at + 3]!);
  }
  return at === end;
}
