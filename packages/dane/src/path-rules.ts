/**
 * What a path of verified signatures must still satisfy (rfc5280#section-6.1.4, as OpenSSL's verifier has it, which most
 * senders run): readable extensions, CA certificates above the leaf, path lengths, name constraints, purpose, dates.
 *
 * Limitations: certificate policies are not evaluated (their extensions are tolerated when critical), the Netscape
 * certificate type is not known, and nothing is looked up about revocation.
 */
import type { Certificate } from './certificate.ts';
import { nameToText } from './distinguished-name.ts';
import { ExtensionOid } from './extensions.ts';
import { MAX_CONSTRAINT_COMPARISONS } from './limits.ts';
import { constraintViolation } from './name-constraints.ts';
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

export interface PathContext {
  /** epoch seconds */
  readonly at: number;
  /** The uppermost certificate is the anchor because a TLSA record names it (not a bare key, not a given CA). */
  readonly namedAnchor: boolean;
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/** Critical extensions that a path may have: those that we evaluate, and those that say nothing about what we ask. */
const KNOWN_CRITICAL: ReadonlySet<string> = new Set([
  ExtensionOid.keyUsage,
  ExtensionOid.subjectAltName,
  ExtensionOid.basicConstraints,
  ExtensionOid.nameConstraints,
  ExtensionOid.extendedKeyUsage,
  // Not the key identifiers: rfc5280#section-4.2.1.1 forbids them to be critical, and OpenSSL refuses them.
  '2.5.29.31', // cRLDistributionPoints: no revocation here
  '2.5.29.32', // certificatePolicies: any policy will do
  '2.5.29.33', // policyMappings
  '2.5.29.36', // policyConstraints
  '2.5.29.54', // inhibitAnyPolicy
]);

/** The first flaw of a path (leaf first, anchor last), in the order of the rules above; undefined if there is none. */
export function pathFlaw(path: readonly Certificate[], context: PathContext): Flaw | undefined {
  return (
    unreadable(path) ??
    notACa(path) ??
    tooLong(path) ??
    constrained(path) ??
    wrongPurpose(path) ??
    outOfDate(path, context)
  );
}

/** `certificate 1 (CN=Example CA)` */
export function describe(certificate: Certificate, depth: number): string {
  return `certificate ${depth} (${nameToText(certificate.subject)})`;
}

function first(
  path: readonly Certificate[],
  flaw: (certificate: Certificate, depth: number) => Flaw | undefined,
): Flaw | undefined {
  for (const [depth, certificate] of path.entries()) {
    const found = flaw(certificate, depth);
    if (found) return found;
  }
  return undefined;
}

function unreadable(path: readonly Certificate[]): Flaw | undefined {
  return first(path, (certificate, depth) => {
    const { critical, problems } = certificate.extensions;
    if (problems[0]) return { reason: 'untrusted', text: `${describe(certificate, depth)}: ${problems[0]}` };
    const unknown = critical.find((oid) => !KNOWN_CRITICAL.has(oid));
    if (unknown === undefined) return undefined;
    const text = `${describe(certificate, depth)} has a critical extension that we do not know (${unknown})`;
    return { reason: 'untrusted', text };
  });
}

function notACa(path: readonly Certificate[]): Flaw | undefined {
  return first(path, (certificate, depth) => {
    if (depth === 0 || mayIssue(certificate, depth === path.length - 1)) return undefined;
    return { reason: 'not-a-ca', text: `${describe(certificate, depth)} is not a CA certificate` };
  });
}

/**
 * CA:TRUE, and keyCertSign if key usage is there. Only the uppermost certificate, which a record named as it is, may do
 * without basic constraints: as an old version 1 root, or with keyCertSign in its place.
 */
function mayIssue(certificate: Certificate, uppermost: boolean): boolean {
  const { basicConstraints, keyUsage } = certificate.extensions;
  if (keyUsage && !keyUsage.includes('keyCertSign')) return false;
  if (basicConstraints) return basicConstraints.ca;
  if (!uppermost) return false;
  return (certificate.version === 1 && certificate.selfSigned) || keyUsage !== undefined;
}

function tooLong(path: readonly Certificate[]): Flaw | undefined {
  let issuersBelow = 0;
  return first(path, (certificate, depth) => {
    if (depth === 0) return undefined;
    const limit = certificate.extensions.basicConstraints?.pathLength ?? null;
    if (limit !== null && issuersBelow > limit) {
      const text = `${describe(certificate, depth)} allows ${limit} CA certificates below it, there are ${issuersBelow}`;
      return { reason: 'path-length', text };
    }
    if (!certificate.selfIssued) issuersBelow++;
    return undefined;
  });
}

function constrained(path: readonly Certificate[]): Flaw | undefined {
  const budget = { comparisons: MAX_CONSTRAINT_COMPARISONS };
  return first(path, (issuer, depth) => {
    if (depth === 0 || !issuer.extensions.nameConstraints) return undefined;
    for (const [below, subject] of path.slice(0, depth).entries()) {
      // rfc5280#section-4.2.1.10: not for self-issued certificates, except the last, which is the leaf.
      if (below > 0 && subject.selfIssued) continue;
      let why: string | undefined;
      try {
        why = constraintViolation(issuer, subject, below === 0, budget);
      } catch {
        why = `the names of ${describe(subject, below)} cannot be read`;
      }
      if (why !== undefined) {
        return {
          reason: 'name-constraint',
          text: `by the name constraints of ${describe(issuer, depth)}, ${why}`,
        };
      }
    }
    return undefined;
  });
}

/** serverAuth by its own name (anyExtendedKeyUsage will not do), or no extended key usage at all, in every certificate; and a leaf whose key may serve in TLS. */
function wrongPurpose(path: readonly Certificate[]): Flaw | undefined {
  return first(path, (certificate, depth) => {
    const { extendedKeyUsage, keyUsage } = certificate.extensions;
    if (extendedKeyUsage && !extendedKeyUsage.includes(SERVER_AUTH)) {
      return {
        reason: 'purpose',
        text: `${describe(certificate, depth)} is not for TLS servers (extended key usage)`,
      };
    }
    const serves = ['digitalSignature', 'keyEncipherment', 'keyAgreement'] as const;
    if (depth === 0 && keyUsage && !serves.some((usage) => keyUsage.includes(usage))) {
      return {
        reason: 'purpose',
        text: `${describe(certificate, depth)} has a key that is not for TLS (key usage)`,
      };
    }
    return undefined;
  });
}

function outOfDate(path: readonly Certificate[], context: PathContext): Flaw | undefined {
  return first(path, (certificate, depth) => {
    const isAnchor = context.namedAnchor && depth > 0 && depth === path.length - 1;
    // An intermediate that a record names as anchor is trusted by its record, whatever its dates; a root's are looked at.
    if (isAnchor && !certificate.selfSigned) return undefined;
    return dateFlaw(certificate, depth, context.at);
  });
}

/** Is the certificate outside its dates? */
export function dateFlaw(certificate: Certificate, depth: number, at: number): Flaw | undefined {
  const { notBefore, notAfter } = certificate;
  const who = describe(certificate, depth);
  if (notBefore === null || notAfter === null) {
    return { reason: 'untrusted', text: `${who} has dates that cannot be read` };
  }
  // `!(a <= b)` and not `a > b`: a clock that is no number is outside all dates.
  if (!(at <= notAfter)) return { reason: 'expired', text: `${who} expired ${timeToText(notAfter)}` };
  if (!(notBefore <= at))
    return { reason: 'not-yet-valid', text: `${who} is not valid before ${timeToText(notBefore)}` };
  return undefined;
}
