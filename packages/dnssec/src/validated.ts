/** A segment of a response with its status: what validation gives, and what caches keep. Bogus segments carry no data on. */
import type { Name, ResourceRecord } from '@mailanchor/dns';
import type { Work } from './budget.ts';
import type { Reason, ZoneLink } from './proof.ts';
import { recordsOf } from './rrsets.ts';
import type { Segment } from './segment.ts';
import type { SignedRRset } from './signature.ts';
import type { ZoneTrust } from './zone-trust.ts';

/** A segment with its status. */
export type Validated = {
  /** Seconds it could be kept from the beginning, of one from the cache that has aged; `ttl` is what is left. */
  readonly lifetime?: number;
} & ValidatedSegment;

type ValidatedSegment =
  | {
      readonly kind: 'answer' | 'alias' | 'nodata' | 'nxdomain';
      readonly status: 'secure' | 'insecure';
      readonly owner: Name;
      /** Of an alias. */
      readonly via?: 'CNAME' | 'DNAME';
      readonly target?: Name;
      /** The RRset, without signatures. */
      readonly records: readonly ResourceRecord[];
      /** The RRset with its signatures, and for a DNAME the CNAME it makes. */
      readonly answer: readonly ResourceRecord[];
      /** Proofs with their signatures. */
      readonly authority: readonly ResourceRecord[];
      readonly ttl: number;
      readonly chain: readonly ZoneLink[];
      readonly negativeTrustAnchor?: Name;
      /** Why an insecure answer is insecure, where that is worth telling. */
      readonly reason?: Reason;
    }
  | {
      readonly kind: 'failure';
      readonly status: 'bogus' | 'indeterminate';
      readonly owner: Name;
      readonly reason: Reason;
      readonly chain: readonly ZoneLink[];
      readonly ttl: number;
      /** The code of the server that refused, where that is the failure; else SERVFAIL. */
      readonly rcode?: number;
      /** Of YXDOMAIN: the proven DNAME with its signatures. */
      readonly dname?: readonly ResourceRecord[];
    };

/** A denial, with its proofs. */
export function denied(
  segment: Segment,
  status: 'secure' | 'insecure',
  kind: 'nodata' | 'nxdomain',
  trust: ZoneTrust,
  ttl: number,
  reason?: Reason,
): Validated {
  return {
    kind,
    status,
    owner: segment.owner,
    records: [],
    answer: [],
    authority: authorityOf(segment.proofs, ttl),
    ttl,
    ...provenance(trust),
    ...(reason && { reason }),
  };
}

/** A failure; `now` in epoch seconds. */
export function failure(
  owner: Name,
  status: 'bogus' | 'indeterminate',
  reason: Reason,
  trust: ZoneTrust | undefined,
  work: Work,
  now: number,
): Validated {
  let ttl = status === 'bogus' ? work.budgets.bogusTtl : work.budgets.failureTtl;
  // What rests on a failure found earlier ends with it.
  if (trust?.status === 'bogus' || trust?.status === 'indeterminate')
    ttl = Math.min(ttl, trust.expiresAt - now);
  return { kind: 'failure', status, owner, reason, chain: trust ? trust.chain : [], ttl };
}

/** What an answer rests on. */
export function provenance(trust: ZoneTrust): {
  chain: readonly ZoneLink[];
  negativeTrustAnchor?: Name;
  reason?: Reason;
} {
  const { chain } = trust;
  if (trust.status !== 'insecure') return { chain };
  return {
    chain,
    ...(trust.negativeTrustAnchor && { negativeTrustAnchor: trust.negativeTrustAnchor }),
    ...(trust.ede !== undefined && {
      reason: { ede: trust.ede, text: trust.link.note ?? 'insecure', zone: trust.zone },
    }),
  };
}

/** Proofs as records, with their signatures. */
export function authorityOf(proofs: readonly SignedRRset[], ttl: number): ResourceRecord[] {
  return proofs.flatMap((rrset) => {
    const { records, signatures } = recordsOf(rrset, Math.min(ttl, rrset.ttl));
    return [...records, ...signatures];
  });
}
