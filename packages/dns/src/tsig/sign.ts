/** Signs a message with TSIG (rfc8945#section-5.1). */
import { DnsFormatError } from '../errors.ts';
import { RRClass } from '../iana/rr-class.ts';
import { RRType } from '../iana/rr-type.ts';
import { TsigError } from '../iana/tsig.ts';
import { MAX_MESSAGE_OCTETS } from '../message-decode.ts';
import { concatOctets } from '../octets.ts';
import { RdataWriter } from '../rdata/rdata-writer.ts';
import type { TsigKey } from './key.ts';
import { addToCount, algorithmName, tsigMac } from './mac.ts';
import { encodeTsig } from './tsig-record.ts';

/** Seconds by which clocks may differ (rfc8945#section-5.1 recommends it). */
export const TSIG_FUDGE = 300;

export interface SigningOptions {
  /** Seconds since the epoch. */
  readonly timeSigned: number;
  /** Seconds; default 300. */
  readonly fudge?: number;
  /** Of a response: the MAC of its request. */
  readonly requestMac?: Uint8Array;
  /** Of a response; default 0, see `TsigError`. */
  readonly error?: number;
  /** Of a BADTIME response: the server's time in 6 octets. */
  readonly other?: Uint8Array;
}

export interface SignedMessage {
  readonly octets: Uint8Array;
  /** The response's MAC is made over it. */
  readonly mac: Uint8Array;
}

/** `message` in wire form, its id that it is sent with. Throws `DnsFormatError` 'too-large' where there is no room left for the record. */
export function signMessage(message: Uint8Array, key: TsigKey, options: SigningOptions): SignedMessage {
  const fields = {
    timeSigned: options.timeSigned,
    fudge: options.fudge ?? TSIG_FUDGE,
    error: options.error ?? TsigError.NOERROR,
    other: options.other ?? new Uint8Array(0),
  };
  const { requestMac } = options;
  const mac = tsigMac({ message, ...(requestMac && { requestMac }) }, key, fields);
  const originalId = (message[0]! << 8) | message[1]!;
  const rdata = encodeTsig({ algorithm: algorithmName(key), mac, originalId, ...fields });
  const head = new RdataWriter().name(key.name).u16(RRType.TSIG).u16(RRClass.ANY).u32(0).u16(rdata.length);
  const octets = concatOctets([message, head.finish(), rdata]);
  if (octets.length > MAX_MESSAGE_OCTETS)
    throw new DnsFormatError('too-large', 'signed message longer than 65535 octets');
  addToCount(octets, 1);
  return { octets, mac };
}
