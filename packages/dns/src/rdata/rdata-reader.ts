/** Reads RDATA from left to right. Every method throws `DnsFormatError` where the octets end too early. */
import { DnsFormatError } from '../errors.ts';
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, Name } from '../name.ts';

export class RdataReader {
  readonly #octets: Uint8Array;
  #at = 0;

  constructor(rdata: Uint8Array) {
    this.#octets = rdata;
  }

  get remaining(): number {
    return this.#octets.length - this.#at;
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#octets.length) throw new DnsFormatError('truncated', 'record data ends too early');
    this.#at = at + count;
    return at;
  }

  u8(): number {
    return this.#octets[this.#take(1)]!;
  }

  u16(): number {
    const at = this.#take(2);
    return (this.#octets[at]! << 8) | this.#octets[at + 1]!;
  }

  u32(): number {
    const at = this.#take(4);
    const octets = this.#octets;
    return ((octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!) >>> 0;
  }

  /** A view, not a copy. */
  octets(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#octets.subarray(at, at + count);
  }

  /** A view of everything that is left. */
  rest(): Uint8Array {
    return this.octets(this.remaining);
  }

  /** One uncompressed name; a view of the octets. */
  name(): Name {
    const octets = this.#octets;
    const start = this.#at;
    let at = start;
    for (;;) {
      const length = octets[at];
      if (length === undefined)
        throw new DnsFormatError('truncated', 'name runs over the end of record data');
      if (length > MAX_LABEL_OCTETS)
        throw new DnsFormatError(
          'bad-label',
          'compressed name or label longer than 63 octets in record data',
        );
      at += length + 1;
      if (at - start > MAX_NAME_OCTETS)
        throw new DnsFormatError('name-too-long', 'name longer than 255 octets');
      if (length === 0) break;
    }
    this.#at = at;
    return Name.unchecked(octets.subarray(start, at));
  }

  /** `<character-string>` (rfc1035#section-3.3): a view of its octets without the length octet. */
  characterString(): Uint8Array {
    return this.octets(this.u8());
  }

  /** Checks that nothing is left. */
  end(): void {
    if (this.#at !== this.#octets.length)
      throw new DnsFormatError('trailing-data', 'octets after the end of record data');
  }
}
