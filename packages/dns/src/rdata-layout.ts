/**
 * Where domain names lie in the data of each record type. The message decoder expands exactly these names, the encoder
 * compresses some of them, and canonical form lower-cases some of them; data of all other types is opaque
 * (rfc3597#section-3).
 */
import { RRType } from './iana/rr-type.ts';

export interface RdataLayout {
  /** Octets before the first name; `NAPTR_HEAD` and `A6_HEAD` for heads of variable length. */
  readonly head: number;
  /** Names in a row. */
  readonly names: number;
  /** Octets after the last name; -1 for any number. */
  readonly tail: number;
  /** The encoder may compress its names: types of RFC 1035 only (rfc3597#section-4). */
  readonly compressible: boolean;
  /** Canonical form has its names in lower case (rfc4034#section-6.2 as amended by rfc6840#section-5.1). */
  readonly canonicalLowerCase: boolean;
}

/** Order, preference and three character strings (RFC 3403, section 4.1). */
export const NAPTR_HEAD = -1;
/** A prefix length and the address suffix that it leaves; no name follows when the prefix is 0 (RFC 2874). */
export const A6_HEAD = -2;

const layouts = new Array<RdataLayout | undefined>(64).fill(undefined);

function define(
  type: number,
  head: number,
  names: number,
  tail: number,
  kind: 'rfc1035' | 'lower' | 'keep',
): void {
  layouts[type] = {
    head,
    names,
    tail,
    compressible: kind === 'rfc1035',
    canonicalLowerCase: kind !== 'keep',
  };
}

/** Types of the canonical-form list that Mailanchor has no other business with. */
const Obsolete = {
  MD: 3,
  MF: 4,
  MB: 7,
  MG: 8,
  MR: 9,
  MINFO: 14,
  RP: 17,
  AFSDB: 18,
  RT: 21,
  SIG: 24,
  PX: 26,
  NXT: 30,
  KX: 36,
  A6: 38,
} as const;

const { MD, MF, MB, MG, MR, MINFO } = Obsolete;
for (const type of [RRType.NS, MD, MF, RRType.CNAME, MB, MG, MR, RRType.PTR])
  define(type, 0, 1, 0, 'rfc1035');
define(RRType.SOA, 0, 2, 20, 'rfc1035');
define(MINFO, 0, 2, 0, 'rfc1035');
define(RRType.MX, 2, 1, 0, 'rfc1035');
define(Obsolete.RP, 0, 2, 0, 'lower');
define(Obsolete.AFSDB, 2, 1, 0, 'lower');
define(Obsolete.RT, 2, 1, 0, 'lower');
define(Obsolete.SIG, 18, 1, -1, 'lower');
define(Obsolete.PX, 2, 2, 0, 'lower');
define(Obsolete.NXT, 0, 1, -1, 'lower');
define(RRType.SRV, 6, 1, 0, 'lower');
define(RRType.NAPTR, NAPTR_HEAD, 1, 0, 'lower');
define(Obsolete.KX, 2, 1, 0, 'lower');
define(Obsolete.A6, A6_HEAD, 1, 0, 'lower');
define(RRType.DNAME, 0, 1, 0, 'lower');
define(RRType.RRSIG, 18, 1, -1, 'lower');
// rfc6840#section-5.1 takes NSEC off the lower-case list.
define(RRType.NSEC, 0, 1, -1, 'keep');

/** Undefined for a type whose data is opaque. */
export function rdataLayout(type: number): RdataLayout | undefined {
  return type < layouts.length ? layouts[type] : undefined;
}

/**
 * Length of the head of data that begins at `start` and ends before `end`, or -1 where it does not fit. For A6 without a name,
 * the head is all of the data.
 */
export function headLength(layout: RdataLayout, octets: Uint8Array, start: number, end: number): number {
  if (layout.head >= 0) return start + layout.head <= end ? layout.head : -1;
  if (layout.head === A6_HEAD) {
    if (start >= end || octets[start]! > 128) return -1;
    const length = 1 + ((128 - octets[start]! + 7) >> 3);
    return start + length <= end ? length : -1;
  }
  let at = start + 4;
  for (let strings = 0; strings < 3; strings++) {
    if (at >= end) return -1;
    at += 1 + octets[at]!;
  }
  return at <= end ? at - start : -1;
}

/** Names of this data: none for an A6 record with prefix 0. */
export function nameCount(layout: RdataLayout, octets: Uint8Array, start: number): number {
  return layout.head === A6_HEAD && octets[start] === 0 ? 0 : layout.names;
}
