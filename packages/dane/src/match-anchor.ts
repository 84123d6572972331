/**
 * DANE-TA(2): a record names a CA, and the chain must lead from the leaf to it (rfc7671#section-5.2, rfc7672#section-3.1.2).
 *
 * The anchor is a certificate that the server sent, or that a `2 0 0` record carries; never the leaf by itself. A `2 1 0`
 * record whose key no issuer's certificate has is a bare key: a certificate of the path must be signed by it
 * (rfc7671#section-5.2.3). The local CA store plays no part.
 */
import type { KeyObject } from 'node:crypto';
import { Presented } from './association.ts';
import type { Certificate } from './certificate.ts';
import { IssuerPool, type PathEnd, pathByName, pathCertificates, verifiedPaths } from './certificate-path.ts';
import { sameOctets } from './der.ts';
import { certificateNames } from './names.ts';
import { type DaneNote, dateFlaw, describe, pathFlaw } from './path-rules.ts';
import { importPublicKey } from './public-key.ts';
import { type IndexedRecord, Matching, Selector, Usage } from './tlsa.ts';
import { type DaneMatch, type Failure, type MatchInput, matched, nameFailure } from './verdict.ts';

interface Anchor {
  readonly certificate: Certificate;
  readonly entry: IndexedRecord;
  /** Place in the presented list, null if it came from DNS. */
  readonly presentedAt: number | null;
}

interface BareKey {
  readonly key: KeyObject;
  readonly entry: IndexedRecord;
}

/** A match, or all that failed after a record had matched something. */
export function matchAnchor(input: MatchInput): DaneMatch | readonly Failure[] {
  const records = input.records.filter((entry) => entry.record.usage === Usage.DANE_TA);
  if (records.length === 0) return [];
  const issuers = issuerCandidates(input);
  const anchors = new Map<Certificate, Anchor>();
  for (const [certificate, candidate] of issuers) {
    const entry = records.find(({ record }) => candidate.presented.matches(record));
    if (entry) anchors.set(certificate, { certificate, entry, presentedAt: candidate.at });
  }
  const leaf = input.leaf.certificate;
  if (!leaf) return unparsedLeaf(anchors.values());

  const pool = new IssuerPool(issuers.keys());
  const bareKeys = bareKeysOf(records);
  const failures: Failure[] = [];
  const reached = new Set<Certificate>();
  if (anchors.size === 0 && bareKeys.length === 0) return failures;
  for (const end of verifiedPaths(leaf, pool, input.signatures)) {
    const anchor = anchors.get(end.certificate);
    if (anchor) {
      reached.add(anchor.certificate);
      const result = judge(end, anchor.entry, false, input);
      if ('kind' in result) return result;
      failures.push(result);
    }
    for (const { key, entry } of bareKeys) {
      // With a certificate for the key, that is the anchor, and its dates and constraints count.
      const sent = pool.candidates(end.certificate).some(({ spki }) => sameOctets(spki, entry.record.data));
      if (sent || !input.signatures.check(end.certificate, key).ok) continue;
      const result = judge(end, entry, true, input);
      if ('kind' in result) return result;
      failures.push(result);
    }
  }
  for (const anchor of anchors.values()) {
    if (reached.has(anchor.certificate)) continue;
    const failure = unreached(leaf, pool, anchor, input);
    if (failure) failures.push(failure);
  }
  return failures;
}

/** The certificates that may issue: presented or from `x 0 0` records, each once, the leaf never. */
export function issuerCandidates(
  input: Pick<MatchInput, 'leaf' | 'presented' | 'records'>,
): Map<Certificate, { readonly presented: Presented; readonly at: number | null }> {
  const seen = new Set<string>([octetsKey(input.leaf.der)]);
  const found = new Map<Certificate, { presented: Presented; at: number | null }>();
  const add = (presented: Presented, at: number | null): void => {
    const key = octetsKey(presented.der);
    if (seen.has(key)) return;
    seen.add(key);
    if (presented.certificate) found.set(presented.certificate, { presented, at });
  };
  for (const [at, presented] of input.presented.entries()) add(presented, at);
  for (const { record } of input.records) {
    const names = record.usage === Usage.DANE_TA || record.usage === Usage.PKIX_TA;
    if (names && record.selector === Selector.CERT && record.matching === Matching.FULL) {
      add(new Presented(record.data), null);
    }
  }
  return found;
}

const octetsKey = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

function bareKeysOf(records: readonly IndexedRecord[]): BareKey[] {
  return records.flatMap((entry) => {
    const { selector, matching, data } = entry.record;
    if (selector !== Selector.SPKI || matching !== Matching.FULL) return [];
    const key = importPublicKey(data);
    return key ? [{ key, entry }] : [];
  });
}

/** A path from the leaf to what a record names: does it satisfy the rules, and the leaf a name? */
function judge(end: PathEnd, entry: IndexedRecord, bareKey: boolean, input: MatchInput): DaneMatch | Failure {
  const path = pathCertificates(end);
  const leaf = path[0]!;
  const flaw = pathFlaw(path, { at: input.at, namedAnchor: !bareKey });
  if (flaw) return { ...flaw, depth: end.depth };
  if (!certificateNames(leaf, input.names)) return nameFailure(leaf, input.names, end.depth);
  const notes: DaneNote[] = [];
  const late = bareKey ? undefined : dateFlaw(end.certificate, end.depth, input.at);
  if (late) {
    notes.push({
      code: 'anchor-expired',
      text: `${late.text}; it is trusted since the TLSA record names it`,
    });
  }
  return matched(entry, end.depth, notes);
}

/** Why no verified path led to a certificate that a record names. */
function unreached(
  leaf: Certificate,
  pool: IssuerPool,
  anchor: Anchor,
  input: MatchInput,
): Failure | undefined {
  if (input.signatures.budget.exhausted) {
    return {
      reason: 'untrusted',
      depth: anchor.presentedAt,
      text: 'the search for a path was stopped: too many certificates',
    };
  }
  const end = pathByName(leaf, pool, anchor.certificate);
  if (end) {
    return { reason: 'bad-signature', depth: end.depth, text: brokenLink(end, input) };
  }
  if (anchor.presentedAt === null) return undefined; // from DNS, and unrelated: nothing presented matched
  const who = describe(anchor.certificate, anchor.presentedAt);
  const text = `${who} matches a TLSA record, but it did not issue the server's certificate, nor did one that it issued`;
  return { reason: 'untrusted', depth: anchor.presentedAt, text };
}

function brokenLink(end: PathEnd, input: MatchInput): string {
  const path = pathCertificates(end);
  for (const [depth, subject] of path.slice(0, -1).entries()) {
    const result = input.signatures.check(subject, path[depth + 1]!);
    if (!result.ok) return `${describe(subject, depth)} ${result.why}`;
  }
  return 'a signature of the path does not verify';
}

function unparsedLeaf(anchors: Iterable<Anchor>): Failure[] {
  return [...anchors].map(({ presentedAt }) => ({
    reason: 'untrusted',
    depth: presentedAt,
    text: "the server's own certificate cannot be parsed",
  }));
}
