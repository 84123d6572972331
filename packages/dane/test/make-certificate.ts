/**
 * Certificates for tests, down to the octet: every field can be wrong. A DER writer of its own, so that nothing here is
 * shared with the reader under test.
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export type Der = Buffer;

export function tlv(tag: number, ...parts: readonly Uint8Array[]): Der {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.from(content.length.toString(16).padStart(8, '0'), 'hex');
  const short = length.subarray(length.findIndex((octet) => octet !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 | short.length]), short, content]);
}
export const sequence = (...parts: readonly Uint8Array[]): Der => tlv(0x30, ...parts);
export const explicit = (n: number, ...parts: readonly Uint8Array[]): Der => tlv(0xa0 | n, ...parts);
const utf8 = (text: string): Der => tlv(0x0c, Buffer.from(text, 'utf8'));
const boolean = (value: boolean): Der => tlv(0x01, Buffer.from([value ? 0xff : 0]));
export const octetString = (octets: Uint8Array): Der => tlv(0x04, octets);
const bitString = (octets: Uint8Array): Der => tlv(0x03, Buffer.from([0]), octets);

export function integer(value: number): Der {
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  const octets = Buffer.from(hex, 'hex');
  return tlv(0x02, octets[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), octets]) : octets);
}

export function oid(text: string): Der {
  const [a = 0, b = 0, ...rest] = text.split('.').map(Number);
  const octets: number[] = [];
  for (const arc of [a * 40 + b, ...rest]) {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left % 128) + 128);
    octets.push(...groups);
  }
  return tlv(0x06, Buffer.from(octets));
}

const ATTRIBUTES: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  O: '2.5.4.10',
  C: '2.5.4.6',
  emailAddress: '1.2.840.113549.1.9.1',
};

/** `O=Example, CN=Root`; `+` joins the attributes of one relative name. */
export function name(text: string, string: (text: string) => Der = utf8): Der {
  const attribute = (part: string): Der => {
    const [type = '', value = ''] = part.split('=');
    return sequence(oid(ATTRIBUTES[type] ?? type), string(value));
  };
  const parts = text === '' ? [] : text.split(', ');
  return sequence(...parts.map((part) => tlv(0x31, ...part.split('+').map(attribute))));
}

/** Epoch seconds; GeneralizedTime from 2050, as rfc5280#section-4.1.2.5 says. */
export function time(seconds: number): Der {
  const digits = new Date(seconds * 1000).toISOString().replace(/[-:T]|\.\d+/g, '');
  return digits < '2050' ? tlv(0x17, Buffer.from(digits.slice(2))) : tlv(0x18, Buffer.from(digits));
}

export interface Extension {
  readonly oid: string;
  readonly critical?: boolean;
  readonly value: Uint8Array;
}

export type NameText =
  | `dns:${string}`
  | `ip:${string}`
  | `email:${string}`
  | `dir:${string}`
  | `uri:${string}`
  | `other:`;

function generalName(text: NameText): Der {
  const kind = text.slice(0, text.indexOf(':'));
  const value = text.slice(kind.length + 1);
  switch (kind) {
    case 'email':
      return tlv(0x81, Buffer.from(value, 'latin1'));
    case 'dns':
      return tlv(0x82, Buffer.from(value, 'latin1'));
    case 'dir':
      return tlv(0xa4, name(value));
    case 'uri':
      return tlv(0x86, Buffer.from(value, 'latin1'));
    case 'ip':
      return tlv(0x87, Buffer.from(value.split(/[./]/).map(Number)));
    default:
      return tlv(0xa0, oid('1.2.3.4'), explicit(0, utf8('other')));
  }
}

