/** One RRset: who may have signed it, and whether one of them has (rfc4035#section-5.3). */
import { decodeRrsig, Ede, type Name, RRType, rrTypeToText } from '@mailanchor/dns';
import type { Work } from './budget.ts';
import type { ChainOfTrust } from './chain-of-trust.ts';
import type { Reason } from './proof.ts';
import { type SignedRRset, verifyRRset } from './signature.ts';
import type { ZoneTrust } from './zone-trust.ts';

/** Signers that the RRSIGs of an RRset name and that could sign it: its own zone or one above; of a DS, one above. */
export function possibleSigners(rrset: SignedRRset): Name[] {
  const signers: Name[] = [];
  for (const rdata of rrset.signatures) {
    try {
      const { signer, typeCovered } = decodeRrsig(rdata);
      const above = rrset.type === RRType.DS ? rrset.name.isBelow(signer) : rrset.name.isAtOrBelow(signer);
      if (typeCovered === rrset.type && above && !signers.some((known) => known.equals(signer)))
        signers.push(signer);
    } catch {
      // A malformed signature names nobody.
    }
  }
  // More than two signers of one RRset are nobody's honest zone.
  return signers.slice(0, 2);
}

/** Where the data of `name` and `type` is signed: DS at the parent. */
export function home(name: Name, type: number): Name {
  return type === RRType.DS ? name.parent : name;
}

export type RRsetVerdict =
  | {
      readonly status: 'secure';
      readonly trust: ZoneTrust;
      readonly zone: Name;
      readonly ttl: number;
      readonly labels: number;
    }
  | { readonly status: 'insecure'; readonly trust: ZoneTrust }
  | {
      readonly status: 'bogus' | 'indeterminate';
      readonly reason: Reason;
      readonly trust?: ZoneTrust;
    };

/** Rejects with `BudgetExceeded` only. */
export async function judgeRRset(chain: ChainOfTrust, rrset: SignedRRset, work: Work): Promise<RRsetVerdict> {
  const at = home(rrset.name, rrset.type);
  // A negative trust anchor need not lie at a zone cut: what is below it may well be signed from above (rfc7646#section-2).
  if (chain.isExempt(at)) return { status: 'insecure', trust: await chain.zoneOf(at, work) };
  const signers = possibleSigners(rrset).filter((signer) => chain.maySign(signer, at));
  let verdict: RRsetVerdict | undefined;
  for (const signer of signers) {
    const trust = await chain.zoneOf(signer, work);
    if (trust.status === 'insecure') return { status: 'insecure', trust };
    if (trust.status !== 'secure') {
      verdict ??= { status: trust.status, reason: trust.reason, trust };
      continue;
    }
    if (!trust.zone.equals(signer)) {
      const text = `${rrTypeToText(rrset.type)} of ${rrset.name} is signed in the name of ${signer}, which is no zone`;
      verdict ??= { status: 'bogus', reason: { ede: Ede.DNSSEC_BOGUS, text, zone: trust.zone }, trust };
      continue;
    }
    const turn = work.turn();
    if (turn) await turn;
    const result = await verifyRRset(rrset, signer, trust.keys, chain.verifyContext(work));
    if (result.kind === 'valid') {
      return { status: 'secure', trust, zone: signer, ttl: result.ttl, labels: result.labels };
    }
    verdict = { status: 'bogus', reason: result.reason, trust };
  }
  if (verdict) return verdict;

  // Nobody claims to have signed this: either a chain proves that nobody has to, or something is missing.
  const trust = await chain.zoneOf(at, work);
  if (trust.status === 'insecure') return { status: 'insecure', trust };
  if (trust.status !== 'secure') return { status: trust.status, reason: trust.reason, trust };
  const text = `${rrTypeToText(rrset.type)} of ${rrset.name} is not signed, though ${trust.zone} is`;
  return { status: 'bogus', reason: { ede: Ede.RRSIGS_MISSING, text, zone: trust.zone }, trust };
}
