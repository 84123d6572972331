/**
 * Publishing TLSA records: one change to one RRset, carried out by whatever the zone is served by.
 *
 *   TlsaChange       what the RRset must be now, and what is added to it and removed from it
 *   Publisher        carries a change out: an update (rfc2136), the PowerDNS API, a zone file, a command of the operator's own
 *   PublishOutcome   what became of it. None of them says that the records are to be seen anywhere: `visibility` proves that.
 *
 * A change that somebody else made meanwhile is never overwritten: where the RRset is not as `expected`, the outcome is `conflict` and nothing
 * has been changed.
 */
import type { Name, TlsaData } from '@mailanchor/dns';

export interface TlsaChange {
  /** The zone that holds the owner, by its apex. */
  readonly zone: Name;
  /** Owner of the records, such as `_25._tcp.mx1.example.org.`, after aliases. */
  readonly owner: Name;
  /** Seconds: the TTL of the RRset after the change. */
  readonly ttl: number;
  /** The RRset as it must be now, else nothing is changed; empty: there must be none. */
  readonly expected: readonly TlsaData[];
  readonly add: readonly TlsaData[];
  readonly remove: readonly TlsaData[];
}

/** Frozen data; `text` is one line for the operator, without a full stop. */
export type PublishOutcome =
  /** Accepted by the server. */
  | { readonly kind: 'done' }
  /** It was so already. */
  | { readonly kind: 'unchanged' }
  /** Changed meanwhile by somebody else: nothing was changed. */
  | { readonly kind: 'conflict'; readonly text: string }
  /** The server says no: the key, the clock, not its zone, not allowed. Nothing was changed. */
  | { readonly kind: 'refused'; readonly text: string }
  /** No answer, or none that says: whether it was changed is not known, and must be found out by asking. */
  | { readonly kind: 'failed'; readonly text: string };

export interface Publisher {
  /** As the configuration has it. */
  readonly name: string;
  /** The exact change, for a dry run: what would be sent or written. Several lines, none empty at the end. */
  describe(change: TlsaChange): string;
  /** Never rejects for what a server, a file or a command does; rejects where `signal` aborts. */
  publish(change: TlsaChange, signal: AbortSignal): Promise<PublishOutcome>;
}