export const extension = {
  basicConstraints: (ca: boolean, pathLength?: number): Extension => ({
    oid: '2.5.29.19',
    critical: true,
    value: sequence(
      ...(ca ? [boolean(true)] : []),
      ...(pathLength === undefined ? [] : [integer(pathLength)]),
    ),
  }),
  /** Bit numbers: 0 digitalSignature, 2 keyEncipherment, 5 keyCertSign, 6 cRLSign. */
  keyUsage: (...bits: readonly number[]): Extension => {
    let value = 0;
    for (const bit of bits) value |= 0x80 >> bit;
    return { oid: '2.5.29.15', critical: true, value: tlv(0x03, Buffer.from([0, value])) };
  },
  extendedKeyUsage: (...oids: readonly string[]): Extension => ({
    oid: '2.5.29.37',
    value: sequence(...oids.map(oid)),
  }),
  subjectAltName: (...names: readonly NameText[]): Extension => ({
    oid: '2.5.29.17',
    value: sequence(...names.map(generalName)),
  }),
  nameConstraints: (permitted: readonly NameText[], excluded: readonly NameText[] = []): Extension => {
    const trees = (n: number, names: readonly NameText[]): Der[] =>
      names.length > 0 ? [explicit(n, ...names.map((one) => sequence(generalName(one))))] : [];
    return {
      oid: '2.5.29.30',
      critical: true,
      value: sequence(...trees(0, permitted), ...trees(1, excluded)),
    };
  },
  subjectKeyId: (id: Uint8Array): Extension => ({ oid: '2.5.29.14', value: octetString(id) }),
  authorityKeyId: (id: Uint8Array): Extension => ({ oid: '2.5.29.35', value: sequence(tlv(0x80, id)) }),
  /** by issuer and serial number, the key identifier too where given */
  authorityCertificate: (issuer: NameText, serialNumber: Uint8Array, id?: Uint8Array): Extension => ({
    oid: '2.5.29.35',
    value: sequence(...(id ? [tlv(0x80, id)] : []), tlv(0xa1, generalName(issuer)), tlv(0x82, serialNumber)),
  }),
  /** Bit numbers: 0 SSL client, 1 SSL server, 5 SSL CA. */
  netscapeType: (...bits: readonly number[]): Extension => ({
    oid: '2.16.840.1.113730.1.1',
    value: tlv(0x03, Buffer.from([0, bits.reduce((value, bit) => value | (0x80 >> bit), 0)])),
  }),
} as const;

export const purpose = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  any: '2.5.29.37.0',
} as const;

export type KeyKind =
  | 'ec'
  | 'ec112'
  | 'ec384'
  | 'ec521'
  | 'ec-explicit'
  | 'ed25519'
  | 'ed448'
  | 'rsa'
  | 'rsa512'
  | 'rsa1023'
  | 'rsa1024'
  | 'rsa3072'
  | 'rsa-pss';

export interface Key {
  readonly kind: KeyKind;
  readonly privateKey: KeyObject;
  readonly spki: Buffer;
  readonly id: Buffer;
}

export function makeKey(kind: KeyKind = 'ec'): Key {
  const pair = generate(kind);
  const spki = pair.publicKey.export({ format: 'der', type: 'spki' });
  return { kind, privateKey: pair.privateKey, spki, id: createHash('sha1').update(spki).digest() };
}

function generate(kind: KeyKind): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (kind) {
    case 'ec':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'ec112':
      return generateKeyPairSync('ec', { namedCurve: 'secp112r1' });
    case 'ec384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' });
    case 'ec521':
      return generateKeyPairSync('ec', { namedCurve: 'P-521' });
    case 'ec-explicit':
      return generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' });
    case 'ed25519':
      return generateKeyPairSync('ed25519');
    case 'ed448':
      return generateKeyPairSync('ed448');
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'rsa512':
    case 'rsa1023':
    case 'rsa1024':
    case 'rsa3072':
      return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(3)) });
    case 'rsa-pss':
      return generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
  }
}

export type SignatureKind = 'default' | 'sha1' | 'md5' | 'sha224' | 'sha384' | 'sha512' | 'pss';

const NULL = tlv(0x05);

/** The mask function's digest may be another one than the signature's. */
export function pssIdentifier(maskHash = '2.16.840.1.101.3.4.2.1'): Der {
  const mask = sequence(oid('1.2.840.113549.1.1.8'), sequence(oid(maskHash), NULL));
  const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'), NULL);
  const parameters = sequence(explicit(0, sha256), explicit(1, mask), explicit(2, integer(32)));
  return sequence(oid('1.2.840.113549.1.1.10'), parameters);
}

const RSA_SIGNATURES = {
  default: ['1.2.840.113549.1.1.11', 'sha256'],
  md5: ['1.2.840.113549.1.1.4', 'md5'],
  sha1: ['1.2.840.113549.1.1.5', 'sha1'],
  sha224: ['1.2.840.113549.1.1.14', 'sha224'],
  sha384: ['1.2.840.113549.1.1.12', 'sha384'],
  sha512: ['1.2.840.113549.1.1.13', 'sha512'],
} as const;
const EC_SIGNATURES = {
  default: ['1.2.840.10045.4.3.2', 'sha256'],
  md5: ['1.2.840.10045.4.1', 'md5'], // no such algorithm: SHA-1's identifier, and a signature that does not fit it
  sha1: ['1.2.840.10045.4.1', 'sha1'],
  sha224: ['1.2.840.10045.4.3.1', 'sha224'],
  sha384: ['1.2.840.10045.4.3.3', 'sha384'],
  sha512: ['1.2.840.10045.4.3.4', 'sha512'],
} as const;

