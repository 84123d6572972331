/**
 * The verdict: do these TLSA records authenticate this chain? rfc6698#section-4.1, rfc7671#section-5, rfc7672#section-3.
 *
 * Pure: nothing is read but the arguments. The order is that of strength of claim: DANE-EE(3), which needs the leaf only;
 * DANE-TA(2), which needs a path to a named anchor and the name; then, in mode `general`, PKIX-EE(1) and PKIX-TA(0), which
 * need a path to a given CA as well.
 */

import { Presented } from './association.ts';
import { SearchBudget, SignatureChecks } from './certificate-path.ts';
import { MAX_PRESENTED_CERTIFICATES } from './limits.ts';
import { matchAnchor } from './match-anchor.ts';
import { matchPkix } from './match-pkix.ts';
import { certificateNames } from './names.ts';
import type { MismatchReason } from './path-rules.ts';
import {
  type DaneMode,
  type IndexedRecord,
  strongestDigests,
  type TlsaRecord,
  Usage,
  usableRecords,
} from './tlsa.ts';
import {
  type DaneMatch,
  type DaneMismatch,
  type DaneVerdict,
  type Failure,
  type MatchInput,
  matched,
  nameFailure,
} from './verdict.ts';

export interface MatchRequest {
  readonly records: readonly TlsaRecord[];
  /** Certificates in DER as the server presented them, leaf first. They may be anything: what does not parse never issues. */
  readonly chain: readonly Uint8Array[];
  /** Reference names (rfc7672#section-3.2.2), A-labels; the TLSA base domain first. */
  readonly names: readonly string[];
  /** Epoch seconds. */
  readonly at: number;
  readonly mode: DaneMode;
  /** Certificates in DER that usages 0 and 1 are verified against; the self-signed ones are the anchors. */
  readonly ca?: readonly Uint8Array[];
  /** Check names for DANE-EE(3) too, default no: rfc7672#section-3.2.1 forbids it for SMTP; other applications may ask. */
  readonly eeNames?: boolean;
  /** Matching types of digests, strongest first. */
  readonly digestOrder?: readonly number[];
  /** What the search may cost; the one given counts what it did. */
  readonly budget?: SearchBudget;
}

/** Match. Never throws, whatever the octets. */
export function matchDane(request: MatchRequest): DaneVerdict {
  const { usable, unusable } = usableRecords(request.records, { mode: request.mode });
  if (usable.length === 0) return Object.freeze({ kind: 'unusable', records: unusable });
  const records = strongestDigests(usable, request.digestOrder).sort(byPreference);

  const presented = request.chain.slice(0, MAX_PRESENTED_CERTIFICATES).map((der) => new Presented(der));
  const leaf = presented[0];
  if (!leaf)
    return mismatch({ reason: 'no-match', depth: null, text: 'the server presented no certificate' });

  const ee = matchEndEntity(records, leaf, request);
  if (ee) return 'kind' in ee ? ee : mismatch(ee);

  const input: MatchInput = {
    records,
    leaf,
    presented,
    names: request.names,
    at: request.at,
    signatures: new SignatureChecks(request.budget ?? new SearchBudget()),
  };
  const failures: Failure[] = [];
  for (const result of [matchAnchor(input), matchPkix(input, request.ca ?? [])]) {
    if ('kind' in result) return result;
    failures.push(...result);
  }
  return mismatch(mostTelling(failures) ?? noMatch(input));
}

/** OpenSSL's order, for the record to name where several match: usage, then key before certificate, then the longer digest. */
function byPreference(a: IndexedRecord, b: IndexedRecord): number {
  return (
    b.record.usage - a.record.usage ||
    b.record.selector - a.record.selector ||
    b.record.matching - a.record.matching ||
    a.index - b.index
  );
}

/** rfc7672#section-3.1.1: a match ends it, whatever the certificate says of names, dates and issuers. */
function matchEndEntity(
  records: readonly IndexedRecord[],
  leaf: Presented,
  request: MatchRequest,
): DaneMatch | Failure | undefined {
  const record = records.find((entry) => entry.record.usage === Usage.DANE_EE && leaf.matches(entry.record));
  if (!record) return undefined;
  if (request.eeNames && !(leaf.certificate && certificateNames(leaf.certificate, request.names))) {
    return nameFailure(leaf.certificate, request.names, 0);
  }
  return matched(record, 0);
}

/** How far a chain came before it failed: the farther, the more the failure tells. */
const TELLING: readonly MismatchReason[] = [
  'no-match',
  'untrusted',
  'bad-signature',
  'not-a-ca',
  'path-length',
  'name-constraint',
  'purpose',
  'not-yet-valid',
  'expired',
  'name-mismatch',
];

function mostTelling(failures: readonly Failure[]): Failure | undefined {
  let best: Failure | undefined;
  for (const failure of failures) {
    if (!best || TELLING.indexOf(failure.reason) > TELLING.indexOf(best.reason)) best = failure;
  }
  return best;
}

function noMatch(input: MatchInput): Failure {
  const { leaf, presented, records } = input;
  const certificates =
    presented.length === 1 ? 'the one certificate' : `any of the ${presented.length} certificates`;
  let text = `no usable TLSA record matches ${certificates} that the server presented`;
  if (!leaf.certificate) text += "; the server's own certificate cannot be parsed";
  else if (records.some(({ record }) => record.usage <= 2 && record.usage !== 1 && leaf.matches(record))) {
    text += "; one names the server's own certificate as its issuer: that needs usage 3";
  }
  return { reason: 'no-match', depth: null, text };
}

function mismatch(failure: Failure): DaneMismatch {
  return Object.freeze({
    kind: 'mismatch',
    reason: failure.reason,
    depth: failure.depth,
    text: failure.text,
  });
}
