/**
 * The four states of DNSSEC (rfc4033#section-5, rfc4035#section-4.3) and what the resolver returns. No function of Mailanchor returns
 * DNS data without its status: forgetting DNSSEC is a type error. There is no default, least of all to secure.
 *
 *  secure         a chain of signatures leads from a trust anchor to the data, or to the proof that it does not exist
 *  insecure       a chain leads to the proof that the data lies where nobody signs, or no trust anchor covers it
 *  bogus          there should be a chain and it does not hold: forged, expired, stripped or misconfigured
 *  indeterminate  it could not be found out: no answer, a budget used up
 */
import type { Name, ResourceRecord, RRset } from '@mailanchor/dns';

export type Status = 'secure' | 'insecure' | 'bogus' | 'indeterminate';

/** Why an answer is what it is, for people and for EDE (rfc8914). */
export interface Reason {
  /** Extended DNS Error code. */
  readonly ede: number;
  /** One sentence fragment, e.g. `signature expired 2026-11-01 (MX of example.org., key 12345)`. */
  readonly text: string;
  /** The zone where it went wrong. */
  readonly zone?: Name;
}

/** One alias on the way: a CNAME, or a DNAME with its synthesised CNAME. `status` is that of this link alone. */
export interface AliasLink {
  readonly kind: 'CNAME' | 'DNAME';
  readonly owner: Name;
  readonly target: Name;
  readonly status: Status;
}

/** A DNSKEY of a chain, for explanations. */
export interface KeyInfo {
  readonly tag: number;
  readonly algorithm: number;
  readonly flags: number;
  /** Size of the public key in bits. */
  readonly bits: number;
}

/** A signature of a chain, for explanations. Times are epoch seconds. */
export interface SignatureInfo {
  readonly keyTag: number;
  readonly algorithm: number;
  readonly signer: Name;
  readonly inception: number;
  readonly expiration: number;
}

/** One zone on the path from the trust anchor to the answer. */
export interface ZoneLink {
  readonly zone: Name;
  readonly status: Status;
  /** What vouches for the zone's keys: a trust anchor, a DS RRset in the parent, or nothing. */
  readonly via: 'anchor' | 'ds' | 'none';
  readonly ds: readonly {
    readonly keyTag: number;
    readonly algorithm: number;
    readonly digestType: number;
  }[];
  readonly keys: readonly KeyInfo[];
  /** The signature over the DNSKEY RRset that a DS or anchor vouches for. */
  readonly signature?: SignatureInfo;
  /** For an insecure zone: what proves it, e.g. `NSEC shows no DS`. */
  readonly note?: string;
  /** For an insecure zone: the parent's NSEC or NSEC3 RRsets that prove that there is no DS. Not kept over restarts. */
  readonly proof?: readonly RRset[];
}

interface ResolutionBase {
  /** The question. */
  readonly name: Name;
  readonly type: number;
  /** Aliases followed, in order. */
  readonly aliases: readonly AliasLink[];
  /** The name at the end of the aliases: `name` where there are none. */
  readonly canonicalName: Name;
  readonly chain: readonly ZoneLink[];
  /** The negative trust anchor (rfc7646) that made the answer insecure, if one did. */
  readonly negativeTrustAnchor?: Name;
}

/**
 * What the resolver returns. `status` is the weakest of every alias link and of the final RRset or denial.
 * A bogus or indeterminate resolution carries no data at all.
 */
export type Resolution =
  | (ResolutionBase & {
      readonly kind: 'answer';
      readonly status: 'secure' | 'insecure';
      /** NXDOMAIN: of a question for a CNAME, whose server proved by the way that there is nothing where it leads to (rfc2308#section-2.1). */
      readonly rcode: 0 | 3;
      /** The RRset asked for, at `canonicalName`: no aliases, no signatures. TTLs are what is left of them. */
      readonly records: readonly ResourceRecord[];
      /** Aliases, records and their RRSIGs as received, TTLs capped: for display and for serving DNS. */
      readonly answer: readonly ResourceRecord[];
      readonly authority: readonly ResourceRecord[];
      /** Seconds for which this may be kept: TTL and signature both considered (rfc4035#section-5.3.3). */
      readonly ttl: number;
      readonly reason?: Reason;
    })
  | (ResolutionBase & {
      readonly kind: 'nodata' | 'nxdomain';
      readonly status: 'secure' | 'insecure';
      readonly rcode: 0 | 3;
      readonly records: readonly [];
      readonly answer: readonly ResourceRecord[];
      readonly authority: readonly ResourceRecord[];
      readonly ttl: number;
      readonly reason?: Reason;
    })
  | (ResolutionBase & {
      readonly kind: 'failure';
      readonly status: 'bogus' | 'indeterminate';
      /** SERVFAIL for a bogus answer; the server's code (REFUSED, NOTIMP...) where that is the failure. */
      readonly rcode: number;
      readonly records: readonly [];
      readonly answer: readonly [];
      readonly authority: readonly [];
      readonly ttl: number;
      readonly reason: Reason;
      /**
       * With YXDOMAIN: the aliases up to the proven DNAME whose target is too long a name (rfc6672#section-2.2), for serving DNS. Nothing
       * of what was asked for.
       */
      readonly overlong?: readonly ResourceRecord[];
    });

const RANK: Record<Status, number> = { secure: 0, insecure: 1, indeterminate: 2, bogus: 3 };

/** The weakest of several states: bogus, then indeterminate, then insecure, then secure. */
export function weakest(first: Status, ...others: Status[]): Status {
  let result = first;
  for (const status of others) if (RANK[status] > RANK[result]) result = status;
  return result;
}
