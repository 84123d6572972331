/**
 * What the authoritative servers of a destination's zones say, each asked by itself. A resolver is content with one good answer; an
 * operator wants to know of the server that gives the other, before a sender meets it.
 *
 *   ZoneInspection   a zone, its servers, what its parent says of it, and every server's answer to every question
 *   ServerAnswer     one server's answer to one question, judged by the chain of trust to the zone
 *   ZoneReport       the same in short: JSON as it stands
 */
import type { Name, ResourceRecord } from '@mailanchor/dns';
import type { Reason, Status } from '@mailanchor/dnssec';

export interface AuthoritativeServer {
  readonly name: Name;
  readonly address: string;
  /** Whose NS records name it. */
  readonly listedBy: 'zone' | 'parent' | 'both';
}

export interface InspectedQuestion {
  readonly name: Name;
  readonly type: number;
}

/** One RRSIG as a server sent it. Times are epoch seconds. */
export interface SeenSignature {
  readonly owner: Name;
  readonly typeCovered: number;
  readonly keyTag: number;
  readonly signer: Name;
  readonly inception: number;
  readonly expiration: number;
  readonly rdata: Uint8Array;
}

export type ServerAnswer = InspectedQuestion & {
  readonly server: AuthoritativeServer;
} & (
    | {
        /** A message that speaks of the name. */
        readonly outcome: 'answer' | 'alias' | 'nodata' | 'nxdomain';
        readonly authoritative: boolean;
        readonly status: Status;
        readonly reason?: Reason;
        /** Of an answer: the RRset that was asked for. Of an alias: the CNAME or DNAME records. */
        readonly records: readonly ResourceRecord[];
        /** Seconds, as the server sent it. */
        readonly ttl: number;
        readonly signatures: readonly SeenSignature[];
        /** Of the NSEC3 records that came with it; 0 where there are none. */
        readonly nsec3Iterations: number;
      }
    /** The name belongs to a zone further down, or the server sends elsewhere. */
    | { readonly outcome: 'referral' }
    /** Another response code than NOERROR and NXDOMAIN. */
    | { readonly outcome: 'refused'; readonly rcode: number }
    | { readonly outcome: 'silent'; readonly text: string }
    /** Says nothing of the server: no route to it from here, or no time left. */
    | { readonly outcome: 'not-asked'; readonly text: string }
  );

export type SpokenAnswer = Extract<ServerAnswer, { outcome: 'answer' | 'alias' | 'nodata' | 'nxdomain' }>;

export interface ZoneInspection {
  readonly zone: Name;
  /** The zone above; undefined for the root. */
  readonly parent: Name | undefined;
  /** Whether a chain of trust leads to the zone, by the resolver. */
  readonly status: Status;
  /** Whether one leads to the zone above. */
  readonly parentStatus: Status;
  readonly servers: readonly AuthoritativeServer[];
  /** NS records of the zone itself and of its parent; empty where they could not be had. */
  readonly listed: { readonly zone: readonly Name[]; readonly parent: readonly Name[] };
  /** Name servers without any address. */
  readonly addressless: readonly Name[];
  /** DS records of the parent. Undefined where they could not be looked up. */
  readonly ds: readonly Uint8Array[] | undefined;
  readonly answers: readonly ServerAnswer[];
  /** What was left out, where something was. */
  readonly leftOut?: string;
}

export interface InspectionResult {
  readonly zones: readonly ZoneInspection[];
  /** Names for which no zone could be found, and zones beyond the limit. */
  readonly leftOut: readonly string[];
}

/** An inspection, or why there is none; undefined where nobody wanted one. */
export type Inspection = InspectionResult | { readonly leftOut: string } | undefined;

/** Whether the server speaks of the name, whatever it says. */
export function hasSpoken(answer: ServerAnswer): answer is SpokenAnswer {
  const { outcome } = answer;
  return outcome === 'answer' || outcome === 'alias' || outcome === 'nodata' || outcome === 'nxdomain';
}
