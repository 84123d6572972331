/**
 * The search for paths from the leaf upwards (rfc5280#section-6.1 leaves building to us). Servers send certificates in any
 * order, twice, with strangers between them, and several CA certificates may have the same name; so every certificate whose
 * name fits is tried, those whose key identifier fits first, and a link counts only when its signature verifies.
 *
 * Paths come in the order of their length: the first that reaches an anchor is the shortest. CAs that have signed each other
 * in a circle cannot lengthen a path, since no name and key may come twice in it. The {@link SearchBudget} ends what is left.
 */
import type { KeyObject } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import { sameOctets } from './der.ts';
import { mayHaveIssued } from './issuer.ts';
import {
  MAX_CONSTRAINT_COMPARISONS,
  MAX_PATH_CERTIFICATES,
  MAX_PATHS,
  MAX_SIGNATURE_CHECKS,
} from './limits.ts';
import { type SignatureResult, verifySignature } from './signature.ts';

/** What one verdict may cost; counts down over all its searches. */
export class SearchBudget {
  signatureChecks = 0;
  paths = 0;
  /** of names with name constraints */
  comparisons = 0;
  /** Something was left untried. */
  exhausted = false;
  readonly maxSignatureChecks: number;
  readonly maxPaths: number;

  constructor(limits: { readonly signatureChecks?: number; readonly paths?: number } = {}) {
    this.maxSignatureChecks = limits.signatureChecks ?? MAX_SIGNATURE_CHECKS;
    this.maxPaths = limits.paths ?? MAX_PATHS;
  }

  takeSignatureCheck(): boolean {
    if (this.signatureChecks >= this.maxSignatureChecks) this.exhausted = true;
    else this.signatureChecks++;
    return !this.exhausted;
  }

  /** Those left are taken or none: a path whose names are not all compared is not good. */
  takeComparisons(count: number): boolean {
    this.comparisons += count;
    if (this.comparisons > MAX_CONSTRAINT_COMPARISONS) this.exhausted = true;
    return !this.exhausted;
  }

  takePath(): boolean {
    if (this.paths >= this.maxPaths) this.exhausted = true;
    else this.paths++;
    return !this.exhausted;
  }
}

const UNCHECKED: SignatureResult = { ok: false, why: 'was not checked: too many signatures' };
const NO_KEY: SignatureResult = { ok: false, why: 'has an issuer whose key cannot be decoded' };

/** Signature checks within a budget, each pair of certificate and key once. */
export class SignatureChecks {
  readonly budget: SearchBudget;
  readonly #results = new Map<Certificate, Map<Certificate | KeyObject, SignatureResult>>();

  constructor(budget: SearchBudget) {
    this.budget = budget;
  }

  check(subject: Certificate, issuer: Certificate | KeyObject): SignatureResult {
    const results = this.#results.get(subject) ?? new Map<Certificate | KeyObject, SignatureResult>();
    this.#results.set(subject, results);
    const known = results.get(issuer);
    if (known) return known;
    if (!this.budget.takeSignatureCheck()) return UNCHECKED;
    const key = 'publicKey' in issuer ? issuer.publicKey : issuer;
    const result = key ? verifySignature(subject, key) : NO_KEY;
    results.set(issuer, result);
    return result;
  }
}

/** The upper end of a path; `below` leads towards the leaf. Depth 0 is the leaf. */
export interface PathEnd {
  readonly certificate: Certificate;
  readonly below: PathEnd | null;
  readonly depth: number;
}

/** The certificates of a path, leaf first. */
export function pathCertificates(end: PathEnd): Certificate[] {
  const path: Certificate[] = [];
  for (let at: PathEnd | null = end; at; at = at.below) path.push(at.certificate);
  return path.reverse();
}

/** Candidates for issuers, found by name. */
export class IssuerPool {
  readonly #bySubject = new Map<string, Certificate[]>();

  constructor(certificates: Iterable<Certificate>) {
    for (const certificate of certificates) {
      const known = this.#bySubject.get(certificate.subjectKey);
      if (known) known.push(certificate);
      else this.#bySubject.set(certificate.subjectKey, [certificate]);
    }
  }

  /** All that may have issued the certificate, those with the key identifier that it names first. */
  candidates(certificate: Certificate): readonly Certificate[] {
    const named = this.#bySubject.get(certificate.issuerKey) ?? [];
    const able = named.filter((candidate) => mayHaveIssued(candidate, certificate));
    const says = (candidate: Certificate): boolean => candidate.extensions.subjectKeyIdentifier !== undefined;
    if (able.length < 2 || !certificate.extensions.authorityKeyIdentifier) return able;
    return [...able.filter(says), ...able.filter((candidate) => !says(candidate))];
  }
}

/** Every path of verified signatures, the leaf alone first, shorter before longer, within the budget. */
export function* verifiedPaths(
  leaf: Certificate,
  pool: IssuerPool,
  signatures: SignatureChecks,
): Generator<PathEnd> {
  const start: PathEnd = { certificate: leaf, below: null, depth: 0 };
  if (!signatures.budget.takePath()) return;
  yield start;
  const queue: PathEnd[] = [start];
  for (const end of queue) {
    if (end.certificate.selfSigned) continue; // a path ends there
    if (end.depth >= MAX_PATH_CERTIFICATES) {
      signatures.budget.exhausted = true;
      continue;
    }
    for (const issuer of pool.candidates(end.certificate)) {
      if (contains(end, issuer) || !signatures.check(end.certificate, issuer).ok) continue;
      if (!signatures.budget.takePath()) return;
      const longer: PathEnd = { certificate: issuer, below: end, depth: end.depth + 1 };
      yield longer;
      queue.push(longer);
    }
  }
}

/** Is this certificate, or one of the same name and key, in the path already? */
function contains(end: PathEnd, certificate: Certificate): boolean {
  for (let at: PathEnd | null = end; at; at = at.below) {
    if (at.certificate === certificate) return true;
    if (
      at.certificate.subjectKey === certificate.subjectKey &&
      sameOctets(at.certificate.spki, certificate.spki)
    ) {
      return true;
    }
  }
  return false;
}
