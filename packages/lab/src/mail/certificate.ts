/** Certificates of the lab (rfc5280#section-4.1): ECDSA P-256 and RSA keys, and every field that a destination may want wrong. */
import { createHash, sign } from 'node:crypto';
import { type KeyPair, p256KeyPair } from '../keys/key-pair.ts';
import type { Seed } from '../keys/seed.ts';
import {
  bitString,
  boolean,
  context,
  integer,
  nothing,
  octetString,
  oid,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

export interface CertificateOptions {
  /** Common name of the subject. */
  readonly subject: string;
  /** DNS names of the subject alternative name; none: no such extension. */
  readonly names?: readonly string[];
  /** Default: signed by its own key. */
  readonly issuer?: LabCertificate;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Default false. */
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** Key to certify; default: one of the seed's, chosen by `label`. */
  readonly key?: KeyPair;
  /** One bit of the signature is wrong; default false. */
  readonly corrupt?: boolean;
  /** Octets of an extension that says nothing; default none. */
  readonly padding?: number;
}

export interface LabCertificate {
  readonly der: Uint8Array;
  readonly key: KeyPair;
  /** The subject, a DER Name. */
  readonly subject: Uint8Array;
}

const Oid = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  sha256WithRsaEncryption: '1.2.840.113549.1.1.11',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  /** Of the lab alone, below the number that IANA keeps for examples (RFC 5612). */
  padding: '1.3.6.1.4.1.32473.1',
} as const;

/** Bits of KeyUsage (rfc5280#section-4.2.1.3), as one octet and the number of unused bits. */
const KEY_USAGE = { digitalSignature: [0x80, 7], keyCertSignAndCrlSign: [0x06, 1] } as const;

/** `label` chooses key and serial number among those of the seed. */
export function issueCertificate(seed: Seed, label: string, options: CertificateOptions): LabCertificate {
  const key = options.key ?? p256KeyPair(seed, `certificate ${label}`);
  const subject = nameOf(options.subject);
  const { issuer } = options;
  const algorithm =
    (issuer?.key ?? key).privateKey.asymmetricKeyType === 'rsa'
      ? sequence(oid(Oid.sha256WithRsaEncryption), nothing())
      : sequence(oid(Oid.ecdsaWithSha256));
  const serial = seed.derive(`serial ${label}`).slice(0, 12);
  serial[0]! |= 1;
  const body = sequence(
    context(0, true, integer(Uint8Array.of(2))),
    integer(serial),
    algorithm,
    issuer?.subject ?? subject,
    sequence(time(new Date(options.notBefore)), time(new Date(options.notAfter))),
    subject,
    key.spki,
    context(3, true, sequence(...extensions(options, key, issuer?.key ?? key))),
  );
  const signature = Uint8Array.from(sign('sha256', body, (issuer?.key ?? key).privateKey));
  if (options.corrupt) signature[signature.length - 1]! ^= 1;
  return { der: new Uint8Array(sequence(body, algorithm, bitString(signature))), key, subject };
}

/** `-----BEGIN CERTIFICATE-----` blocks, in order. */
export function toPem(certificates: readonly LabCertificate[]): string {
  return certificates
    .map(({ der }) => {
      const lines = Buffer.from(der)
        .toString('base64')
        .match(/.{1,64}/g)!;
      return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
    })
    .join('');
}

function nameOf(commonName: string): Uint8Array {
  return sequence(set(sequence(oid(Oid.commonName), utf8String(commonName))));
}

function extensions(
  { names = [], ca = false, pathLength, padding = 0 }: CertificateOptions,
  key: KeyPair,
  issuer: KeyPair,
): Buffer[] {
  const [usage, unused] = ca ? KEY_USAGE.keyCertSignAndCrlSign : KEY_USAGE.digitalSignature;
  const constraints = ca
    ? [boolean(true), ...(pathLength === undefined ? [] : [integer(Uint8Array.of(pathLength))])]
    : [];
  const list = [
    extension(Oid.basicConstraints, true, sequence(...constraints)),
    extension(Oid.keyUsage, true, bitString(Uint8Array.of(usage), unused)),
    extension(Oid.subjectKeyIdentifier, false, octetString(keyIdentifier(key))),
    extension(Oid.authorityKeyIdentifier, false, sequence(context(0, false, keyIdentifier(issuer)))),
  ];
  if (!ca) list.push(extension(Oid.extendedKeyUsage, false, sequence(oid(Oid.serverAuth))));
  if (names.length > 0) {
    const dnsNames = names.map((name) => context(2, false, Buffer.from(name, 'latin1')));
    list.push(extension(Oid.subjectAltName, false, sequence(...dnsNames)));
  }
  if (padding > 0) list.push(extension(Oid.padding, false, octetString(Buffer.alloc(padding))));
  return list;
}

function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

function keyIdentifier({ spki }: KeyPair): Uint8Array {
  return createHash('sha1').update(spki).digest();
}
