/** Writing and reading octets one after the other, for the cache's snapshot. Reading past the end is an error, never a guess. */
import { Name, type ResourceRecord } from '@mailanchor/dns';

const FIRST_OCTETS = 64 * 1024;

export class OctetWriter {
  #buffer = Buffer.alloc(FIRST_OCTETS);
  #at = 0;

  get length(): number {
    return this.#at;
  }

  #room(octets: number): void {
    if (this.#at + octets <= this.#buffer.length) return;
    const larger = Buffer.alloc(Math.max(this.#buffer.length * 2, this.#at + octets));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }

  u8(value: number): void {
    this.#room(1);
    this.#at = this.#buffer.writeUInt8(value, this.#at);
  }

  u16(value: number): void {
    this.#room(2);
    this.#at = this.#buffer.writeUInt16BE(value, this.#at);
  }

  u32(value: number): void {
    this.#room(4);
    this.#at = this.#buffer.writeUInt32BE(value, this.#at);
  }

  /** A number of any size. */
  f64(value: number): void {
    this.#room(8);
    this.#at = this.#buffer.writeDoubleBE(value, this.#at);
  }

  octets(octets: Uint8Array): void {
    this.#room(octets.length);
    this.#buffer.set(octets, this.#at);
    this.#at += octets.length;
  }

  /** With its length, up to 4 GiB. */
  text(text: string): void {
    const octets = Buffer.from(text, 'utf8');
    this.u32(octets.length);
    this.octets(octets);
  }

  name(name: Name): void {
    this.u8(name.wire.length);
    this.octets(name.wire);
  }

  record({ name, type, class: klass, ttl, rdata }: ResourceRecord): void {
    this.name(name);
    this.u16(type);
    this.u16(klass);
    this.u32(ttl);
    this.u16(rdata.length);
    this.octets(rdata);
  }

  records(records: readonly ResourceRecord[]): void {
    this.u16(records.length);
    for (const record of records) this.record(record);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#buffer.subarray(0, this.#at));
  }
}

export class OctetReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(octets: Uint8Array) {
    this.#buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  }

  get left(): number {
    return this.#buffer.length - this.#at;
  }

  u8(): number {
    const value = this.#buffer.readUInt8(this.#at);
    this.#at += 1;
    return value;
  }

  u16(): number {
    const value = this.#buffer.readUInt16BE(this.#at);
    this.#at += 2;
    return value;
  }

  u32(): number {
    const value = this.#buffer.readUInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  f64(): number {
    const value = this.#buffer.readDoubleBE(this.#at);
    this.#at += 8;
    return value;
  }

  /** A copy: a part must not keep the whole alive. */
  octets(length: number): Uint8Array {
    if (length > this.left) throw new RangeError(`${length} octets wanted, ${this.left} left`);
    const octets = Uint8Array.from(this.#buffer.subarray(this.#at, this.#at + length));
    this.#at += length;
    return octets;
  }

  text(): string {
    const length = this.u32();
    if (length > this.left) throw new RangeError(`${length} octets wanted, ${this.left} left`);
    const text = this.#buffer.toString('utf8', this.#at, this.#at + length);
    this.#at += length;
    return text;
  }

  name(): Name {
    return Name.fromWire(this.octets(this.u8()));
  }

  record(): ResourceRecord {
    const name = this.name();
    const type = this.u16();
    const klass = this.u16();
    const ttl = this.u32();
    return { name, type, class: klass, ttl, rdata: this.octets(this.u16()) };
  }

  records(): ResourceRecord[] {
    return Array.from({ length: this.u16() }, () => this.record());
  }
}
