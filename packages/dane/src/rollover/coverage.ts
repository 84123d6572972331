/**
 * Does a set of records suffice for what a server presents? rfc7671#section-8 asks more than one match: every combination of usage,
 * selector and matching type in the set must match by itself, since clients differ in which of them they look at.
 */

import { digest } from '../association.ts';
import { Certificate } from '../certificate.ts';
import { sameOctets } from '../der.ts';
import { matchDane } from '../match.ts';
import { Selector, type TlsaRecord, Usage, usableRecords } from '../tlsa.ts';
import { combinationOf } from './record-set.ts';

/** What a server presents, or would: a chain, or a key that no certificate has been issued for yet. */
export type Subject =
  | { readonly kind: 'chain'; readonly chain: readonly Uint8Array[] }
  /** SubjectPublicKeyInfo. Its certificate is taken to come from the same issuer as now: usage 2 is not asked of it. */
  | { readonly kind: 'key'; readonly spki: Uint8Array };

export interface CoverageOptions {
  /** Reference names for usage 2; the TLSA base domain first. */
  readonly names: readonly string[];
  /** Epoch seconds. */
  readonly at: number;
}

export type Coverage =
  /** Every combination matches. */
  | { readonly kind: 'covered' }
  /** No record, or none that a sender of mail could use: nothing is authenticated, so nothing fails. */
  | { readonly kind: 'no-dane' }
  /** Some combinations match, these do not: senders that look at them alone refuse. */
  | { readonly kind: 'partly'; readonly missing: readonly string[] }
  /** Nothing matches: every sender that validates refuses. */
  | { readonly kind: 'uncovered'; readonly text: string };

export function coverageOf(
  records: readonly TlsaRecord[],
  subject: Subject,
  options: CoverageOptions,
): Coverage {
  const { usable } = usableRecords(records, { mode: 'smtp' });
  if (usable.length === 0) return { kind: 'no-dane' };
  const groups = Map.groupBy(
    usable.map(({ record }) => record),
    combinationOf,
  );
  const missing: string[] = [];
  let matching = 0;
  let text = '';
  for (const [combination, group] of groups) {
    const why = whyNot(group, subject, options);
    if (why === undefined) matching++;
    else {
      missing.push(combination);
      text ||= why;
    }
  }
  if (matching === 0) return { kind: 'uncovered', text };
  return missing.length === 0 ? { kind: 'covered' } : { kind: 'partly', missing };
}

/** Whether no sender refuses, whichever combination it looks at. */
export function suffices(
  records: readonly TlsaRecord[],
  subject: Subject,
  options: CoverageOptions,
): boolean {
  const { kind } = coverageOf(records, subject, options);
  return kind === 'covered' || kind === 'no-dane';
}

/** SubjectPublicKeyInfo of what is presented; undefined where the leaf does not parse. */
export function subjectKey(subject: Subject): Uint8Array | undefined {
  if (subject.kind === 'key') return subject.spki;
  const [leaf] = subject.chain;
  return leaf && Certificate.tryParse(leaf)?.spki;
}

function whyNot(
  group: readonly TlsaRecord[],
  subject: Subject,
  { names, at }: CoverageOptions,
): string | undefined {
  if (subject.kind === 'chain') {
    const verdict = matchDane({ records: group, chain: subject.chain, names, at, mode: 'smtp' });
    if (verdict.kind === 'match') return undefined;
    return verdict.kind === 'mismatch' ? verdict.text : 'no usable record';
  }
  const { spki } = subject;
  const matches = group.some(
    ({ usage, selector, matching, data }) =>
      usage === Usage.DANE_TA ||
      (selector === Selector.SPKI && sameOctets(digest(spki, matching) ?? new Uint8Array(), data)),
  );
  return matches ? undefined : 'no record is of the key';
}
