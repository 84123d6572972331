/**
 * PKIX-EE(1) and PKIX-TA(0) by every path: besides what the record says, the chain must lead to one of the given CAs
 * (rfc7671#section-5.3, rfc7671#section-5.4). An anchor is a self-signed certificate of the given set, as for OpenSSL without
 * partial chains; others of the set may lie on the way.
 */
import type { Presented } from './association.ts';
import type { Certificate } from './certificate.ts';
import { IssuerPool, type PathEnd, pathCertificates, verifiedPaths } from './certificate-path.ts';
import { pathFlaw } from './judge-path.ts';
import { issuerCandidates, octetsKey } from './match-anchor.ts';
import { type IndexedRecord, Usage } from './tlsa.ts';
import { type Found, type MatchInput, matched } from './verdict.ts';

/** The shortest good path, if there is one within the budget. */
export function matchPkix(input: MatchInput, given: readonly Presented[]): Found | undefined {
  const ofUsage = (usage: number): IndexedRecord[] =>
    input.records.filter((entry) => entry.record.usage === usage);
  const leafRecord = ofUsage(Usage.PKIX_EE).find((entry) => input.leaf.matches(entry.record));
  const issuerRecords = ofUsage(Usage.PKIX_TA);
  const leaf = input.leaf.certificate;
  if ((!leafRecord && issuerRecords.length === 0) || !leaf) return undefined;

  const issuers = issuerCandidates({ ...input, presented: [...input.presented, ...given] });
  const roots = new Set(given.filter((own) => own.certificate?.selfSigned).map((own) => octetsKey(own.der)));
  const recordOf = (certificate: Certificate): IndexedRecord | undefined =>
    issuerRecords.find((entry) => issuers.get(certificate)?.matches(entry.record));

  const { at, leafNames, signatures } = input;
  for (const end of verifiedPaths(leaf, new IssuerPool(issuers.keys()), signatures)) {
    if (!roots.has(octetsKey(end.certificate.der))) continue;
    const hit = leafRecord ? { entry: leafRecord, depth: 0 } : lowestMatch(end, recordOf);
    if (!hit) continue;
    const path = pathCertificates(end);
    if (pathFlaw(path, { at, leafNames, signatures, bareKey: false })) continue;
    return { match: matched(hit.entry, hit.depth), path };
  }
  return undefined;
}

function lowestMatch(
  end: PathEnd,
  recordOf: (certificate: Certificate) => IndexedRecord | undefined,
): { entry: IndexedRecord; depth: number } | undefined {
  let lowest: { entry: IndexedRecord; depth: number } | undefined;
  for (let at: PathEnd | null = end; at && at.depth > 0; at = at.below) {
    const entry = recordOf(at.certificate);
    if (entry) lowest = { entry, depth: at.depth };
  }
  return lowest;
}
