/**
 * X.509 certificates (rfc5280#section-4.1), read by our own parser: TLSA records are about the octets as the server sent
 * them, and `KeyObject.export()` re-encodes (an RSA key with absent parameters, a compressed point come out different).
 *
 * Parsing is in two steps. {@link Certificate.parse} reads the outline, names and the list of extensions included, and refuses
 * what OpenSSL would not take in a handshake. What an extension says is read when asked for; what is wrong with it is listed
 * there and keeps the certificate out of paths, not out of DANE-EE.
 */
import type { KeyObject } from 'node:crypto';
import { bitStringOctets, context, DerReader, oidText, sameOctets, smallInteger, Tag } from './der.ts';
import { Attribute, attributeValues, checkName, nameKey } from './distinguished-name.ts';
import { DaneError } from './errors.ts';
import { type Extensions, parseRawExtensions, type RawExtension, readExtensions } from './extensions.ts';
import { isSelfSigned } from './issuer.ts';
import { importPublicKey } from './public-key.ts';
import { parseTime } from './validity.ts';

interface Outline {
  readonly der: Uint8Array;
  readonly tbs: Uint8Array;
  readonly version: number;
  readonly serial: Uint8Array;
  readonly tbsSignatureAlgorithm: Uint8Array;
  readonly issuer: Uint8Array;
  readonly notBefore: number | null;
  readonly notAfter: number | null;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly extensions: readonly RawExtension[];
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
}

export class Certificate {
  /** The whole certificate. */
  readonly der: Uint8Array;
  /** The octets that are signed. */
  readonly tbs: Uint8Array;
  /** 1, 2 or 3 */
  readonly version: number;
  /** Content octets of the serial number. */
  readonly serial: Uint8Array;
  /** Names as whole DER values. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Epoch seconds; null if the time cannot be read. */
  readonly notBefore: number | null;
  readonly notAfter: number | null;
  /** The SubjectPublicKeyInfo as in the certificate. */
  readonly spki: Uint8Array;
  /** AlgorithmIdentifiers as whole DER values: inside the signed part, and beside the signature. */
  readonly tbsSignatureAlgorithm: Uint8Array;
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;

  readonly #rawExtensions: readonly RawExtension[];
  #extensions: Extensions | undefined;
  #publicKey: KeyObject | null | undefined;
  #subjectKey: string | undefined;
  #issuerKey: string | undefined;
  #selfSigned: boolean | undefined;

  private constructor(outline: Outline) {
    this.der = outline.der;
    this.tbs = outline.tbs;
    this.version = outline.version;
    this.serial = outline.serial;
    this.issuer = outline.issuer;
    this.subject = outline.subject;
    this.notBefore = outline.notBefore;
    this.notAfter = outline.notAfter;
    this.spki = outline.spki;
    this.tbsSignatureAlgorithm = outline.tbsSignatureAlgorithm;
    this.signatureAlgorithm = outline.signatureAlgorithm;
    this.signature = outline.signature;
    this.#rawExtensions = outline.extensions;
  }

  /** Parse one certificate, nothing after it. Throws {@link DaneError} `bad-certificate`. */
  static parse(der: Uint8Array): Certificate {
    try {
      return new Certificate(parseOutline(der));
    } catch (cause) {
      throw new DaneError('bad-certificate', `not a certificate: ${(cause as Error).message}`, { cause });
    }
  }

  /** As {@link parse}, undefined if it is none. */
  static tryParse(der: Uint8Array): Certificate | undefined {
    try {
      return new Certificate(parseOutline(der));
    } catch {
      return undefined;
    }
  }

  get extensions(): Extensions {
    this.#extensions ??= readExtensions(this.#rawExtensions);
    return this.#extensions;
  }

