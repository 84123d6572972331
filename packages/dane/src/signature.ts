/**
 * Verification of a certificate's signature with a key, through node:crypto.
 *
 * As strict as OpenSSL 3 at its default security level 1 (80 bits): MD2, MD5 and SHA-1 signatures and RSA keys under 1024
 * bits are refused, and so are curves given by explicit parameters that are not those of a named curve. RSA keys too large to verify in bounded time are refused
 * too. DSA and the GOST and SM2 families are unknown.
 */
import { constants, type KeyObject, verify } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import { context, DerReader, derValue, oidText, sameOctets, smallInteger, Tag } from './der.ts';
import { MAX_RSA_BITS, MAX_RSA_EXPONENT_BITS, MIN_EC_BITS, MIN_RSA_BITS } from './limits.ts';

export type SignatureResult = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** Kinds of keys as `KeyObject.asymmetricKeyType` calls them. */
type KeyType = 'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'ed448';

interface Algorithm {
  readonly keyTypes: readonly KeyType[];
  readonly hash: string | null;
  readonly weak?: string;
}

const rsa = (hash: string): Algorithm => ({ keyTypes: ['rsa'], hash });
const ec = (hash: string): Algorithm => ({ keyTypes: ['ec'], hash });
const weak = (keyType: KeyType, name: string): Algorithm => ({ keyTypes: [keyType], hash: null, weak: name });

const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  '1.2.840.113549.1.1.2': weak('rsa', 'MD2'),
  '1.2.840.113549.1.1.3': weak('rsa', 'MD4'),
  '1.2.840.113549.1.1.4': weak('rsa', 'MD5'),
  '1.2.840.113549.1.1.5': weak('rsa', 'SHA-1'),
  '1.2.840.113549.1.1.14': rsa('sha224'),
  '1.2.840.113549.1.1.11': rsa('sha256'),
  '1.2.840.113549.1.1.12': rsa('sha384'),
  '1.2.840.113549.1.1.13': rsa('sha512'),
  '1.2.840.10045.4.1': weak('ec', 'SHA-1'),
  '1.2.840.10045.4.3.1': ec('sha224'),
  '1.2.840.10045.4.3.2': ec('sha256'),
  '1.2.840.10045.4.3.3': ec('sha384'),
  '1.2.840.10045.4.3.4': ec('sha512'),
  '1.3.101.112': { keyTypes: ['ed25519'], hash: null },
  '1.3.101.113': { keyTypes: ['ed448'], hash: null },
};
const RSASSA_PSS = '1.2.840.113549.1.1.10';
const PSS_KEYS: readonly KeyType[] = ['rsa', 'rsa-pss'];
const MGF1 = '1.2.840.113549.1.1.8';
const HASHES: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

const no = (why: string): SignatureResult => ({ ok: false, why });

/** The algorithm's object identifier and what follows it. Throws `bad-der`. */
function algorithmOf(identifier: Uint8Array): { readonly oid: string; readonly rest: DerReader } {
  const rest = new DerReader(derValue(identifier, Tag.SEQUENCE).content);
  return { oid: oidText(rest.read(Tag.OID).content), rest };
}

/** Is the signature of a kind that this kind of key makes? False for unknown kinds. */
export function signatureFits(subject: Certificate, key: KeyObject): boolean {
  try {
    const { oid } = algorithmOf(subject.tbsSignatureAlgorithm);
    const keyTypes = oid === RSASSA_PSS ? PSS_KEYS : ALGORITHMS[oid]?.keyTypes;
    return keyTypes?.some((type) => type === key.asymmetricKeyType) ?? false;
  } catch {
    return false;
  }
}

/** `SHA-1` and the like if the certificate is signed with a digest under 80 bits of security. */
export function weakDigest(subject: Certificate): string | undefined {
  try {
    const { oid, rest } = algorithmOf(subject.signatureAlgorithm);
    if (oid !== RSASSA_PSS) return ALGORITHMS[oid]?.weak;
    const hash = explicitOid(rest.enter(Tag.SEQUENCE), 0);
    // Absent means SHA-1 (RFC 4055).
    return hash === undefined || !(hash in HASHES) ? 'SHA-1 or an unknown digest' : undefined;
  } catch {
    return undefined;
  }
}

