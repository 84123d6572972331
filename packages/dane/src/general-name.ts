/** GeneralName (rfc5280#section-4.2.1.6): what a certificate says its subject is called. */
import { context, DerReader, type DerValue, derValue, oidText, Tag } from './der.ts';
import { checkName } from './distinguished-name.ts';
import { DaneError } from './errors.ts';

export type GeneralName =
  /** Octets as they stand, read as Latin-1: whoever compares decides what is a valid name. */
  | { readonly kind: 'dns' | 'email' | 'uri'; readonly value: string }
  /** 4 or 16 octets; in a name constraint address and mask, 8 or 32. */
  | { readonly kind: 'ip'; readonly octets: Uint8Array }
  /** a Name, whole DER value */
  | { readonly kind: 'directory'; readonly name: Uint8Array }
  /** otherName, x400Address, ediPartyName, registeredID: the tag number 0, 3, 5 or 8 */
  | { readonly kind: 'other'; readonly tag: number };

const latin1 = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

/** Throws `bad-der`. */
export function parseGeneralName(value: DerValue): GeneralName {
  switch (value.tag) {
    case context(1, false):
      return { kind: 'email', value: latin1(value.content) };
    case context(2, false):
      return { kind: 'dns', value: latin1(value.content) };
    case context(4, true):
      return { kind: 'directory', name: directoryName(value.content) };
    case context(6, false):
      return { kind: 'uri', value: latin1(value.content) };
    case context(7, false):
      return { kind: 'ip', octets: value.content };
    case context(0, true):
      return otherName(value.content);
    case context(3, true):
      return { kind: 'other', tag: 3 };
    case context(5, true):
      return ediPartyName(value.content);
    case context(8, false):
      oidText(value.content);
      return { kind: 'other', tag: 8 };
    default:
      throw new DaneError('bad-der', 'not a GeneralName');
  }
}

function directoryName(content: Uint8Array): Uint8Array {
  const { raw } = derValue(content, Tag.SEQUENCE);
  checkName(raw);
  return raw;
}

function ediPartyName(content: Uint8Array): GeneralName {
  const reader = new DerReader(content);
  reader.optional(context(0, true));
  reader.read(context(1, true));
  reader.end();
  return { kind: 'other', tag: 5 };
}

function otherName(content: Uint8Array): GeneralName {
  const reader = new DerReader(content);
  oidText(reader.read(Tag.OID).content);
  reader.read(context(0, true));
  reader.end();
  return { kind: 'other', tag: 0 };
}

/** Parse a GeneralNames value. Throws `bad-der`. */
export function parseGeneralNames(octets: Uint8Array): GeneralName[] {
  const reader = new DerReader(derValue(octets, Tag.SEQUENCE).content);
  const names: GeneralName[] = [];
  while (!reader.done) names.push(parseGeneralName(reader.any()));
  return names;
}
