/** Writes RDATA from left to right. Throws `DnsFormatError` on a number that does not fit its field. */
import { DnsFormatError } from '../errors.ts';
import type { Name } from '../name.ts';
import { concatOctets } from '../octets.ts';

export class RdataWriter {
  readonly #parts: Uint8Array[] = [];

  #check(value: number, limit: number): void {
    if (!Number.isInteger(value) || value < 0 || value > limit)
      throw new DnsFormatError('out-of-range', `${value} is not between 0 and ${limit}`);
  }

  u8(value: number): this {
    this.#check(value, 0xff);
    this.#parts.push(Uint8Array.of(value));
    return this;
  }

  u16(value: number): this {
    this.#check(value, 0xffff);
    this.#parts.push(Uint8Array.of(value >> 8, value & 0xff));
    return this;
  }

  u32(value: number): this {
    this.#check(value, 0xffffffff);
    this.#parts.push(Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff));
    return this;
  }

  octets(octets: Uint8Array): this {
    this.#parts.push(octets);
    return this;
  }

  name(name: Name): this {
    this.#parts.push(name.wire);
    return this;
  }

  /** `<character-string>` (rfc1035#section-3.3): length octet and at most 255 octets. */
  characterString(octets: Uint8Array): this {
    if (octets.length > 255) throw new DnsFormatError('out-of-range', 'string longer than 255 octets');
    return this.u8(octets.length).octets(octets);
  }

  /** The whole. Throws where it is longer than RDLENGTH can say. */
  finish(): Uint8Array {
    const rdata = concatOctets(this.#parts);
    if (rdata.length > 0xffff)
      throw new DnsFormatError('out-of-range', 'record data longer than 65535 octets');
    return rdata;
  }
}
