/**
 * Writes a message's octets. One buffer serves all messages, since writing is synchronous; `finish` copies.
 *
 * Compression remembers where each suffix of a name was written, by a hash of its octets. Chains in the table are cut at
 * `MAX_CHAIN`, so a message made of names with equal hashes costs size, not time.
 */
import { MAX_MESSAGE_OCTETS } from './message-decode.ts';
import type { Name } from './name.ts';

const scratch = new Uint8Array(MAX_MESSAGE_OCTETS);
const BUCKETS = 1024;
const MAX_CHAIN = 16;
const POINTER_TARGETS = 0x4000;

/** Index into `suffixAt` of a bucket's newest suffix, -1 for none. */
const newest = new Int32Array(BUCKETS);
/** Offset of each remembered suffix, its full hash, and the next older one of its bucket. */
const suffixAt = new Uint16Array(POINTER_TARGETS);
const suffixHash = new Int32Array(POINTER_TARGETS);
const older = new Int32Array(POINTER_TARGETS);
let suffixes = 0;

const labelAt = new Uint8Array(128);
const labelHash = new Int32Array(128);

export class MessageWriter {
  /** Octets written. */
  at = 0;
  /** Whether something did not fit; nothing is written from then on until `rewind`. */
  overflow = false;
  /** Octets that may be written. */
  limit: number;
  readonly #compress: boolean;

  constructor(limit: number, compress: boolean) {
    this.limit = limit;
    this.#compress = compress;
    if (compress) {
      newest.fill(-1);
      suffixes = 0;
    }
  }

  #room(count: number): boolean {
    if (this.at + count > this.limit) this.overflow = true;
    return !this.overflow;
  }

  u8(value: number): void {
    if (this.#room(1)) scratch[this.at++] = value;
  }

  u16(value: number): void {
    if (!this.#room(2)) return;
    this.setU16(this.at, value);
    this.at += 2;
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  /** `from` up to `to` of `source`. */
  octets(source: Uint8Array, from: number, to: number): void {
    if (!this.#room(to - from)) return;
    for (let i = from; i < to; i++) scratch[this.at++] = source[i]!;
  }

  setU16(at: number, value: number): void {
    if (at + 2 > this.limit) return;
    scratch[at] = value >> 8;
    scratch[at + 1] = value & 0xff;
  }

  setTruncated(): void {
    scratch[2]! |= 0x02;
  }

  /** Forgets what was written from `mark` on. No name is written afterwards: it might point at what is gone. */
  rewind(mark: number): void {
    this.at = mark;
    this.overflow = false;
  }

  name(name: Name): void {
    this.nameWire(name.wire);
  }

  /** An uncompressed name in wire form. */
  nameWire(wire: Uint8Array): void {
    if (!this.#compress || wire.length === 1) {
      this.octets(wire, 0, wire.length);
      return;
    }
    let labels = 0;
    for (let at = 0; wire[at]! > 0; at += wire[at]! + 1) labelAt[labels++] = at;
    // Hashes from the right, so that every suffix has one.
    let hash = 0x811c9dc5 | 0;
    for (let n = labels - 1, end = wire.length - 1; n >= 0; n--) {
      const start = labelAt[n]!;
      for (let i = end - 1; i >= start; i--) hash = Math.imul(hash ^ wire[i]!, 0x01000193);
      end = start;
      hash ^= hash >>> 15;
      labelHash[n] = hash;
    }
    let fresh = 0;
    let target = -1;
    for (; fresh < labels; fresh++) {
      target = this.#find(wire, labelAt[fresh]!, labelHash[fresh]!);
      if (target >= 0) break;
    }
    const start = this.at;
    const end = fresh < labels ? labelAt[fresh]! : wire.length;
    this.octets(wire, 0, end);
    if (target >= 0) this.u16(0xc000 | target);
    if (this.overflow) return;
    for (let n = 0; n < fresh; n++) {
      const offset = start + labelAt[n]!;
      if (offset >= POINTER_TARGETS) break;
      const bucket = labelHash[n]! & (BUCKETS - 1);
      suffixAt[suffixes] = offset;
      suffixHash[suffixes] = labelHash[n]!;
      older[suffixes] = newest[bucket]!;
      newest[bucket] = suffixes++;
    }
  }

  /** Where the suffix of `wire` from `from` on was written before, octet for octet; -1 if nowhere. */
  #find(wire: Uint8Array, from: number, hash: number): number {
    let entry = newest[hash & (BUCKETS - 1)]!;
    for (let n = 0; entry >= 0 && n < MAX_CHAIN; n++) {
      if (suffixHash[entry] === hash && matches(wire, from, suffixAt[entry]!)) return suffixAt[entry]!;
      entry = older[entry]!;
    }
    return -1;
  }

  finish(): Uint8Array {
    return scratch.slice(0, this.at);
  }
}

/** Whether the name written at `offset`, pointers followed, is `wire` from `from` on. */
function matches(wire: Uint8Array, from: number, offset: number): boolean {
  let at = offset;
  let i = from;
  for (;;) {
    let length = scratch[at]!;
    while (length >= 0xc0) {
      at = ((length & 0x3f) << 8) | scratch[at + 1]!;
      length = scratch[at]!;
    }
    if (length !== wire[i]) return false;
    if (length === 0) return true;
    for (let n = 1; n <= length; n++) if (scratch[at + n] !== wire[i + n]) return false;
    at += length + 1;
    i += length + 1;
  }
}
