/** GeneralName (rfc5280#section-4.2.1.6): what a certificate says its subject is called. */
import { DerReader, type DerValue, derValue, Tag } from './der.ts';
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

export function parseGeneralName(value: DerValue): GeneralName {
  const number = value.tag & 0x1f;
  if ((value.tag & 0xc0) !== 0x80) throw new DaneError('bad-der', 'not a GeneralName');
  switch (number) {
    case 1:
      return { kind: 'email', value: latin1(value.content) };
    case 2:
      return { kind: 'dns', value: latin1(value.content) };
    case 4:
      return { kind: 'directory', name: derValue(value.content, Tag.SEQUENCE).raw };
    case 6:
      return { kind: 'uri', value: latin1(value.content) };
    case 7:
      return { kind: 'ip', octets: value.content };
    case 0:
    case 3:
    case 5:
    case 8:
      return { kind: 'other', tag: number };
    default:
      throw new DaneError('bad-der', `GeneralName of kind ${number}`);
  }
}

/** Parse a GeneralNames value. Throws `bad-der`. */
export function parseGeneralNames(octets: Uint8Array): GeneralName[] {
  const reader = new DerReader(derValue(octets, Tag.SEQUENCE).content);
  const names: GeneralName[] = [];
  while (!reader.done) names.push(parseGeneralName(reader.any()));
  return names;
}
