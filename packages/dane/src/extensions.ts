/** Certificate extensions that decide a path (rfc5280#section-4.2), parsed; and which of the others were critical. */
import {
  booleanValue,
  context,
  DerReader,
  derValue,
  derValues,
  integerOctets,
  oidText,
  smallInteger,
  Tag,
} from './der.ts';
import { DaneError } from './errors.ts';
import { type GeneralName, parseGeneralName, parseGeneralNames } from './general-name.ts';

export const ExtensionOid = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  crlDistributionPoints: '2.5.29.31',
  proxyCertInfo: '1.3.6.1.5.5.7.1.14',
  netscapeCertType: '2.16.840.1.113730.1.1',
  extendedKeyUsage: '2.5.29.37',
} as const;

const ISSUER_ALT_NAME = '2.5.29.18';

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

const NETSCAPE_TYPES = [
  'sslClient',
  'sslServer',
  'smime',
  'objectSigning',
  'reserved',
  'sslCa',
  'smimeCa',
  'objectSigningCa',
] as const;
export type NetscapeType = (typeof NETSCAPE_TYPES)[number];

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
  /** there is a subjectAltName, but it cannot be read or comes twice: the certificate names nothing */
  readonly unreadableNames?: true;
  readonly nameConstraints?: {
    readonly permitted: readonly Subtree[];
    readonly excluded: readonly Subtree[];
  };
  readonly subjectKeyIdentifier?: Uint8Array;
  /** the key identifier of the authority key identifier, if it has one */
  readonly authorityKeyIdentifier?: Uint8Array;
  /** its serial number (content octets), and its first directory name: of the issuer's certificate, and of who issued that */
  readonly authoritySerial?: Uint8Array;
  readonly authorityIssuer?: Uint8Array;
  /** the certificate of a proxy (RFC 3820), which is no part of a path */
  readonly proxy?: true;
  /** Netscape's predecessor of extended key usage, which OpenSSL still honours */
  readonly netscapeType?: readonly NetscapeType[];
  /** object identifiers of the critical extensions */
  readonly critical: readonly string[];
  /** what could not be read, or came twice, of those that are read: such a certificate is no part of a path */
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
  [ExtensionOid.authorityKeyIdentifier]: parseAuthorityKeyIdentifier,
  [ExtensionOid.crlDistributionPoints]: checkDistributionPoints,
  [ExtensionOid.proxyCertInfo]: (_, into) => {
    into.proxy = true;
  },
  [ExtensionOid.netscapeCertType]: (value, into) => {
    const bits = namedBits(value);
    into.netscapeType = NETSCAPE_TYPES.filter((_, n) => bits(n));
  },
  [ExtensionOid.extendedKeyUsage]: (value, into) => {
    into.extendedKeyUsage = parseExtendedKeyUsage(value);
  },
};

/** An extension as it stands. */
export interface RawExtension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** The content of the `[3]` field of a TBSCertificate. Throws `bad-der`. */
export function parseRawExtensions(octets: Uint8Array): RawExtension[] {
  return derValues(derValue(octets, Tag.SEQUENCE).content).map((one) => {
    if (one.tag !== Tag.SEQUENCE) throw new DaneError('bad-der', 'not an Extension');
    const reader = new DerReader(one.content);
    const oid = oidText(reader.read(Tag.OID).content);
    const flag = reader.optional(Tag.BOOLEAN);
    const value = reader.read(Tag.OCTET_STRING).content;
    reader.end();
    return { oid, critical: flag !== undefined && booleanValue(flag.content), value };
  });
}

/** Read those that decide a path. Never throws: what is wrong is listed in `problems`. */
export function readExtensions(extensions: readonly RawExtension[]): Extensions {
  const problems: string[] = [];
  const critical = extensions.filter((one) => one.critical).map(({ oid }) => oid);
  const result: Mutable<Extensions> = { critical, problems };
  const seen = new Set<string>();
  for (const { oid, value } of extensions) {
    const parse = parsers[oid];
    if (!parse) continue;
    try {
      if (seen.has(oid)) throw new DaneError('bad-certificate', 'it comes twice');
      seen.add(oid);
      parse(value, result);
    } catch (error) {
      problems.push(`extension ${oid} cannot be read: ${(error as Error).message}`);
      if (oid === ExtensionOid.subjectAltName) result.unreadableNames = true;
    }
  }
  // RFC 3820, 3.3 to 3.7: a proxy has no other names and is no CA.
  const named = extensions.some(({ oid }) => oid === ExtensionOid.subjectAltName || oid === ISSUER_ALT_NAME);
  if (result.proxy && (named || result.basicConstraints?.ca))
    problems.push('a proxy with names of its own, or a CA');
  return result;
}

function parseKeyUsage(value: Uint8Array): KeyUsage[] {
  const bits = namedBits(value);
  const usages = KEY_USAGES.filter((_, n) => bits(n));
  // rfc5280#section-4.2.1.3: at least one bit
  if (usages.length === 0) throw new DaneError('bad-der', 'empty key usage');
  return usages;
}

/** Which bits of a BIT STRING are set, by their number. */
function namedBits(value: Uint8Array): (n: number) => boolean {
  const [unused, ...octets] = derValue(value, Tag.BIT_STRING).content;
  if (unused === undefined || unused > 7) throw new DaneError('bad-der', 'not a BIT STRING');
  const count = octets.length * 8 - unused;
  return (n) => n < count && (octets[n >> 3]! & (0x80 >> (n & 7))) !== 0;
}

function parseAuthorityKeyIdentifier(value: Uint8Array, into: Mutable<Extensions>): void {
  const reader = new DerReader(derValue(value, Tag.SEQUENCE).content);
  const key = reader.optional(context(0, false));
  const issuer = reader.optional(context(1, true));
  const serial = reader.optional(context(2, false));
  reader.end();
  if (key) into.authorityKeyIdentifier = key.content;
  if (serial) into.authoritySerial = integerOctets(serial.content);
  for (const one of issuer ? derValues(issuer.content) : []) {
    const name = parseGeneralName(one);
    if (name.kind === 'directory') into.authorityIssuer ??= name.name;
  }
}

function parseBasicConstraints(value: Uint8Array): { ca: boolean; pathLength: number | null } {
  const reader = new DerReader(derValue(value, Tag.SEQUENCE).content);
  const ca = reader.optional(Tag.BOOLEAN);
  const length = reader.optional(Tag.INTEGER);
  reader.end();
  const pathLength = length ? smallInteger(length.content) : null;
  if (pathLength === -1) throw new DaneError('bad-der', 'negative path length');
  return { ca: ca !== undefined && booleanValue(ca.content), pathLength };
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

/** Nothing is looked up there, but OpenSSL takes no certificate of which it cannot read them. */
function checkDistributionPoints(value: Uint8Array): void {
  for (const point of derValues(derValue(value, Tag.SEQUENCE).content)) {
    if (point.tag !== Tag.SEQUENCE) throw new DaneError('bad-der', 'not a distribution point');
    const reader = new DerReader(point.content);
    const name = reader.optional(context(0, true));
    reader.optional(context(1, false));
    const issuer = reader.optional(context(2, true));
    reader.end();
    if (name) checkPointName(name.content);
    for (const one of issuer ? derValues(issuer.content) : []) parseGeneralName(one);
  }
}

function checkPointName(octets: Uint8Array): void {
  const reader = new DerReader(octets);
  const full = reader.optional(context(0, true));
  if (full) for (const one of derValues(full.content)) parseGeneralName(one);
  else reader.read(context(1, true));
  reader.end();
}
