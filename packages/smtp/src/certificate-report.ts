/** A presented certificate for reports: what an operator wants to see of it, and the digests that TLSA records are made of. */
import { hash, type KeyObject } from 'node:crypto';
import { Certificate, nameToText } from '@mailanchor/dane';
import { printable } from './printable.ts';
import type { CertificateReport } from './verdict.ts';

/** DNS names of one certificate that are reported; a hostile one could have thousands. */
const MAX_NAMES = 100;

interface Read {
  /** Undefined where it does not parse. */
  readonly certificate: Certificate | undefined;
  readonly report: CertificateReport;
}

/** By the octets as a session has them: sessions are shared, and a chain is told of and judged. Nobody writes to them. */
const READ = new WeakMap<Uint8Array, Read>();

/** CA certificates by their digest: thousands of hosts send the same few. Those longest unused go first. */
const CAS = new Map<string, Read>();
const MAX_CAS = 256;
/** Octets beyond which a certificate is no CA's that many have. */
const MAX_CA_OCTETS = 4096;

export function certificateReport(der: Uint8Array): CertificateReport {
  return read(der).report;
}

/** The certificate, parsed once for all who ask; the octets where they do not parse. */
export function parsedOr(der: Uint8Array): Certificate | Uint8Array {
  return read(der).certificate ?? der;
}

function read(der: Uint8Array): Read {
  let known = READ.get(der);
  if (!known) {
    const sha256 = hash('sha256', der, 'hex');
    known = CAS.get(sha256) ?? readAnew(der, sha256);
    READ.set(der, known);
    if (known.report.ca && der.length <= MAX_CA_OCTETS) keepCa(sha256, known);
  }
  return known;
}

function keepCa(sha256: string, ca: Read): void {
  CAS.delete(sha256);
  CAS.set(sha256, ca);
  if (CAS.size > MAX_CAS) {
    const [oldest] = CAS.keys();
    CAS.delete(oldest!);
  }
}

function readAnew(der: Uint8Array, sha256: string): Read {
  const certificate = Certificate.tryParse(der);
  return { certificate, report: reportOf(der, sha256, certificate) };
}

function reportOf(der: Uint8Array, sha256: string, certificate: Certificate | undefined): CertificateReport {
  const whole = { sha256, sha512: hash('sha512', der, 'hex'), octets: der.length };
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
