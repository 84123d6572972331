/** The data of a TSIG record (rfc8945#section-4.2), and where in a message it stands. */
import { DnsFormatError } from '../errors.ts';
import { RRClass } from '../iana/rr-class.ts';
import { RRType } from '../iana/rr-type.ts';
import type { Message } from '../message.ts';
import type { Name } from '../name.ts';
import { RdataReader } from '../rdata/rdata-reader.ts';
import { RdataWriter } from '../rdata/rdata-writer.ts';
import type { ResourceRecord } from '../record.ts';

export interface TsigData {
  /** The algorithm's name, such as `hmac-sha256.`. */
  readonly algorithm: Name;
  /** Seconds since the epoch. */
  readonly timeSigned: number;
  /** Seconds by which the clocks may differ. */
  readonly fudge: number;
  readonly mac: Uint8Array;
  readonly originalId: number;
  /** See `TsigError`. */
  readonly error: number;
  /** Of BADTIME, the server's time in 6 octets; otherwise empty. */
  readonly other: Uint8Array;
}

const HEADER_OCTETS = 12;
const TWO_32 = 0x1_0000_0000;

/** Throws `DnsFormatError` on a number that does not fit its field. */
export function encodeTsig(data: TsigData): Uint8Array {
  return writeTime(new RdataWriter().name(data.algorithm), data.timeSigned)
    .u16(data.fudge)
    .u16(data.mac.length)
    .octets(data.mac)
    .u16(data.originalId)
    .u16(data.error)
    .u16(data.other.length)
    .octets(data.other)
    .finish();
}

/** Throws `DnsFormatError`. */
export function decodeTsig(rdata: Uint8Array): TsigData {
  const reader = new RdataReader(rdata);
  const data = {
    algorithm: reader.name(),
    timeSigned: readTime(reader),
    fudge: reader.u16(),
    mac: reader.octets(reader.u16()),
    originalId: reader.u16(),
    error: reader.u16(),
    other: reader.octets(reader.u16()),
  };
  reader.end();
  return data;
}

/** Seconds since the epoch in 48 bits. */
export function writeTime(writer: RdataWriter, seconds: number): RdataWriter {
  return writer.u16(Math.floor(seconds / TWO_32)).u32(seconds % TWO_32);
}

function readTime(reader: RdataReader): number {
  return reader.u16() * TWO_32 + reader.u32();
}

/** The server's clock, in seconds since the epoch, out of a BADTIME error (rfc8945#section-5.2.3). */
export function serverTime({ other }: TsigData): number | undefined {
  return other.length === 6 ? readTime(new RdataReader(other)) : undefined;
}

export interface LocatedTsig {
  readonly keyName: Name;
  readonly data: TsigData;
  /** Octets of the message before the record. */
  readonly offset: number;
}

/**
 * The TSIG record of `octets`, which `decodeMessage` has made into `message`. Undefined where there is none. Throws `DnsFormatError` where
 * it is not the last record of all, not the only one, or not of class ANY and TTL 0 (rfc8945#section-4.2).
 */
export function locateTsig(octets: Uint8Array, message: Message): LocatedTsig | undefined {
  const { questions, answers, authorities, additionals, edns } = message;
  const isTsig = ({ type }: ResourceRecord) => type === RRType.TSIG;
  const found = [...answers, ...authorities, ...additionals].filter(isTsig);
  const record = additionals.at(-1);
  if (found.length === 0) return undefined;
  const misplaced = new DnsFormatError('bad-tsig', 'TSIG record that is not the last of its message');
  if (found.length > 1 || record === undefined || record !== found[0] || record.class !== RRClass.ANY)
    throw misplaced;
  if (record.ttl !== 0) throw new DnsFormatError('bad-tsig', 'TSIG record with a TTL other than 0');
  const before = answers.length + authorities.length + additionals.length - 1 + (edns === undefined ? 0 : 1);
  let at = HEADER_OCTETS;
  for (let n = 0; n < questions.length; n++) at = afterName(octets, at) + 4;
  for (let n = 0; n < before; n++) {
    const fixed = afterName(octets, at);
    at = fixed + 10 + u16(octets, fixed + 8);
  }
  // OPT is not among the additional records: it may be what comes last.
  if (u16(octets, afterName(octets, at)) !== RRType.TSIG) throw misplaced;
  return { keyName: record.name, data: decodeTsig(record.rdata), offset: at };
}

function u16(octets: Uint8Array, at: number): number {
  return (octets[at]! << 8) | octets[at + 1]!;
}

/** Where a name ends: behind the root label or the first pointer. */
function afterName(octets: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const length = octets[at];
    if (length === undefined) throw new DnsFormatError('truncated', 'message ends within a name');
    if (length >= 0xc0) return at + 2;
    at += length + 1;
    if (length === 0) return at;
  }
}
