/**
 * Resource records (rfc1035#section-3.2.1). A record keeps its data as octets in wire form with every embedded name
 * decompressed and its case as received: signatures are made over octets, so octets are what we carry. Typed views are made
 * on demand by `decodeA`, `decodeTlsa` and so on.
 */
import type { Name } from './name.ts';

export interface ResourceRecord {
  readonly name: Name;
  /** RR type number, see `RRType`. */
  readonly type: number;
  /** Class number, see `RRClass`. For the OPT pseudo-record this interface is not used. */
  readonly class: number;
  /** Seconds, 0 to 2^31-1 (rfc2181#section-8: a value with the top bit set is read as 0). */
  readonly ttl: number;
  /** RDATA, uncompressed wire form. Treat as read-only. */
  readonly rdata: Uint8Array;
}

/** Records of one name, class and type (rfc2181#section-5), duplicates removed. */
export interface RRset {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
  /** Seconds: the smallest TTL of its records. */
  readonly ttl: number;
  /** RDATA of each record, uncompressed wire form, in order of arrival. */
  readonly rdatas: readonly Uint8Array[];
}
