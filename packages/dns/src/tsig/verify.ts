/** Verifies the answer to a signed request (rfc8945#section-5.4). Also what a server does with a request: tests need one. */
import { timingSafeEqual } from 'node:crypto';
import { TSIG_MAC_OCTETS, TsigError, tsigErrorToText } from '../iana/tsig.ts';
import type { Message } from '../message.ts';
import type { TsigKey } from './key.ts';
import { algorithmName, tsigMac, withoutTsig } from './mac.ts';
import { locateTsig, serverTime, type TsigData } from './tsig-record.ts';

export type TsigVerdict =
  /** By somebody who has the key, and now. */
  | { readonly kind: 'signed'; readonly tsig: TsigData }
  /** No TSIG record. */
  | { readonly kind: 'unsigned' }
  /**
   * The other end could not verify what it was sent (rfc8945#section-5.3.2): BADKEY, BADSIG and BADTRUNC come unsigned, so anybody on
   * the way could have said so. BADTIME is believed only where it is signed; `skewSeconds` says how far its clock is ahead of ours.
   */
  | {
      readonly kind: 'rejected';
      readonly error: number;
      readonly text: string;
      readonly skewSeconds?: number;
    }
  /** Not made with the key, not over this message, or not now: nothing it says counts. */
  | { readonly kind: 'bad'; readonly text: string };

export interface VerifyOptions {
  readonly key: TsigKey;
  /** Of the request; absent where the message is itself a request. */
  readonly requestMac?: Uint8Array;
  /** Our clock, seconds since the epoch. */
  readonly now: number;
}

/** `message` is `octets` decoded. Throws `DnsFormatError` where the TSIG record is out of place or malformed. */
export function verifyTsig(octets: Uint8Array, message: Message, options: VerifyOptions): TsigVerdict {
  const { key, requestMac, now } = options;
  const located = locateTsig(octets, message);
  if (!located) return { kind: 'unsigned' };
  const { keyName, data, offset } = located;
  if (data.mac.length === 0 && data.error !== TsigError.NOERROR) return rejected(data);
  if (!keyName.equals(key.name)) return bad(`signed with the key ${keyName}, not ${key.name}`);
  if (!data.algorithm.equals(algorithmName(key)))
    return bad(`signed with ${data.algorithm}, not ${key.algorithm}`);
  // rfc8945#section-5.2.2.1 lets a MAC be cut short where both ends agree. We do not.
  if (data.mac.length !== TSIG_MAC_OCTETS[key.algorithm])
    return bad(`the MAC has ${data.mac.length} octets, not ${TSIG_MAC_OCTETS[key.algorithm]}`);
  const signed = withoutTsig(octets, offset, data.originalId);
  const mac = tsigMac({ message: signed, ...(requestMac && { requestMac }) }, key, data);
  if (!timingSafeEqual(mac, data.mac)) return bad('the MAC does not verify');
  if (data.error !== TsigError.NOERROR) return rejected(data);
  if (Math.abs(now - data.timeSigned) > data.fudge)
    return bad(
      `signed ${Math.abs(now - data.timeSigned)} seconds ${now > data.timeSigned ? 'ago' : 'ahead of our time'}`,
    );
  return { kind: 'signed', tsig: data };
}

function bad(text: string): TsigVerdict {
  return { kind: 'bad', text };
}

function rejected(data: TsigData): TsigVerdict {
  const text = tsigErrorToText(data.error);
  const theirs = data.error === TsigError.BADTIME && data.mac.length > 0 ? serverTime(data) : undefined;
  return {
    kind: 'rejected',
    error: data.error,
    text,
    // The time signed is the request's own there (rfc8945#section-5.2.3).
    ...(theirs !== undefined && { skewSeconds: theirs - data.timeSigned }),
  };
}
