/** NSEC and NSEC3 RRsets that a zone has really signed: what else there is beside them proves nothing. */
import { Ede, type Name, RRType, rrTypeToText } from '@mailanchor/dns';
import type { DenialStore } from './denial-store.ts';
import type { Reason } from './proof.ts';
import { type SignedRRset, type VerifyContext, verifyRRset, type ZoneKey } from './signature.ts';

export interface ValidProofs {
  /** Their TTLs are what the signatures allow. */
  readonly rrsets: readonly SignedRRset[];
  /** Seconds that all of them are good for; infinite where there are none. */
  readonly ttl: number;
  /** Why the first of those left out was left out. */
  readonly reason?: Reason;
}

/**
 * Others have their turn in between: how many there are is up to whoever sent them. What `denials` has kept from before is not
 * verified again.
 */
export async function validProofs(
  proofs: readonly SignedRRset[],
  zone: Name,
  keys: readonly ZoneKey[],
  context: VerifyContext,
  denials: DenialStore,
): Promise<ValidProofs> {
  const rrsets: SignedRRset[] = [];
  let ttl = Number.POSITIVE_INFINITY;
  let reason: Reason | undefined;
  for (const rrset of proofs) {
    if (rrset.type === RRType.SOA || !rrset.name.isAtOrBelow(zone)) continue;
    const known = denials.verified(zone, rrset);
    if (known !== undefined) {
      rrsets.push({ ...rrset, ttl: known });
      ttl = Math.min(ttl, known);
      continue;
    }
    const turn = context.work.turn();
    if (turn) await turn;
    const result = await verifyRRset(rrset, zone, keys, context);
    const labels = rrset.name.isWildcard ? rrset.name.labelCount - 1 : rrset.name.labelCount;
    if (result.kind === 'invalid') {
      reason ??= result.reason;
    } else if (result.labels < labels) {
      // An expanded NSEC speaks of a name that is not in the zone: it proves nothing (rfc4035#section-5.4).
      reason ??= {
        ede: Ede.DNSSEC_BOGUS,
        text: `the ${rrTypeToText(rrset.type)} of ${rrset.name} comes from a wildcard`,
        zone,
      };
    } else {
      rrsets.push({ ...rrset, ttl: result.ttl });
      ttl = Math.min(ttl, result.ttl);
    }
  }
  return { rrsets, ttl, ...(reason && { reason }) };
}
