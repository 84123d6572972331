/**
 * Where unvalidated responses come from: iterating from the root, or a forwarder. What a source returns has no status yet and never
 * leaves this package.
 */
import type { Message, Name } from '@mailanchor/dns';
import type { Work } from './budget.ts';
import type { Reason } from './proof.ts';
import type { SignedRRset } from './signature.ts';

/** Why a packet is sent: for the question itself, or for what is needed on the way to its answer and its proof. */
export type QueryPurpose =
  | 'question'
  /** The root's servers, of the hints. */
  | 'priming'
  /** An address of a name server, to be able to ask it. */
  | 'name-server'
  /** Whether a zone's parent vouches for its keys. */
  | 'ds'
  /** A zone's keys. */
  | 'dnskey';

export interface FetchRequest {
  readonly purpose: QueryPurpose;
  readonly work: Work;
  /** Servers (as `RawAnswer.server` names them) whose answer to this question was bogus: others are asked first and only. */
  readonly avoid: ReadonlySet<string>;
}

export type RawAnswer =
  | {
      readonly kind: 'message';
      readonly message: Message;
      /** Who answered, for messages and for `avoid`. */
      readonly server: string;
      /** Nothing outside this zone is to be believed from this server. */
      readonly bailiwick: Name;
      /** Zones inside the bailiwick that are other servers' to speak of. */
      readonly except?: readonly Name[];
      /** Where the answer does not hold for this reason: a sentence, if the server that stands between is to blame rather than the zone. */
      readonly blame?: (reason: Reason) => string | undefined;
    }
  | { readonly kind: 'failure'; readonly rcode: number; readonly reason: Reason };

/** What a referral said of the child's DS: the RRset, or the records that may deny it. */
export interface ReferralDs {
  readonly ds?: SignedRRset;
  readonly proofs: readonly SignedRRset[];
}

export interface Source {
  /** Rejects with `BudgetExceeded` only. A DS is asked at the parent's side (rfc4035#section-4.2). */
  fetch(name: Name, type: number, request: FetchRequest): Promise<RawAnswer>;
  /** What the last referral to `zone` brought with it, if there was one. */
  referralDs(zone: Name): ReferralDs | undefined;
  /** What has been learnt of zones and servers is learnt anew. */
  forget(): void;
  close(): void | Promise<void>;
}
