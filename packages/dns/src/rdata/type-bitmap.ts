/** The set of record types in NSEC, NSEC3 and CSYNC (rfc4034#section-4.1.2, rfc5155#section-3.2.1). */
import { DnsFormatError } from '../errors.ts';
import { rrTypeFromText, rrTypeToText } from '../iana/rr-type.ts';
import { equalOctets } from '../octets.ts';
import type { TokenReader } from '../presentation/token-reader.ts';

export class TypeBitmap {
  /** Windows in wire form. Treat as read-only. */
  readonly wire: Uint8Array;

  private constructor(wire: Uint8Array) {
    this.wire = wire;
  }

  /**
   * A bitmap from its wire form, which is kept, not copied. Windows must ascend and be 1 to 32 octets long with a last octet
   * that is not zero; `DnsFormatError` otherwise, as BIND has it.
   */
  static fromWire(wire: Uint8Array): TypeBitmap {
    let previous = -1;
    let at = 0;
    while (at < wire.length) {
      const window = wire[at]!;
      const length = wire[at + 1];
      if (length === undefined) throw new DnsFormatError('truncated', 'type bitmap ends within a window');
      if (window <= previous) throw new DnsFormatError('bad-rdata', 'type bitmap windows out of order');
      if (length < 1 || length > 32)
        throw new DnsFormatError('bad-rdata', 'type bitmap window of bad length');
      const next = at + 2 + length;
      if (next > wire.length) throw new DnsFormatError('truncated', 'type bitmap ends within a window');
      if (wire[next - 1] === 0)
        throw new DnsFormatError('bad-rdata', 'type bitmap window ends with a zero octet');
      previous = window;
      at = next;
    }
    return new TypeBitmap(wire);
  }

  static of(types: Iterable<number>): TypeBitmap {
    const wire: number[] = [];
    let windowAt = -1;
    let window = -1;
    for (const type of [...new Set(types)].sort((a, b) => a - b)) {
      if (!Number.isInteger(type) || type < 0 || type > 0xffff)
        throw new DnsFormatError('out-of-range', `${type} is no record type`);
      if (type >> 8 !== window) {
        window = type >> 8;
        windowAt = wire.length;
        wire.push(window, 0);
      }
      const octet = (type & 0xff) >> 3;
      while (wire[windowAt + 1]! <= octet) {
        wire.push(0);
        wire[windowAt + 1]!++;
      }
      wire[windowAt + 2 + octet]! |= 0x80 >> (type & 7);
    }
    return new TypeBitmap(Uint8Array.from(wire));
  }

  has(type: number): boolean {
    const wire = this.wire;
    for (let at = 0; at < wire.length; at += 2 + wire[at + 1]!) {
      if (wire[at] !== type >> 8) continue;
      const octet = (type & 0xff) >> 3;
      return octet < wire[at + 1]! && (wire[at + 2 + octet]! & (0x80 >> (type & 7))) !== 0;
    }
    return false;
  }

  /** Ascending. */
  get types(): number[] {
    const types: number[] = [];
    const wire = this.wire;
    for (let at = 0; at < wire.length; at += 2 + wire[at + 1]!) {
      const bits = wire[at + 1]! * 8;
      for (let bit = 0; bit < bits; bit++)
        if (wire[at + 2 + (bit >> 3)]! & (0x80 >> (bit & 7))) types.push(wire[at]! * 256 + bit);
    }
    return types;
  }

  equals(other: TypeBitmap): boolean {
    return equalOctets(this.wire, other.wire);
  }

  /** Mnemonics, separated by spaces. */
  toString(): string {
    return this.types.map(rrTypeToText).join(' ');
  }

  toJSON(): string[] {
    return this.types.map(rrTypeToText);
  }

  static fromTokens(tokens: TokenReader): TypeBitmap {
    const types: number[] = [];
    while (!tokens.atEnd) {
      const { text } = tokens.next('a record type');
      const type = rrTypeFromText(text);
      if (type === undefined)
        throw new DnsFormatError('bad-record-text', `expected a record type, found "${text}"`);
      types.push(type);
    }
    return TypeBitmap.of(types);
  }
}
