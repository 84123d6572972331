/**
 * What the certificates of a path must satisfy (rfc5280#section-6.1.4, as OpenSSL's verifier has it, which most senders run):
 * readable extensions, CA certificates above the leaf, path lengths, purpose; dates; name constraints.
 *
 * Limitations: certificate policies are not evaluated (their extensions are tolerated when critical), address resources
 * (RFC 3779) are not known, and nothing is looked up about revocation.
 */
import type { Certificate } from './certificate.ts';
import { nameToText } from './distinguished-name.ts';
import { ExtensionOid } from './extensions.ts';
import { type ConstraintBudget, constraintViolation } from './name-constraints.ts';
import { hasExplicitCurve } from './public-key.ts';
import { timeToText } from './validity.ts';

export type MismatchReason =
  | 'no-match'
  | 'name-mismatch'
  | 'expired'
  | 'not-yet-valid'
  | 'untrusted'
  | 'not-a-ca'
  | 'path-length'
  | 'name-constraint'
  | 'purpose'
  | 'bad-signature';

export interface Flaw {
  readonly reason: MismatchReason;
  /** a sentence without the full stop */
  readonly text: string;
}

export interface DaneNote {
  /**
   * - `anchor-expired`: an intermediate that a record names as anchor is outside its dates; a root would have been refused
   */
  readonly code: 'anchor-expired';
  /** a sentence without the full stop */
  readonly text: string;
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/** Critical extensions that a path may have: those that we evaluate, and those that say nothing about what we ask. */
const KNOWN_CRITICAL: ReadonlySet<string> = new Set([
  ExtensionOid.keyUsage,
  ExtensionOid.subjectAltName,
  ExtensionOid.basicConstraints,
  ExtensionOid.nameConstraints,
  ExtensionOid.extendedKeyUsage,
  ExtensionOid.netscapeCertType,
  // Not the key identifiers: rfc5280#section-4.2.1.1 forbids them to be critical, and OpenSSL refuses them.
  ExtensionOid.crlDistributionPoints, // no revocation here
  '2.5.29.32', // certificatePolicies: any policy will do
  '2.5.29.33', // policyMappings
  '2.5.29.36', // policyConstraints
  '2.5.29.54', // inhibitAnyPolicy
  '1.3.6.1.5.5.7.48.1.5', // OCSP no check: no revocation here
]);

/** `certificate 1 (CN=Example CA)` */
export function describe(certificate: Certificate, depth: number): string {
  return `certificate ${depth} (${nameToText(certificate.subject)})`;
}

/** The rules on what each certificate says of itself, from the leaf upwards; each on the path leaf first. */
export function extensionFlaw(path: readonly Certificate[]): Flaw | undefined {
  let issuersBelow = 0;
  for (const [depth, certificate] of path.entries()) {
    const uppermost = depth === path.length - 1;
    const flaw =
      unreadable(certificate, depth) ??
      (depth > 0 ? notACa(certificate, depth, uppermost) : undefined) ??
      (path.length > 1 ? explicitCurve(certificate, depth) : undefined) ??
      wrongPurpose(certificate, depth) ??
      tooLong(certificate, depth, issuersBelow);
    if (flaw) return flaw;
    if (depth > 0 && !certificate.selfIssued) issuersBelow++;
  }
  return undefined;
}

function unreadable(certificate: Certificate, depth: number): Flaw | undefined {
  const { critical, problems, proxy } = certificate.extensions;
  const who = describe(certificate, depth);
  if (problems[0]) return { reason: 'untrusted', text: `${who}: ${problems[0]}` };
  if (proxy) return { reason: 'untrusted', text: `${who} is that of a proxy` };
  const unknown = critical.find((oid) => !KNOWN_CRITICAL.has(oid));
  if (unknown === undefined) return undefined;
  return { reason: 'untrusted', text: `${who} has a critical extension that we do not know (${unknown})` };
}

function notACa(certificate: Certificate, depth: number, uppermost: boolean): Flaw | undefined {
  if (mayIssue(certificate, uppermost)) return undefined;
  return { reason: 'not-a-ca', text: `${describe(certificate, depth)} is not a CA certificate` };
}

/**
 * CA:TRUE, and keyCertSign if key usage is there. Only the uppermost certificate, which a record named as it is, may do
 * without basic constraints: as an old version 1 root, with keyCertSign in its place, or as a CA by Netscape's extension.
 */
function mayIssue(certificate: Certificate, uppermost: boolean): boolean {
  const { basicConstraints, keyUsage, netscapeType } = certificate.extensions;
  if (keyUsage && !keyUsage.includes('keyCertSign')) return false;
  if (basicConstraints) return basicConstraints.ca;
  if (!uppermost) return false;
  if ((certificate.version === 1 && certificate.selfSigned) || keyUsage !== undefined) return true;
  return netscapeType?.includes('sslCa') ?? false;
}

/** A curve must be named: parameters of one's own choice can make a key that verifies forged signatures (CVE-2020-0601). */
function explicitCurve(certificate: Certificate, depth: number): Flaw | undefined {
  if (!hasExplicitCurve(certificate.spki)) return undefined;
  const text = `${describe(certificate, depth)} has a key whose curve is given by parameters, not by name`;
  return { reason: 'untrusted', text };
}

/**
 * serverAuth by its own name (anyExtendedKeyUsage will not do), or no extended key usage at all, in every certificate; and
 * a leaf whose key may serve in TLS.
 */
function wrongPurpose(certificate: Certificate, depth: number): Flaw | undefined {
  const { extendedKeyUsage, keyUsage, netscapeType } = certificate.extensions;
  const flaw = (text: string): Flaw => ({
    reason: 'purpose',
    text: `${describe(certificate, depth)} ${text}`,
  });
  if (extendedKeyUsage && !extendedKeyUsage.includes(SERVER_AUTH))
    return flaw('is not for TLS servers (extended key usage)');
  if (depth > 0) return undefined;
  if (netscapeType && !netscapeType.includes('sslServer'))
    return flaw('is not for TLS servers (Netscape certificate type)');
  const serves = ['digitalSignature', 'keyEncipherment', 'keyAgreement'] as const;
  if (keyUsage && !serves.some((usage) => keyUsage.includes(usage)))
    return flaw('has a key that is not for TLS (key usage)');
  return undefined;
}

function tooLong(certificate: Certificate, depth: number, issuersBelow: number): Flaw | undefined {
  const limit = certificate.extensions.basicConstraints?.pathLength ?? null;
  if (depth === 0 || limit === null || issuersBelow <= limit) return undefined;
  const text = `${describe(certificate, depth)} allows ${limit} CA certificates below it, there are ${issuersBelow}`;
  return { reason: 'path-length', text };
}

/** Every certificate against the name constraints above it, from the anchor downwards. */
export function constraintFlaw(path: readonly Certificate[], budget: ConstraintBudget): Flaw | undefined {
  for (let depth = path.length - 2; depth >= 0; depth--) {
    const subject = path[depth]!;
    // rfc5280#section-4.2.1.10: not for self-issued certificates, except the last, which is the leaf.
    if (depth > 0 && subject.selfIssued) continue;
    for (let above = path.length - 1; above > depth; above--) {
      const why = whyForbidden(path[above]!, subject, depth, budget);
      if (why === undefined) continue;
      const text = `by the name constraints of ${describe(path[above]!, above)}, ${why}`;
      return { reason: 'name-constraint', text };
    }
  }
  return undefined;
}

function whyForbidden(
  issuer: Certificate,
  subject: Certificate,
  depth: number,
  budget: ConstraintBudget,
): string | undefined {
  try {
    return constraintViolation(issuer, subject, depth === 0, budget);
  } catch {
    return `the names of ${describe(subject, depth)} cannot be read`;
  }
}

/** Is the certificate outside its dates? */
export function dateFlaw(certificate: Certificate, depth: number, at: number): Flaw | undefined {
  const { notBefore, notAfter } = certificate;
  const who = describe(certificate, depth);
  if (notBefore === null || notAfter === null) {
    return { reason: 'untrusted', text: `${who} has dates that cannot be read` };
  }
  if (!(notBefore <= at))
    return { reason: 'not-yet-valid', text: `${who} is not valid before ${timeToText(notBefore)}` };
  // `!(a < b)` and not `a >= b`: a clock that is no number is outside all dates. rfc5280#section-4.1.2.5 has the last second
  // within; OpenSSL, hence most senders, has it without.
  if (!(at < notAfter)) return { reason: 'expired', text: `${who} expired ${timeToText(notAfter)}` };
  return undefined;
}