  /** The key, ready to verify with; null if it cannot be decoded or its algorithm is unknown. */
  get publicKey(): KeyObject | null {
    if (this.#publicKey === undefined) this.#publicKey = importPublicKey(this.spki);
    return this.#publicKey;
  }

  /** Strings that are equal where the names are. */
  get subjectKey(): string {
    this.#subjectKey ??= nameKey(this.subject);
    return this.#subjectKey;
  }
  get issuerKey(): string {
    this.#issuerKey ??= sameOctets(this.issuer, this.subject) ? this.subjectKey : nameKey(this.issuer);
    return this.#issuerKey;
  }

  /** Subject and issuer are the same name. */
  get selfIssued(): boolean {
    return this.subjectKey === this.issuerKey;
  }

  /** Self-issued, and nothing in it says that another key signed it. The signature itself is not checked. */
  get selfSigned(): boolean {
    this.#selfSigned ??= isSelfSigned(this);
    return this.#selfSigned;
  }

  /** dNSName entries of the subjectAltName, as they stand. */
  get dnsNames(): string[] {
    return (this.extensions.subjectAltName ?? []).flatMap((name) =>
      name.kind === 'dns' ? [name.value] : [],
    );
  }

  /** Common names of the subject, in order. */
  get commonNames(): string[] {
    return attributeValues(this.subject, Attribute.commonName);
  }
}

function parseOutline(der: Uint8Array): Outline {
  const whole = new DerReader(der);
  const certificate = whole.enter(Tag.SEQUENCE);
  whole.end();
  const tbs = certificate.read(Tag.SEQUENCE);
  const signatureAlgorithm = algorithmIdentifier(certificate);
  const signature = bitStringOctets(certificate.read(Tag.BIT_STRING).content);
  certificate.end();

  const reader = new DerReader(tbs.content);
  const version = reader.optional(context(0, true));
  const serial = reader.integer();
  const tbsSignatureAlgorithm = algorithmIdentifier(reader);
  const issuer = readableName(reader);
  const validity = reader.enter(Tag.SEQUENCE);
  const notBefore = timeOf(validity);
  const notAfter = timeOf(validity);
  validity.end();
  const subject = readableName(reader);
  const spki = reader.read(Tag.SEQUENCE).raw;
  checkSpkiShape(spki);
  reader.optional(context(1, false)); // issuerUniqueID
  reader.optional(context(2, false)); // subjectUniqueID
  const extensions = reader.optional(context(3, true));
  reader.end();
  return {
    der,
    tbs: tbs.raw,
    version: version ? versionOf(version.content) : 1,
    serial,
    tbsSignatureAlgorithm,
    issuer,
    notBefore,
    notAfter,
    subject,
    spki,
    extensions: extensions ? parseRawExtensions(extensions.content) : [],
    signatureAlgorithm,
    signature,
  };
}

/** An object identifier and at most one value of parameters; the whole. */
function algorithmIdentifier(reader: DerReader): Uint8Array {
  const { raw, content } = reader.read(Tag.SEQUENCE);
  const fields = new DerReader(content);
  oidText(fields.read(Tag.OID).content);
  if (!fields.done) fields.any();
  fields.end();
  return raw;
}

/** A time in another form than RFC 5280 allows is null; what is no time at all throws. */
function timeOf(reader: DerReader): number | null {
  const value = reader.any();
  if (value.tag !== Tag.UTC_TIME && value.tag !== Tag.GENERALIZED_TIME)
    throw new DaneError('bad-der', 'a date that is none');
  return parseTime(value);
}

function readableName(reader: DerReader): Uint8Array {
  const { raw } = reader.read(Tag.SEQUENCE);
  checkName(raw);
  return raw;
}

function versionOf(octets: Uint8Array): number {
  const reader = new DerReader(octets);
  const version = smallInteger(reader.integer()) + 1;
  reader.end();
  return version;
}

/** Throws unless the octets are a SEQUENCE of an AlgorithmIdentifier and a BIT STRING, nothing after it. */
export function checkSpkiShape(spki: Uint8Array): void {
  const whole = new DerReader(spki);
  const reader = whole.enter(Tag.SEQUENCE);
  whole.end();
  algorithmIdentifier(reader);
  const [unused] = reader.read(Tag.BIT_STRING).content;
  if (unused === undefined || unused > 7) throw new DaneError('bad-der', 'not a BIT STRING');
  reader.end();
}