function algorithm(key: Key, kind: SignatureKind): { identifier: Der; hash: string | null } {
  if (key.kind === 'ed25519') return { identifier: sequence(oid('1.3.101.112')), hash: null };
  if (key.kind === 'ed448') return { identifier: sequence(oid('1.3.101.113')), hash: null };
  const isRsa = key.kind.startsWith('rsa');
  if (key.kind === 'rsa-pss' || (kind === 'pss' && isRsa))
    return { identifier: pssIdentifier(), hash: 'sha256' };
  const [type, hash] = (isRsa ? RSA_SIGNATURES : EC_SIGNATURES)[kind === 'pss' ? 'default' : kind];
  return { identifier: isRsa ? sequence(oid(type), NULL) : sequence(oid(type)), hash };
}

/** 2026-11-24 00:00 UTC, the clock of the tests. */
export const AT = Date.UTC(2026, 10, 24) / 1000;
export const DAY = 86_400;
export const YEAR = 365 * 86_400;

export interface Profile {
  /** distinguished name text, or DER */
  readonly subject?: string | Uint8Array;
  readonly key?: Key;
  /** absent: self-signed */
  readonly issuer?: Pick<Issued, 'subject' | 'key'>;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly extensions?: readonly Extension[];
  readonly version?: 1 | 3;
  readonly signature?: SignatureKind;
  /** add subject and authority key identifiers; default true */
  readonly keyIds?: boolean;
  readonly serial?: number | Uint8Array;
  /** what stands beside the signature, if not what is inside */
  readonly outerAlgorithm?: Uint8Array;
  /** the algorithm in both places, if not what was really done */
  readonly algorithm?: Uint8Array;
  /** the key field's octets, if not the key's own encoding */
  readonly spki?: Uint8Array;
}

export interface Issued {
  readonly der: Buffer;
  readonly subject: Buffer;
  readonly key: Key;
}

let serial = 1;

export function issue(profile: Profile = {}): Issued {
  const { subject: given = 'CN=Test', key = makeKey(), version = 3, signature: kind = 'default' } = profile;
  const subject = typeof given === 'string' ? name(given) : Buffer.from(given);
  const issuer = profile.issuer ?? { subject, key };
  const { identifier: ownIdentifier, hash } = algorithm(issuer.key, kind);
  const identifier = profile.algorithm ?? ownIdentifier;
  const ids =
    profile.keyIds === false || version === 1
      ? []
      : [extension.subjectKeyId(key.id), extension.authorityKeyId(issuer.key.id)];
  const extensions = [...ids, ...(profile.extensions ?? [])];
  const tbs = sequence(
    ...(version === 3 ? [explicit(0, integer(2))] : []),
    typeof profile.serial === 'object' ? tlv(0x02, profile.serial) : integer(profile.serial ?? serial++),
    identifier,
    issuer.subject,
    sequence(time(profile.notBefore ?? AT - YEAR), time(profile.notAfter ?? AT + YEAR)),
    subject,
    profile.spki ?? key.spki,
    ...(extensions.length > 0
      ? [
          explicit(
            3,
            sequence(
              ...extensions.map((one) =>
                sequence(oid(one.oid), ...(one.critical ? [boolean(true)] : []), octetString(one.value)),
              ),
            ),
          ),
        ]
      : []),
  );
  const signer = issuer.key.privateKey;
  const signature =
    issuer.key.kind === 'rsa-pss' || (kind === 'pss' && issuer.key.kind.startsWith('rsa'))
      ? sign(hash, tbs, { key: signer, padding: 6, saltLength: 32 })
      : sign(hash, tbs, signer);
  return { der: sequence(tbs, profile.outerAlgorithm ?? identifier, bitString(signature)), subject, key };
}

/** A CA certificate. */
export function makeCa(
  subject: string,
  issuer?: Issued,
  profile: Profile & { readonly pathLength?: number } = {},
): Issued {
  const { pathLength, ...rest } = profile;
  return issue({
    subject,
    ...(issuer ? { issuer } : {}),
    ...rest,
    extensions: [
      extension.basicConstraints(true, pathLength),
      extension.keyUsage(5, 6),
      ...(rest.extensions ?? []),
    ],
  });
}

/** A server certificate for these DNS names. */
export function makeLeaf(dns: string | readonly string[], issuer?: Issued, profile: Profile = {}): Issued {
  const names = typeof dns === 'string' ? [dns] : dns;
  return issue({
    subject: `CN=${names[0] ?? 'no name'}`,
    ...(issuer ? { issuer } : {}),
    ...profile,
    extensions: [
      ...(names.length > 0 ? [extension.subjectAltName(...names.map((one) => `dns:${one}` as const))] : []),
      ...(profile.extensions ?? []),
    ],
  });
}

export function toPem(der: Uint8Array, label = 'CERTIFICATE'): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/(.{64})(?!$)/g, '$1\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
