/** A presented certificate for reports: what an operator wants to see of it, and the digests that TLSA records are made of. */
import { hash, type KeyObject } from 'node:crypto';
import { Certificate, nameToText } from '@mailanchor/dane';
import { printable } from './printable.ts';
import type { CertificateReport } from './verdict.ts';

/** DNS names of one certificate that are reported; a hostile one could have thousands. */
const MAX_NAMES = 100;

/** Of certificates that come again and again, from sessions that checks share. */
const KNOWN = new WeakMap<Uint8Array, CertificateReport>();

export function certificateReport(der: Uint8Array): CertificateReport {
  let report = KNOWN.get(der);
  if (!report) {
    report = readCertificate(der);
    KNOWN.set(der, report);
  }
  return report;
}

function readCertificate(der: Uint8Array): CertificateReport {
  const whole = {
    sha256: hash('sha256', der, 'hex'),
    sha512: hash('sha512', der, 'hex'),
    octets: der.length,
  };
  const certificate = Certificate.tryParse(der);
  if (!certificate) return { ...UNREADABLE, ...whole, error: 'the certificate cannot be parsed' };
  return {
    subject: nameToText(certificate.subject),
    issuer: nameToText(certificate.issuer),
    names: certificate.dnsNames.slice(0, MAX_NAMES).map((name) => printable(name, 255)),
    notBefore: timeText(certificate.notBefore),
    notAfter: timeText(certificate.notAfter),
    key: keyText(certificate.publicKey),
    ca: certificate.extensions.basicConstraints?.ca ?? false,
    selfSigned: certificate.selfSigned,
    ...whole,
    spkiSha256: hash('sha256', certificate.spki, 'hex'),
    spkiSha512: hash('sha512', certificate.spki, 'hex'),
  };
}

const UNREADABLE = {
  subject: '',
  issuer: '',
  names: [],
  notBefore: '',
  notAfter: '',
  key: '',
  ca: false,
  selfSigned: false,
  spkiSha256: '',
  spkiSha512: '',
} as const;

function timeText(seconds: number | null): string {
  return seconds === null ? '' : `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

function keyText(key: KeyObject | null): string {
  if (!key) return 'unknown';
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return `RSA ${modulusLength ?? ''}`.trimEnd();
    case 'ec':
      return `EC ${CURVES[namedCurve ?? ''] ?? namedCurve ?? ''}`.trimEnd();
    case 'ed25519':
      return 'Ed25519';
    case 'ed448':
      return 'Ed448';
    default:
      return key.asymmetricKeyType ?? 'unknown';
  }
}
