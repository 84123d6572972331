/** DS records: digests of a child's keys (rfc4034#section-5.1.4, rfc4509, rfc6605). */
import { hash } from 'node:crypto';
import { concatOctets, type DsData, type Name } from '@mailanchor/dns';
import {
  type AlgorithmPolicy,
  DigestType,
  digestOf,
  isSupportedAlgorithm,
  isSupportedDigest,
} from './algorithm.ts';

/** The digest of a DNSKEY: over the owner name in canonical form and the RDATA. Undefined for an unknown digest type. */
export function dsDigest(owner: Name, dnskeyRdata: Uint8Array, digestType: number): Uint8Array | undefined {
  const digest = digestOf(digestType);
  if (!digest) return undefined;
  return hash(digest.hash, concatOctets([owner.toLowerCase().wire, dnskeyRdata]), 'buffer');
}

/**
 * The DS records a validator may use: algorithm and digest supported, and, where any stronger digest is present, none of SHA-1
 * (rfc4509#section-3). An empty result with a non-empty argument means that the zone counts as unsigned (rfc4035#section-5.2).
 */
export function usableDs(records: readonly DsData[], policy: AlgorithmPolicy): DsData[] {
  const supported = records.filter(
    (ds) => isSupportedAlgorithm(ds.algorithm, policy) && isSupportedDigest(ds.digestType, policy),
  );
  const strong = supported.some((ds) => ds.digestType !== DigestType.SHA1);
  return strong ? supported.filter((ds) => ds.digestType !== DigestType.SHA1) : supported;
}
