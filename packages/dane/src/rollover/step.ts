/** What comes out: the state of a host, and the one step that is safe next. Plain data. */
import type { TlsaRecord } from '../tlsa.ts';

/**
 *   steady      what is published, what is presented and what is on disk agree, and nothing is to be done
 *   unprotected no record is published
 *   publishing  a record is missing at some server: to be published, or not visible everywhere yet
 *   aging       published everywhere; senders may still hold what was before
 *   ready       a new certificate may be deployed, or issued for the next key
 *   deploying   deployed, and not presented by every address yet
 *   retiring    a record that nothing presents any more is to be removed
 *   broken      an address presents what no record matches: senders that validate refuse it now
 *   blocked     something must be put right first
 *   unseen      what is published or presented could not be found out
 */
export type RollState =
  | 'steady'
  | 'unprotected'
  | 'publishing'
  | 'aging'
  | 'ready'
  | 'deploying'
  | 'retiring'
  | 'broken'
  | 'blocked'
  | 'unseen';

export const ROLL_STATES: readonly RollState[] = [
  'steady',
  'unprotected',
  'publishing',
  'aging',
  'ready',
  'deploying',
  'retiring',
  'broken',
  'blocked',
  'unseen',
];

/** A change of one RRset. `expected` is what must be there for it to be made. */
export interface RecordChange {
  readonly owner: string;
  readonly expected: readonly TlsaRecord[];
  readonly add: readonly TlsaRecord[];
  readonly remove: readonly TlsaRecord[];
}

export type RollStep =
  | { readonly kind: 'none' }
  | { readonly kind: 'make-key'; readonly label: string }
  | { readonly kind: 'publish'; readonly change: RecordChange }
  | { readonly kind: 'remove'; readonly change: RecordChange }
  /** `until`: milliseconds since the epoch; null where it is for others to change what is seen. */
  | { readonly kind: 'wait'; readonly until: number | null; readonly held: RollStep | null }
  /** A certificate for the next key: from our command, or from whoever renews. */
  | { readonly kind: 'issue'; readonly label: string; readonly by: 'command' | 'external' }
  | { readonly kind: 'deploy'; readonly label: string; readonly by: 'command' | 'external' };

export interface Decision {
  readonly state: RollState;
  readonly step: RollStep;
  /** Why, a sentence or two for people, without names of files. */
  readonly why: string;
  /** What else an operator should know, a sentence each. */
  readonly notes: readonly string[];
}
