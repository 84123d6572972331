/**
 * Distinguished names: comparison as path building needs it (rfc5280#section-7.1), common names, and text to show.
 *
 * Limitation: case is folded for ASCII only and Unicode is not normalised (no stringprep), as OpenSSL does it.
 */
import { DerReader, derValues, oidText, Tag } from './der.ts';
import { DaneError } from './errors.ts';

export interface NameAttribute {
  readonly oid: string;
  readonly tag: number;
  readonly octets: Uint8Array;
}

/** A relative distinguished name: usually one attribute. */
export type RelativeName = readonly NameAttribute[];

export const Attribute = { commonName: '2.5.4.3', emailAddress: '1.2.840.113549.1.9.1' } as const;

const LABELS: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** Parse a Name (whole DER value). Throws `bad-der`. */
export function parseName(der: Uint8Array): RelativeName[] {
  const outer = new DerReader(der);
  const reader = outer.enter(Tag.SEQUENCE);
  outer.end();
  const names: RelativeName[] = [];
  while (!reader.done) {
    names.push(
      derValues(reader.read(Tag.SET).content).map((attribute) => {
        if (attribute.tag !== Tag.SEQUENCE) throw new DaneError('bad-der', 'not an attribute of a name');
        const pair = new DerReader(attribute.content);
        const oid = oidText(pair.read(Tag.OID).content);
        const value = pair.any();
        pair.end();
        return { oid, tag: value.tag, octets: value.content };
      }),
    );
  }
  return names;
}

/** The types of an attribute's value that OpenSSL reads in a name. */
const VALUE_TYPES: ReadonlySet<number> = new Set([
  Tag.UTF8_STRING,
  Tag.PRINTABLE_STRING,
  Tag.IA5_STRING,
  Tag.T61_STRING,
  Tag.BMP_STRING,
  Tag.UNIVERSAL_STRING,
  Tag.NUMERIC_STRING,
  Tag.BIT_STRING,
]);

/** Throws `bad-der` unless the octets are a Name whose values are of these types, and what they say they are. */
export function checkName(der: Uint8Array): void {
  for (const attribute of parseName(der).flat()) {
    const isText = attribute.tag !== Tag.BIT_STRING;
    if (!VALUE_TYPES.has(attribute.tag) || (isText && stringValue(attribute) === undefined))
      throw new DaneError('bad-der', 'a name with an unreadable value');
  }
}

// A byte order mark is a character like another: two names that differ by one differ.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf16 = new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true });

/** Throws where a code point is none. */
function utf32(octets: Uint8Array): string {
  if (octets.length % 4 !== 0) throw new RangeError('not UTF-32');
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  return Array.from({ length: octets.length / 4 }, (_, n) =>
    String.fromCodePoint(view.getUint32(n * 4)),
  ).join('');
}

/** Text of a string value; undefined for other types and for broken encodings. */
export function stringValue(attribute: Pick<NameAttribute, 'tag' | 'octets'>): string | undefined {
  const { tag, octets } = attribute;
  try {
    switch (tag) {
      case Tag.UTF8_STRING:
        return utf8.decode(octets);
      case Tag.BMP_STRING:
        return utf16.decode(octets);
      case Tag.UNIVERSAL_STRING:
        return utf32(octets);
      case Tag.PRINTABLE_STRING:
      case Tag.IA5_STRING:
      case Tag.T61_STRING:
      case Tag.VISIBLE_STRING:
      case Tag.NUMERIC_STRING:
        return Buffer.from(octets).toString('latin1');
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

/** White space of ASCII only: as OpenSSL has it, another space is another name. */
const fold = (text: string): string =>
  text
    .replace(/[ \t\n\v\f\r]+/g, ' ')
    .replace(/^ | $/g, '')
    .replace(/[A-Z]+/g, (upper) => upper.toLowerCase());

function attributeKey(attribute: NameAttribute): string {
  // A NumericString equals only itself, as OpenSSL has it.
  const text = attribute.tag === Tag.NUMERIC_STRING ? undefined : stringValue(attribute);
  const value =
    text === undefined ? `#${attribute.tag}:${Buffer.from(attribute.octets).toString('hex')}` : fold(text);
  return JSON.stringify([attribute.oid, value]);
}

/** One string for each relative name; equal strings are equal names. */
export function relativeNameKeys(names: readonly RelativeName[]): string[] {
  return names.map((name) => name.map(attributeKey).sort().join('+'));
}

/** A string that is the same for names that compare equal; a name that does not parse equals only its own octets. */
export function nameKey(der: Uint8Array): string {
  try {
    return relativeNameKeys(parseName(der)).join(',');
  } catch {
    return `raw:${Buffer.from(der).toString('hex')}`;
  }
}

/** The values of one attribute, in order; unreadable ones are left out. */
export function attributeValues(der: Uint8Array, oid: string): string[] {
  try {
    return parseName(der)
      .flat()
      .filter((attribute) => attribute.oid === oid)
      .map(stringValue)
      .filter((text) => text !== undefined);
  } catch {
    return [];
  }
}

/** Text to show, such as `CN=mx1.example.org, O=Example`; control characters are escaped. */
export function nameToText(der: Uint8Array): string {
  try {
    const parts = parseName(der)
      .flat()
      .map((attribute) => {
        const value = stringValue(attribute) ?? `#${Buffer.from(attribute.octets).toString('hex')}`;
        return `${LABELS[attribute.oid] ?? attribute.oid}=${printable(value)}`;
      });
    return parts.length > 0 ? parts.join(', ') : '(empty name)';
  } catch {
    return '(unreadable name)';
  }
}

/** Text from a certificate, safe for a terminal or a log line: control and format characters escaped, at most 200 characters. */
export function printable(text: string): string {
  // Nearly all are of this kind, and classes of Unicode are slow.
  if (text.length <= 200 && /^[\x20-\x7e]*$/.test(text)) return text;
  const safe = text
    .slice(0, 200)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
  return text.length > 200 ? `${safe}...` : safe;
}
