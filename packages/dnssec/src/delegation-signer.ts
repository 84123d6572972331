/**
 * The parent's word on a delegation: the DS RRset, the proof that there is none, or the proof that there is no delegation at all
 * (rfc4035#section-5.2).
 */
import { type DsData, decodeDs, Ede, type Name } from '@mailanchor/dns';
import type { Failure } from './ask.ts';
import { proveNoDs } from './denial.ts';
import type { DenialStore } from './denial-store.ts';
import { type SignedRRset, type VerifyContext, verifyRRset } from './signature.ts';
import { validProofs } from './valid-proofs.ts';
import type { SecureTrust } from './zone-trust.ts';

export type DsOutcome =
  | { readonly kind: 'ds'; readonly records: readonly DsData[]; readonly ttl: number }
  | {
      readonly kind: 'insecure';
      readonly note: string;
      readonly ttl: number;
      /** The NSEC or NSEC3 RRsets that say so. */
      readonly proof: readonly SignedRRset[];
    }
  | { readonly kind: 'no-cut'; readonly ttl: number }
  | Failure;

/** A signed alias where a DS was asked for: the name is no zone cut, since a CNAME has no NS beside it. */
export async function judgeAlias(
  parent: SecureTrust,
  child: Name,
  rrset: SignedRRset,
  context: VerifyContext,
): Promise<DsOutcome> {
  const result = await verifyRRset(rrset, parent.zone, parent.keys, context);
  if (result.kind === 'invalid') return { kind: 'bogus', reason: result.reason };
  return rrset.name.equals(child) || child.isBelow(rrset.name)
    ? { kind: 'no-cut', ttl: result.ttl }
    : bogus(`an alias that has nothing to do with ${child}`, parent.zone);
}

/** What the parent says of the child's DS: records, an unsigned delegation, no delegation, or nothing that holds. */
export async function judgeDs(
  parent: SecureTrust,
  child: Name,
  ds: SignedRRset | undefined,
  proofs: readonly SignedRRset[],
  context: VerifyContext,
  denials: DenialStore,
): Promise<DsOutcome> {
  const { work } = context;
  if (ds) {
    const result = await verifyRRset(ds, parent.zone, parent.keys, context);
    if (result.kind === 'invalid') return { kind: 'bogus', reason: result.reason };
    const ownerLabels = ds.name.isWildcard ? ds.name.labelCount - 1 : ds.name.labelCount;
    if (result.labels < ownerLabels) return bogus(`DS of ${child} from a wildcard`, parent.zone);
    const records: DsData[] = [];
    for (const rdata of ds.rdatas) {
      try {
        records.push(decodeDs(rdata));
      } catch {
        return bogus(`malformed DS of ${child}`, parent.zone);
      }
    }
    return { kind: 'ds', records, ttl: result.ttl };
  }
  const valid = await validProofs(proofs, parent.zone, parent.keys, context, denials);
  denials.remember(parent.zone, valid.rrsets);
  const proof = proveNoDs(child, parent.zone, valid.rrsets, work);
  if (proof.kind === 'unproven') return { kind: 'bogus', reason: valid.reason ?? proof.reason };
  const ttl = Math.min(valid.ttl, work.budgets.maxNegativeTtl);
  return proof.kind === 'insecure' ? { ...proof, ttl, proof: valid.rrsets } : { ...proof, ttl };
}

export function bogus(text: string, zone: Name, ede: number = Ede.DNSSEC_BOGUS): Failure {
  return { kind: 'bogus', reason: { ede, text, zone } };
}
