/**
 * Reads a message's octets: names with compression (rfc1035#section-4.1.4), record data with the names in it expanded.
 *
 * Bounded work. A pointer must point before the place where its own run of labels begins, so a name ends; a name has at most 255
 * octets and `MAX_POINTERS` pointers; and every name that a pointer points at is expanded once a message and remembered by its
 * offset. So the labels and pointers walked for a whole message are at most a small multiple of its octets, whatever they are
 * (`steps` counts them), and the octets that come out are at most 255 for each name that the message has room to mention.
 */
import { DnsFormatError } from './errors.ts';
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, Name } from './name.ts';
import { headLength, nameCount, type RdataLayout } from './rdata-layout.ts';

/** Pointers followed for one name. A name has at most 127 labels and no encoder needs more than a pointer for each. */
export const MAX_POINTERS = 127;

const HEADER_OCTETS = 12;
/** A pointer has 14 bits: names beyond cannot be pointed at. */
const POINTER_TARGETS = 0x4000;

/**
 * For each offset, where in `remembered` its name is. An entry counts only if above the message's `base`, so the table needs no
 * clearing between messages. Shared by all readers: reading is synchronous and one message is read at a time.
 */
const slots = new Int32Array(POINTER_TARGETS);
const remembered: Name[] = [];
let base = 0;

export class MessageReader {
  readonly octets: Uint8Array;
  /** Where the next octet is read. */
  at = 0;
  /** Labels and pointers walked so far. */
  steps = 0;
  #pointers = 0;

  constructor(octets: Uint8Array) {
    // Views of a Buffer are Buffers, whose slice() does not copy: what is handed out must be plain.
    this.octets = Buffer.isBuffer(octets)
      ? new Uint8Array(octets.buffer, octets.byteOffset, octets.length)
      : octets;
    base += remembered.length;
    remembered.length = 0;
    if (base > 0x7fff0000) {
      slots.fill(0);
      base = 0;
    }
  }

  u16(): number {
    const at = this.at;
    if (at + 2 > this.octets.length) throw truncated();
    this.at = at + 2;
    return (this.octets[at]! << 8) | this.octets[at + 1]!;
  }

  /** A name at `at`, which moves behind it. */
  name(): Name {
    const octets = this.octets;
    const at = this.at;
    this.#pointers = 0;
    // Most owner names are nothing but a pointer.
    if (at + 1 < octets.length && octets[at]! >= 0xc0) {
      this.at = at + 2;
      return this.#target(((octets[at]! & 0x3f) << 8) | octets[at + 1]!, at);
    }
    const name = this.#labels(at, octets.length);
    if (at < POINTER_TARGETS) this.#remember(at, name);
    return name;
  }

  #remember(offset: number, name: Name): void {
    remembered.push(name);
    slots[offset] = base + remembered.length;
  }

  /** The name that a pointer points at. */
  #target(offset: number, before: number): Name {
    this.steps++;
    if (offset >= before || offset < HEADER_OCTETS)
      throw new DnsFormatError('bad-pointer', 'compression pointer that does not point backwards to a name');
    const slot = slots[offset]!;
    if (slot > base) return remembered[slot - base - 1]!;
    if (++this.#pointers > MAX_POINTERS)
      throw new DnsFormatError('bad-pointer', 'chain of compression pointers is too long');
    const resume = this.at;
    const name = this.#labels(offset, this.octets.length);
    this.at = resume;
    this.#remember(offset, name);
    return name;
  }

  /** Labels from `start` to the root label or a pointer, all before `end`; leaves `at` behind them. */
  #labels(start: number, end: number): Name {
    const octets = this.octets;
    let at = start;
    for (;;) {
      if (at >= end) throw truncated();
      const length = octets[at]!;
      this.steps++;
      if (length === 0) {
        at++;
        this.at = at;
        return Name.unchecked(octets.subarray(start, at));
      }
      if (length > MAX_LABEL_OCTETS) {
        if (length < 0xc0) throw new DnsFormatError('bad-label', 'label of unknown kind');
        if (at + 2 > end) throw truncated();
        const suffix = this.#target(((length & 0x3f) << 8) | octets[at + 1]!, start);
        this.at = at + 2;
        if (at === start) return suffix;
        const own = at - start;
        const whole = own + suffix.wire.length;
        if (whole > MAX_NAME_OCTETS) throw tooLong();
        const wire = new Uint8Array(whole);
        for (let i = 0; i < own; i++) wire[i] = octets[start + i]!;
        wire.set(suffix.wire, own);
        return Name.unchecked(wire);
      }
      at += length + 1;
      if (at - start >= MAX_NAME_OCTETS) throw tooLong();
    }
  }

  /**
   * Record data of `length` octets at `at`, which moves behind it. Names are expanded and the data must fit the layout exactly;
   * without a layout it is taken as it is. A view of the message where nothing was compressed.
   */
  rdata(length: number, layout: RdataLayout | undefined): Uint8Array {
    const start = this.at;
    const end = start + length;
    if (end > this.octets.length) throw truncated();
    if (layout === undefined) {
      this.at = end;
      return this.octets.subarray(start, end);
    }
    const head = headLength(layout, this.octets, start, end);
    if (head < 0) throw misfit();
    this.at = start + head;
    const names = nameCount(layout, this.octets, start);
    let expanded = head;
    let first: Uint8Array | undefined;
    let second: Uint8Array | undefined;
    for (let n = 0; n < names; n++) {
      this.#pointers = 0;
      const wire = this.#labels(this.at, end).wire;
      expanded += wire.length;
      if (n === 0) first = wire;
      else second = wire;
    }
    const tail = end - this.at;
    if (layout.tail >= 0 && tail !== layout.tail) throw misfit();
    const tailAt = this.at;
    this.at = end;
    if (expanded + tail === length) return this.octets.subarray(start, end);
    // More than 65535 octets fit no RDLENGTH: such data could not be said again.
    if (expanded + tail > 0xffff) throw misfit();
    const rdata = new Uint8Array(expanded + tail);
    let at = 0;
    for (; at < head; at++) rdata[at] = this.octets[start + at]!;
    if (first !== undefined) {
      rdata.set(first, at);
      at += first.length;
    }
    if (second !== undefined) {
      rdata.set(second, at);
      at += second.length;
    }
    for (let i = 0; i < tail; i++) rdata[at + i] = this.octets[tailAt + i]!;
    return rdata;
  }
}

function truncated(): DnsFormatError {
  return new DnsFormatError('truncated', 'message ends within a record or a name');
}

function tooLong(): DnsFormatError {
  return new DnsFormatError('name-too-long', 'name longer than 255 octets');
}

function misfit(): DnsFormatError {
  return new DnsFormatError('bad-rdata', 'record data does not fit its type');
}
