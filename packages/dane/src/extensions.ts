/** Certificate extensions that decide a path (rfc5280#section-4.2), parsed; and which of the others were critical. */
import { context, DerReader, derValue, oidText, smallInteger, Tag } from './der.ts';
import { DaneError } from './errors.ts';
import { type GeneralName, parseGeneralName, parseGeneralNames } from './general-name.ts';

export const ExtensionOid = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** In the order of the bits, rfc5280#section-4.2.1.3. */
const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

export interface Subtree {
  readonly base: GeneralName;
  /** minimum 0 and no maximum, the only form that rfc5280#section-4.2.1.10 allows */
  readonly plain: boolean;
}

export interface Extensions {
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLength: number | null };
  readonly keyUsage?: readonly KeyUsage[];
  /** object identifiers, dotted */
  readonly extendedKeyUsage?: readonly string[];
  readonly subjectAltName?: readonly GeneralName[];
  readonly nameConstraints?: {
    readonly permitted: readonly Subtree[];
    readonly excluded: readonly Subtree[];
  };
  readonly subjectKeyIdentifier?: Uint8Array;
  /** the key identifier of the authority key identifier, if it has one */
  readonly authorityKeyIdentifier?: Uint8Array;
  /** object identifiers of the critical extensions */
  readonly critical: readonly string[];
  /** what could not be read, or came twice: such a certificate is no part of a path */
  readonly problems: readonly string[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const parsers: Readonly<Record<string, (value: Uint8Array, into: Mutable<Extensions>) => void>> = {
  [ExtensionOid.subjectKeyIdentifier]: (value, into) => {
    into.subjectKeyIdentifier = derValue(value, Tag.OCTET_STRING).content;
  },
  [ExtensionOid.keyUsage]: (value, into) => {
    into.keyUsage = parseKeyUsage(value);
  },
  [ExtensionOid.subjectAltName]: (value, into) => {
    into.subjectAltName = parseGeneralNames(value);
  },
  [ExtensionOid.basicConstraints]: (value, into) => {
    into.basicConstraints = parseBasicConstraints(value);
  },
  [ExtensionOid.nameConstraints]: (value, into) => {
    into.nameConstraints = parseNameConstraints(value);
  },
  [ExtensionOid.authorityKeyIdentifier]: (value, into) => {
    const reader = new DerReader(derValue(value, Tag.SEQUENCE).content);
    const key = reader.optional(context(0, false));
    if (key) into.authorityKeyIdentifier = key.content;
  },
  [ExtensionOid.extendedKeyUsage]: (value, into) => {
    into.extendedKeyUsage = parseExtendedKeyUsage(value);
  },
};

/** Parse the content of the `[3]` field of a TBSCertificate. Never throws: what is wrong is listed in `problems`. */
export function parseExtensions(octets: Uint8Array): Extensions {
  const critical: string[] = [];
  const problems: string[] = [];
  const result: Mutable<Extensions> = { critical, problems };
  const seen = new Set<string>();
  try {
    const reader = new DerReader(derValue(octets, Tag.SEQUENCE).content);
    while (!reader.done) {
      const extension = reader.enter(Tag.SEQUENCE);
      const oid = oidText(extension.read(Tag.OID).content);
      const isCritical = extension.optional(Tag.BOOLEAN);
      const value = extension.read(Tag.OCTET_STRING).content;
      extension.end();
      if (isCritical && isCritical.content[0] !== 0) critical.push(oid);
      if (seen.has(oid)) problems.push(`extension ${oid} comes twice`);
      seen.add(oid);
      try {
        parsers[oid]?.(value, result);
      } catch (error) {
        problems.push(`extension ${oid} cannot be read: ${(error as Error).message}`);
      }
    }
  } catch (error) {
    problems.push(`the extensions cannot be read: ${(error as Error).message}`);
  }
  return result;
}

function parseKeyUsage(value: Uint8Array): KeyUsage[] {
  const bits = derValue(value, Tag.BIT_STRING).content;
  if (bits.length === 0 || bits[0]! > 7) throw new DaneError('bad-der', 'not a BIT STRING');
  return KEY_USAGES.filter((_, n) => ((bits[1 + (n >> 3)] ?? 0) & (0x80 >> (n & 7))) !== 0);
}

function parseBasicConstraints(value: Uint8Array): { ca: boolean; pathLength: number | null } {
  const reader = new DerReader(derValue(value, Tag.SEQUENCE).content);
  const ca = reader.optional(Tag.BOOLEAN);
  const length = reader.optional(Tag.INTEGER);
  reader.end();
  const pathLength = length ? smallInteger(length.content) : null;
  if (pathLength === -1) throw new DaneError('bad-der', 'negative path length');
  return { ca: ca !== undefined && ca.content[0] !== 0, pathLength };
}

function parseExtendedKeyUsage(value: Uint8Array): string[] {
  const reader = new DerReader(derValue(value, Tag.SEQUENCE).content);
  const oids: string[] = [];
  while (!reader.done) oids.push(oidText(reader.read(Tag.OID).content));
  return oids;
}

function parseNameConstraints(value: Uint8Array): { permitted: Subtree[]; excluded: Subtree[] } {
  const reader = new DerReader(derValue(value, Tag.SEQUENCE).content);
  const permitted = reader.optional(context(0, true));
  const excluded = reader.optional(context(1, true));
  reader.end();
  return { permitted: subtrees(permitted?.content), excluded: subtrees(excluded?.content) };
}

function subtrees(octets: Uint8Array | undefined): Subtree[] {
  const list: Subtree[] = [];
  const reader = new DerReader(octets ?? new Uint8Array());
  while (!reader.done) {
    const tree = reader.enter(Tag.SEQUENCE);
    const base = parseGeneralName(tree.any());
    const minimum = tree.optional(context(0, false));
    const maximum = tree.optional(context(1, false));
    tree.end();
    const fromZero = minimum === undefined || smallInteger(minimum.content) === 0;
    list.push({ base, plain: fromZero && maximum === undefined });
  }
  return list;
}
