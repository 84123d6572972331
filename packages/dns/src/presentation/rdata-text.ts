/** Record data and whole records as text (rfc1035#section-5.1), unknown types as RFC 3597 has them. */
import { DnsFormatError } from '../errors.ts';
import { rrClassToText } from '../iana/rr-class.ts';
import { rrTypeToText } from '../iana/rr-type.ts';
import { Name } from '../name.ts';
import { hexEncode } from '../octets.ts';
import { RDATA_FORMATS } from '../rdata/rdata-formats.ts';
import type { ResourceRecord } from '../record.ts';
import { TokenReader } from './token-reader.ts';
import { tokenizeAll } from './tokenize.ts';

/**
 * The data as text. Data of an unknown type, and data that does not fit its type, is written as `\# length hex`
 * (rfc3597#section-5), so this never throws.
 */
export function rdataToText(type: number, rdata: Uint8Array): string {
  const format = RDATA_FORMATS.get(type);
  if (format) {
    try {
      return format.toText(rdata);
    } catch (error) {
      if (!(error instanceof DnsFormatError)) throw error;
    }
  }
  return `\\# ${rdata.length} ${hexEncode(rdata)}`.trimEnd();
}

/** `owner TTL class type data` on one line, separated by single spaces. */
export function recordToText(record: ResourceRecord): string {
  const { name, ttl, class: rrClass, type, rdata } = record;
  const head = `${name} ${ttl} ${rrClassToText(rrClass)} ${rrTypeToText(type)}`;
  return `${head} ${rdataToText(type, rdata)}`.trimEnd();
}

/**
 * Data from text, in the type's own form or as `\# length hex` (rfc3597#section-5). Relative names are completed with `origin`,
 * default the root. Throws `DnsFormatError`.
 */
export function rdataFromText(type: number, text: string, origin: Name = Name.root): Uint8Array {
  return readRdata(type, new TokenReader(tokenizeAll(text), origin));
}

/** All tokens left of a record as its data. */
export function readRdata(type: number, tokens: TokenReader): Uint8Array {
  const first = tokens.peek();
  if (first?.text === '\\#' && !first.quoted) return readGeneric(tokens);
  const format = RDATA_FORMATS.get(type);
  if (format === undefined)
    throw new DnsFormatError(
      'bad-record-text',
      `expected "\\#", a length and hexadecimal data for ${rrTypeToText(type)}`,
    );
  const rdata = format.fromText(tokens);
  tokens.end();
  return rdata;
}

/** Any octets, also for a known type: what could not be written in its own form must come back. */
function readGeneric(tokens: TokenReader): Uint8Array {
  tokens.next('"\\#"');
  const length = tokens.u16('a length');
  const rdata = tokens.hex('data in hexadecimal');
  if (rdata.length !== length)
    throw new DnsFormatError('bad-record-text', `expected ${length} octets of data, found ${rdata.length}`);
  return rdata;
}
