/** TLSA records of certificates and keys: the publishing side (rfc6698#section-2.1). */
import { createPublicKey } from 'node:crypto';
import { digest } from './association.ts';
import { Certificate, checkSpkiShape } from './certificate.ts';
import { DerReader, Tag } from './der.ts';
import { DaneError } from './errors.ts';
import { parsePem } from './pem.ts';
import { importPublicKey } from './public-key.ts';
import {
  MATCHING_ACRONYMS,
  Matching,
  SELECTOR_ACRONYMS,
  Selector,
  type TlsaRecord,
  USAGE_ACRONYMS,
  Usage,
} from './tlsa.ts';

/** Default `3 1 1`, what rfc7671#section-5.1 recommends. */
export interface TlsaParameters {
  readonly usage?: number;
  readonly selector?: number;
  readonly matching?: number;
}

/** The record that matches this certificate. Throws {@link DaneError} `bad-certificate`, or `bad-tlsa` on unknown numbers. */
export function tlsaFromCertificate(der: Uint8Array, parameters: TlsaParameters = {}): TlsaRecord {
  const certificate = Certificate.parse(der);
  const selector = parameters.selector ?? Selector.SPKI;
  return make(selector === Selector.CERT ? der : certificate.spki, selector, parameters);
}

/**
 * The record that matches every certificate with this key, given as SubjectPublicKeyInfo. Selector 1 only: `bad-tlsa`
 * otherwise; `bad-key` for octets that are no key.
 */
export function tlsaFromPublicKey(spki: Uint8Array, parameters: TlsaParameters = {}): TlsaRecord {
  const selector = parameters.selector ?? Selector.SPKI;
  if (selector !== Selector.SPKI) {
    throw new DaneError(
      'bad-tlsa',
      'a key alone gives records with selector 1 (SPKI) only: selector 0 needs the certificate',
    );
  }
  try {
    checkSpkiShape(spki);
  } catch (cause) {
    throw new DaneError('bad-key', 'not a public key (SubjectPublicKeyInfo)', { cause });
  }
  if (!importPublicKey(spki)) throw new DaneError('bad-key', 'the public key cannot be decoded');
  return make(spki, selector, parameters);
}

function make(selected: Uint8Array, selector: number, parameters: TlsaParameters): TlsaRecord {
  const usage = parameters.usage ?? Usage.DANE_EE;
  const matching = parameters.matching ?? Matching.SHA2_256;
  known('usage', USAGE_ACRONYMS, usage);
  known('selector', SELECTOR_ACRONYMS, selector);
  known('matching type', MATCHING_ACRONYMS, matching);
  return { usage, selector, matching, data: new Uint8Array(digest(selected, matching)!) };
}

function known(what: string, acronyms: readonly string[], value: number): void {
  if (value in acronyms) return;
  const choices = acronyms.map((name, n) => `${n} (${name})`).join(', ');
  throw new DaneError('bad-tlsa', `unknown ${what} ${value}: ${choices}`);
}

/**
 * The SubjectPublicKeyInfo in a PEM file: of a certificate, a certificate request or a public key as it stands there, of a
 * private key as node:crypto encodes it. The first block that has one counts. Throws {@link DaneError} `bad-key` or
 * `bad-pem`; `source` names the file.
 */
export function publicKeyFromPem(text: string, source = 'the file'): Uint8Array {
  const blocks = parsePem(text);
  for (const block of blocks) {
    switch (block.label) {
      case 'CERTIFICATE':
        return Certificate.parse(block.octets).spki;
      case 'PUBLIC KEY':
        return block.octets;
      case 'CERTIFICATE REQUEST':
      case 'NEW CERTIFICATE REQUEST':
        return requestKey(block.octets, source);
      case 'ENCRYPTED PRIVATE KEY':
        throw encrypted(source);
    }
    if (block.label.endsWith('PRIVATE KEY')) return privateKey(block.text, source);
  }
  const held = blocks.map((block) => `"${block.label}"`).join(', ') || 'nothing';
  throw new DaneError('bad-pem', `${source} holds no key, certificate or request in PEM form, but ${held}`);
}

const encrypted = (source: string): DaneError =>
  new DaneError(
    'bad-key',
    `${source}: the private key is encrypted; give the certificate or the public key instead`,
  );

function privateKey(pem: string, source: string): Uint8Array {
  if (/^Proc-Type:.*ENCRYPTED/m.test(pem)) throw encrypted(source);
  try {
    return new Uint8Array(createPublicKey(pem).export({ format: 'der', type: 'spki' }));
  } catch (cause) {
    throw new DaneError('bad-key', `${source}: the private key cannot be read`, { cause });
  }
}

/** RFC 2986: version, subject, key, attributes. */
function requestKey(octets: Uint8Array, source: string): Uint8Array {
  try {
    const info = new DerReader(octets).enter(Tag.SEQUENCE).enter(Tag.SEQUENCE);
    info.read(Tag.INTEGER);
    info.read(Tag.SEQUENCE);
    return info.read(Tag.SEQUENCE).raw;
  } catch (cause) {
    throw new DaneError('bad-key', `${source}: the certificate request cannot be read`, { cause });
  }
}
