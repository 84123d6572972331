/**
 * PKIX-EE(1) and PKIX-TA(0): besides what the record says, the chain must lead to one of the given CAs
 * (rfc7671#section-5.3, rfc7671#section-5.4). An anchor is a self-signed certificate of the given set, as for OpenSSL without
 * partial chains; others of the set may lie on the way. A path goes on beyond one CA as long as no record matched on it.
 */
import { Presented } from './association.ts';
import type { Certificate } from './certificate.ts';
import { IssuerPool, type PathEnd, pathCertificates, verifiedPaths } from './certificate-path.ts';
import { issuerCandidates } from './match-anchor.ts';
import { certificateNames } from './names.ts';
import { pathFlaw } from './path-rules.ts';
import { type IndexedRecord, Usage } from './tlsa.ts';
import { type DaneMatch, type Failure, type MatchInput, matched, nameFailure } from './verdict.ts';

/** A match, or all that failed after a record had matched something. */
export function matchPkix(input: MatchInput, ca: readonly Uint8Array[]): DaneMatch | readonly Failure[] {
  const ofUsage = (usage: number): IndexedRecord[] =>
    input.records.filter((entry) => entry.record.usage === usage);
  const leafRecord = ofUsage(Usage.PKIX_EE).find((entry) => input.leaf.matches(entry.record));
  const issuerRecords = ofUsage(Usage.PKIX_TA);
  const leaf = input.leaf.certificate;
  if (!leafRecord && issuerRecords.length === 0) return [];
  if (!leaf) {
    return leafRecord
      ? [{ reason: 'untrusted', depth: 0, text: "the server's own certificate cannot be parsed" }]
      : [];
  }

  const given = ca.map((der) => new Presented(der));
  const issuers = issuerCandidates({ ...input, presented: [...input.presented, ...given] });
  const roots = new Set(given.filter((own) => own.certificate?.selfSigned).map((own) => octetsKey(own.der)));
  const isRoot = (certificate: Certificate): boolean => roots.has(octetsKey(certificate.der));
  const recordOf = (certificate: Certificate): IndexedRecord | undefined =>
    issuerRecords.find((entry) => issuers.get(certificate)?.presented.matches(entry.record));

  const failures: Failure[] = [];
  for (const end of verifiedPaths(leaf, new IssuerPool(issuers.keys()), input.signatures)) {
    const hit = leafRecord ? { entry: leafRecord, depth: 0 } : lowestMatch(end, recordOf);
    if (!hit) continue;
    if (!isRoot(end.certificate)) {
      failures.push({
        reason: 'untrusted',
        depth: hit.depth,
        text: 'no path leads to a given CA certificate',
      });
      continue;
    }
    const path = pathCertificates(end);
    const flaw = pathFlaw(path, { at: input.at, namedAnchor: false });
    if (flaw) failures.push({ ...flaw, depth: hit.depth });
    else if (certificateNames(leaf, input.names)) return matched(hit.entry, hit.depth);
    else failures.push(nameFailure(leaf, input.names, hit.depth));
  }
  return failures;
}

const octetsKey = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

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