/** Was `subject` signed by this key? Never throws; `why` is a clause such as `is signed with SHA-1, which is too weak`. */
export function verifySignature(subject: Certificate, key: KeyObject): SignatureResult {
  if (!sameOctets(subject.tbsSignatureAlgorithm, subject.signatureAlgorithm)) {
    return no('names two different signature algorithms');
  }
  try {
    const { oid, rest } = algorithmOf(subject.signatureAlgorithm);
    const small = weakKey(key);
    if (small) return no(`is signed by ${small}, which is too weak`);
    if (strengthOf(key).tooLarge) return no('is signed by an RSA key that is too large');
    const digest = weakDigest(subject);
    if (digest) return no(`is signed with ${digest}, which is too weak`);
    if (oid === RSASSA_PSS) return verifyPss(subject, key, rest);
    const algorithm = ALGORITHMS[oid];
    if (!algorithm) return no(`is signed with an unknown algorithm (${oid})`);
    if (!signatureFits(subject, key)) return no('is signed by a key of another kind');
    return verify(algorithm.hash, subject.tbs, key, subject.signature)
      ? { ok: true }
      : no('has a signature that this issuer did not make');
  } catch {
    return no('has a signature that cannot be read');
  }
}

function verifyPss(subject: Certificate, key: KeyObject, identifier: DerReader): SignatureResult {
  const parameters = identifier.enter(Tag.SEQUENCE);
  const hashOid = explicitOid(parameters, 0);
  const mask = parameters.optional(context(1, true));
  const salt = parameters.optional(context(2, true));
  const hash = hashOid === undefined ? undefined : HASHES[hashOid];
  // Without parameters the mask function is of SHA-1 (RFC 4055).
  if (hash === undefined || !mask) return no('is signed with unusual PSS parameters');
  const generator = new DerReader(mask.content).enter(Tag.SEQUENCE);
  const generatorOid = oidText(generator.read(Tag.OID).content);
  const generatorHash = oidText(generator.enter(Tag.SEQUENCE).read(Tag.OID).content);
  if (generatorOid !== MGF1 || generatorHash !== hashOid) return no('is signed with unusual PSS parameters');
  if (!signatureFits(subject, key)) return no('is signed by a key of another kind');
  const saltLength = salt ? smallInteger(new DerReader(salt.content).read(Tag.INTEGER).content) : 20;
  if (saltLength < 0) return no('is signed with unusual PSS parameters');
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return verify(hash, subject.tbs, { key, padding, saltLength }, subject.signature)
    ? { ok: true }
    : no('has a signature that this issuer did not make');
}

function explicitOid(reader: DerReader, n: number): string | undefined {
  const field = reader.optional(context(n, true));
  return field && oidText(new DerReader(field.content).enter(Tag.SEQUENCE).read(Tag.OID).content);
}

interface Strength {
  /** `an RSA key of 512 bits` and the like, for a key under 80 bits of security */
  readonly weak: string | undefined;
  /** too large to verify with in bounded time */
  readonly tooLarge: boolean;
}

/** What is known of a key, since asking for its details is not cheap; gone with the key. */
const strengths = new WeakMap<KeyObject, Strength>();

function strengthOf(key: KeyObject): Strength {
  const known = strengths.get(key) ?? findStrength(key);
  strengths.set(key, known);
  return known;
}

/** `an RSA key of 512 bits` and the like, for a key under 80 bits of security; undefined for a good one. */
export function weakKey(key: KeyObject): string | undefined {
  return strengthOf(key).weak;
}

function findStrength(key: KeyObject): Strength {
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return {
        weak: modulusLength < MIN_RSA_BITS ? `an RSA key of ${modulusLength} bits` : undefined,
        tooLarge: modulusLength > MAX_RSA_BITS || publicExponent.toString(2).length > MAX_RSA_EXPONENT_BITS,
      };
    case 'dsa':
      return {
        weak: modulusLength < MIN_RSA_BITS ? `a DSA key of ${modulusLength} bits` : undefined,
        tooLarge: false,
      };
    case 'ec': {
      // The size stands in the name of every curve that OpenSSL knows; no name means explicit parameters.
      const bits = Number(/\d{3}/.exec(namedCurve)?.[0] ?? 0);
      return {
        weak: bits < MIN_EC_BITS ? 'a key on an unknown or too small curve' : undefined,
        tooLarge: false,
      };
    }
    default:
      return { weak: undefined, tooLarge: false };
  }
}
