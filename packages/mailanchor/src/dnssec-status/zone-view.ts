/**
 * What is seen of one zone before anything is judged: what the parent says, whether a chain of trust leads there, and what the zone's own
 * servers say. Gathered through a resolver (one copy of the zone) or from every authoritative server (a copy each).
 */
import type { DsData, Name } from '@mailanchor/dns';
import type { Reason, Status } from '@mailanchor/dnssec';

/** An RRset at the apex with its RRSIGs, undecoded. No records: it is absent, proven or not. */
export interface SignedRecords {
  /** Seconds. */
  readonly ttl: number;
  readonly rdatas: readonly Uint8Array[];
  readonly signatures: readonly Uint8Array[];
}

export interface ZoneCopy {
  /** Name and address of the server; undefined: by way of the resolver. */
  readonly server?: string;
  /** Why the server does not speak for the zone. */
  readonly problem?: string;
  /** Why it was not asked: says nothing of it. */
  readonly notAsked?: string;
  /** Undefined where it could not be had. */
  readonly soa?: SignedRecords;
  readonly keys?: SignedRecords;
  readonly cds?: SignedRecords;
  readonly cdnskey?: SignedRecords;
}

/** The CDS records of the zone under a name server's own name, where a registry looks that sets up the first DS by itself (RFC 9615). */
export interface BootstrapSignal {
  readonly nameServer: Name;
  readonly status: Status;
  /** Whether they are those of the zone. */
  readonly same: boolean;
}

export interface ZoneView {
  readonly zone: Name;
  /** False: no zone begins at this name. */
  readonly isZone: boolean;
  readonly parent: Name | undefined;
  /** Whether a chain of trust leads to the parent, and why not. */
  readonly parentStatus: Status;
  readonly parentReason?: Reason;
  /** Undefined where the parent does not say. */
  readonly ds: readonly DsData[] | undefined;
  /** Of the zone's SOA: whether a chain of trust leads to its data, and why not. */
  readonly status: Status;
  readonly reason?: Reason;
  /** What the chain says of an insecure zone. */
  readonly note?: string;
  /** Not validated by the user's own choice. */
  readonly negativeTrustAnchor: boolean;
  readonly copies: readonly ZoneCopy[];
  readonly signals?: readonly BootstrapSignal[];
}
