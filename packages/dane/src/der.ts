/**
 * A reader of DER (ITU-T X.690), as far as certificates need it. It hands out views of the octets, never copies and never
 * re-encodes: TLSA records and signatures are about octets as sent.
 *
 * Limitations: tag numbers above 30 and indefinite lengths are refused; a length in more octets than needed is accepted,
 * since it is unambiguous. Nesting is followed only by explicit calls, so depth is bounded by the code that reads.
 */
import { DaneError } from './errors.ts';

export const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OID: 0x06,
  UTF8_STRING: 0x0c,
  NUMERIC_STRING: 0x12,
  PRINTABLE_STRING: 0x13,
  T61_STRING: 0x14,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  VISIBLE_STRING: 0x1a,
  UNIVERSAL_STRING: 0x1c,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** Context-specific tag `[n]`, primitive or constructed. */
export const context = (n: number, constructed: boolean): number => 0x80 | (constructed ? 0x20 : 0) | n;

export interface DerValue {
  /** The identifier octet: class, constructed bit, number. */
  readonly tag: number;
  /** Identifier, length and content. */
  readonly raw: Uint8Array;
  readonly content: Uint8Array;
}

const bad = (text: string): DaneError => new DaneError('bad-der', `not DER: ${text}`);

export class DerReader {
  readonly #octets: Uint8Array;
  #at = 0;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  get done(): boolean {
    return this.#at >= this.#octets.length;
  }

  /** The identifier octet of the next value; -1 at the end. */
  get nextTag(): number {
    return this.#octets[this.#at] ?? -1;
  }

  /** The next value, whatever its tag. Throws {@link DaneError} `bad-der`. */
  any(): DerValue {
    const octets = this.#octets;
    const start = this.#at;
    const tag = octets[start];
    const first = octets[start + 1];
    if (tag === undefined || first === undefined) throw bad('ends early');
    if ((tag & 0x1f) === 0x1f) throw bad('tag number above 30');
    let at = start + 2;
    let length = first;
    if (first >= 0x80) {
      const count = first & 0x7f;
      if (count === 0) throw bad('indefinite length');
      if (count > 4) throw bad('length of more than four octets');
      length = 0;
      for (let i = 0; i < count; i++) {
        const octet = octets[at++];
        if (octet === undefined) throw bad('ends early');
        length = length * 256 + octet;
      }
    }
    const end = at + length;
    if (end > octets.length) throw bad('a value ends after its container');
    this.#at = end;
    return { tag, raw: octets.subarray(start, end), content: octets.subarray(at, end) };
  }

  /** The next value, which must have this tag. */
  read(tag: number): DerValue {
    const value = this.any();
    if (value.tag !== tag) throw bad(`tag 0x${value.tag.toString(16)} where 0x${tag.toString(16)} belongs`);
    return value;
  }

  /** The next value if it has this tag, else undefined and nothing is read. */
  optional(tag: number): DerValue | undefined {
    return this.nextTag === tag ? this.any() : undefined;
  }

  /** A reader of the content of the next value, which must have this tag. */
  enter(tag: number): DerReader {
    return new DerReader(this.read(tag).content);
  }

  /** The content of an INTEGER, at least one octet and none too many. */
  integer(tag: number = Tag.INTEGER): Uint8Array {
    return integerOctets(this.read(tag).content);
  }

  /** Throws if anything is left. */
  end(): void {
    if (!this.done) throw bad('octets after the last value');
  }
}

/** The same octets if they are the content of an INTEGER in its one encoding. Throws {@link DaneError} `bad-der`. */
export function integerOctets(content: Uint8Array): Uint8Array {
  const [first, second = 0] = content;
  if (first === undefined) throw bad('empty INTEGER');
  const padded = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
  if (content.length > 1 && padded) throw bad('INTEGER with an octet too many');
  return content;
}

/** The value of a BOOLEAN's content; any octet but 0 is true. */
export function booleanValue(content: Uint8Array): boolean {
  if (content.length !== 1) throw bad('BOOLEAN of more or less than one octet');
  return content[0] !== 0;
}

/** The single value that these octets are, nothing after it. */
export function derValue(octets: Uint8Array, tag: number): DerValue {
  const reader = new DerReader(octets);
  const value = reader.read(tag);
  reader.end();
  return value;
}

/** The values inside a SEQUENCE OF or SET OF. */
export function derValues(octets: Uint8Array): DerValue[] {
  const reader = new DerReader(octets);
  const values: DerValue[] = [];
  while (!reader.done) values.push(reader.any());
  return values;
}

/** Dotted text of an object identifier's content. Arcs beyond 2^53 are refused. */
export function oidText(content: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  let open = false;
  for (const octet of content) {
    if (arc === 0 && octet === 0x80) throw bad('object identifier with an octet too many');
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER) throw bad('object identifier arc too large');
    open = octet >= 0x80;
    if (open) continue;
    arcs.push(arc);
    arc = 0;
  }
  const head = arcs[0];
  if (head === undefined || open) throw bad('object identifier ends early');
  const top = Math.min(2, Math.floor(head / 40));
  return [top, head - top * 40, ...arcs.slice(1)].join('.');
}

/** An INTEGER's value as a number; beyond 2^31 it is that bound, negative is -1. For path lengths and the like. */
export function smallInteger(content: Uint8Array): number {
  if (integerOctets(content)[0]! >= 0x80) return -1;
  let value = 0;
  for (const octet of content) value = Math.min(value * 256 + octet, 2 ** 31);
  return value;
}

/** The octets of a BIT STRING that fills whole octets (keys, signatures). */
export function bitStringOctets(content: Uint8Array): Uint8Array {
  if (content.length === 0 || content[0] !== 0) throw bad('BIT STRING of unused bits');
  return content.subarray(1);
}

/** True if both are the same octets. */
export function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  return a === b || Buffer.compare(a, b) === 0;
}
