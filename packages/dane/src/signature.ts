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
import { MAX_RSA_BITS, MAX_RSA_EXPONENT_BITS, MIN_RSA_BITS } from './limits.ts';

export type SignatureResult = { readonly ok: true } | { readonly ok: false; readonly why: string };

interface Algorithm {
  readonly keyTypes: readonly string[];
  readonly hash: string | null;
  readonly weak?: string;
}

const rsa = (hash: string): Algorithm => ({ keyTypes: ['rsa'], hash });
const ec = (hash: string): Algorithm => ({ keyTypes: ['ec'], hash });
const weak = (name: string): Algorithm => ({ keyTypes: [], hash: null, weak: name });

const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  '1.2.840.113549.1.1.2': weak('MD2'),
  '1.2.840.113549.1.1.3': weak('MD4'),
  '1.2.840.113549.1.1.4': weak('MD5'),
  '1.2.840.113549.1.1.5': weak('SHA-1'),
  '1.2.840.113549.1.1.14': rsa('sha224'),
  '1.2.840.113549.1.1.11': rsa('sha256'),
  '1.2.840.113549.1.1.12': rsa('sha384'),
  '1.2.840.113549.1.1.13': rsa('sha512'),
  '1.2.840.10045.4.1': weak('SHA-1'),
  '1.2.840.10045.4.3.1': ec('sha224'),
  '1.2.840.10045.4.3.2': ec('sha256'),
  '1.2.840.10045.4.3.3': ec('sha384'),
  '1.2.840.10045.4.3.4': ec('sha512'),
  '1.3.101.112': { keyTypes: ['ed25519'], hash: null },
  '1.3.101.113': { keyTypes: ['ed448'], hash: null },
};
const RSASSA_PSS = '1.2.840.113549.1.1.10';
const MGF1 = '1.2.840.113549.1.1.8';
const HASHES: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

const no = (why: string): SignatureResult => ({ ok: false, why });

/** Was `subject` signed by this key? Never throws; `why` is a clause such as `is signed with SHA-1, which is too weak`. */
export function verifySignature(subject: Certificate, key: KeyObject): SignatureResult {
  if (!sameOctets(subject.tbsSignatureAlgorithm, subject.signatureAlgorithm)) {
    return no('names two different signature algorithms');
  }
  try {
    const identifier = new DerReader(derValue(subject.signatureAlgorithm, Tag.SEQUENCE).content);
    const oid = oidText(identifier.read(Tag.OID).content);
    const flaw = weakness(key);
    if (flaw) return no(flaw);
    if (oid === RSASSA_PSS) return verifyPss(subject, key, identifier);
    const algorithm = ALGORITHMS[oid];
    if (!algorithm) return no(`is signed with an unknown algorithm (${oid})`);
    if (algorithm.weak) return no(`is signed with ${algorithm.weak}, which is too weak`);
    if (!algorithm.keyTypes.includes(key.asymmetricKeyType ?? ''))
      return no('is signed by a key of another kind');
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
  // Absent means SHA-1 (RFC 4055), for the hash and for the mask function alike.
  if (hash === undefined || !mask) return no('is signed with SHA-1 or an unknown digest, which is too weak');
  const generator = new DerReader(mask.content).enter(Tag.SEQUENCE);
  const generatorOid = oidText(generator.read(Tag.OID).content);
  const generatorHash = oidText(generator.enter(Tag.SEQUENCE).read(Tag.OID).content);
  if (generatorOid !== MGF1 || generatorHash !== hashOid) return no('is signed with unusual PSS parameters');
  if (!['rsa', 'rsa-pss'].includes(key.asymmetricKeyType ?? ''))
    return no('is signed by a key of another kind');
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

/** What {@link findWeakness} said, since asking a key for its details is not cheap; gone with the key. */
const weaknesses = new WeakMap<KeyObject, string | null>();

function weakness(key: KeyObject): string | null {
  const known = weaknesses.get(key);
  if (known !== undefined) return known;
  const found = findWeakness(key) ?? null;
  weaknesses.set(key, found);
  return found;
}

/** Why this key is not taken as an issuer's, a clause about the certificate that it signed. */
function findWeakness(key: KeyObject): string | undefined {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'rsa-pss') {
    const bits = details?.modulusLength ?? 0;
    if (bits < MIN_RSA_BITS) return `is signed by an RSA key of ${bits} bits, which is too weak`;
    const exponentBits = (details?.publicExponent ?? 0n).toString(2).length;
    if (bits > MAX_RSA_BITS || exponentBits > MAX_RSA_EXPONENT_BITS)
      return 'is signed by an RSA key that is too large';
  }
  if (key.asymmetricKeyType === 'ec') {
    // The size stands in the name of every curve that OpenSSL knows; no name means explicit parameters.
    const bits = Number(/\d{3}/.exec(details?.namedCurve ?? '')?.[0] ?? 0);
    if (bits < 160) return 'is signed by a key on an unknown or too small curve';
  }
  return undefined;
}
