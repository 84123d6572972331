/** The question of `resolve`, from text. */
import { domainToASCII } from 'node:url';
import { Name, rrTypeFromText } from '@mailanchor/dns';
import { messageOf, UsageError } from '../errors.ts';
import { shown } from '../options/given.ts';

/** A name of the DNS: presentation format, relative is absolute; labels beyond ASCII become A-labels. Throws `UsageError`. */
export function parseQuestionName(text: string): Name {
  const trimmed = text.trim();
  const ascii = [...trimmed].every((character) => (character.codePointAt(0) ?? 0) < 0x80)
    ? trimmed
    : domainToASCII(trimmed);
  try {
    if (ascii === '') throw new Error(trimmed === '' ? 'empty' : 'not valid as an internationalised name');
    return Name.fromText(ascii);
  } catch (error) {
    throw new UsageError(`${shown(text)} is not a domain name: ${messageOf(error)}`, { cause: error });
  }
}

/** Types that are questions about servers or transactions, not data of a zone: none of them can be proven. */
const NOT_DATA: ReadonlySet<number> = new Set([0, 41, 249, 250, 251, 252, 253, 254, 255]);

export function parseQuestionType(text: string): number {
  const type = rrTypeFromText(text);
  if (type === undefined) {
    throw new UsageError(`${shown(text)} is not a record type. Write A, AAAA, MX, TLSA ... or TYPE65280`);
  }
  if (NOT_DATA.has(type))
    throw new UsageError(`${text.toUpperCase()} is no type of data that can be looked up and proven`);
  return type;
}
