/**
 * DANE-TA(2) by every path: a record names a CA, and the chain must lead from the leaf to it (rfc7671#section-5.2,
 * rfc7672#section-3.1.2).
 *
 * The anchor is a certificate that the server sent, or that a `2 0 0` record carries; never the leaf by itself. A `2 1 0`
 * record whose key no issuer's certificate has is a bare key: a certificate of the path must be signed by it
 * (rfc7671#section-5.2.3). The local CA store plays no part.
 */
import type { Presented } from './association.ts';
import type { Certificate } from './certificate.ts';
import { IssuerPool, type PathEnd, pathCertificates, verifiedPaths } from './certificate-path.ts';
import { sameOctets } from './der.ts';
import { pathFlaw } from './judge-path.ts';
import { dateFlaw } from './path-rules.ts';
import { type IndexedRecord, Usage } from './tlsa.ts';
import { bareKeys, carriedCertificates } from './usual-path.ts';
import { anchorNotes, type Found, type MatchInput, matched } from './verdict.ts';

/** The shortest good path, if there is one within the budget. */
export function matchAnchor(input: MatchInput): Found | undefined {
  const records = input.records.filter((entry) => entry.record.usage === Usage.DANE_TA);
  const leaf = input.leaf.certificate;
  if (records.length === 0 || !leaf) return undefined;
  const issuers = issuerCandidates(input);
  const anchors = new Map<Certificate, IndexedRecord>();
  for (const [certificate, candidate] of issuers) {
    const entry = records.find(({ record }) => candidate.matches(record));
    if (entry) anchors.set(certificate, entry);
  }
  const keys = bareKeys(records);
  if (anchors.size === 0 && keys.length === 0) return undefined;

  const pool = new IssuerPool(issuers.keys());
  for (const end of verifiedPaths(leaf, pool, input.signatures)) {
    const entry = anchors.get(end.certificate);
    const found = entry && judge(end, entry, false, input);
    if (found) return found;
    for (const { key, entry } of keys) {
      // With a certificate for the key, that is the anchor, and its dates and constraints count.
      const sent = pool.candidates(end.certificate).some(({ spki }) => sameOctets(spki, entry.record.data));
      if (sent || !input.signatures.check(end.certificate, key).ok) continue;
      const found = judge(end, entry, true, input);
      if (found) return found;
    }
  }
  return undefined;
}

/** The certificates that may issue: presented or from `x 0 0` records, each once, the leaf never. */
export function issuerCandidates(
  input: Pick<MatchInput, 'leaf' | 'presented' | 'records'>,
): Map<Certificate, Presented> {
  const seen = new Set<string>([octetsKey(input.leaf.der)]);
  const found = new Map<Certificate, Presented>();
  for (const presented of [...input.presented, ...carriedCertificates(input.records)]) {
    const key = octetsKey(presented.der);
    if (seen.has(key)) continue;
    seen.add(key);
    if (presented.certificate) found.set(presented.certificate, presented);
  }
  return found;
}

export const octetsKey = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

/** A path from the leaf to what a record names, if it satisfies the rules. */
function judge(
  end: PathEnd,
  entry: IndexedRecord,
  bareKey: boolean,
  { at, leafNames, signatures }: MatchInput,
): Found | undefined {
  const path = pathCertificates(end);
  if (pathFlaw(path, { at, leafNames, signatures, bareKey })) return undefined;
  const notes = bareKey ? [] : anchorNotes(dateFlaw(end.certificate, end.depth, at));
  return { match: matched(entry, end.depth, notes), path };
}
