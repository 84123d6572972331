/** What a TSIG signs, and the MAC over it (rfc8945#section-4.3). */
import { createHmac } from 'node:crypto';
import { RRClass } from '../iana/rr-class.ts';
import { Name } from '../name.ts';
import { RdataWriter } from '../rdata/rdata-writer.ts';
import type { TsigKey } from './key.ts';
import { type TsigData, writeTime } from './tsig-record.ts';

/** Offset of the count of additional records. */
const ARCOUNT = 10;

export interface Signed {
  /** The message as it was before the TSIG record was added: with its original id, and the record not counted. */
  readonly message: Uint8Array;
  /** Of a response: the MAC of its request. */
  readonly requestMac?: Uint8Array;
}

export function tsigMac(
  { message, requestMac }: Signed,
  key: TsigKey,
  tsig: Omit<TsigData, 'mac' | 'algorithm' | 'originalId'>,
): Uint8Array {
  const hmac = createHmac(key.algorithm.replace('hmac-', ''), key.secret);
  if (requestMac) hmac.update(new RdataWriter().u16(requestMac.length).octets(requestMac).finish());
  hmac.update(message);
  // rfc8945#section-4.3.3: names in canonical form.
  const variables = new RdataWriter()
    .name(key.name.toLowerCase())
    .u16(RRClass.ANY)
    .u32(0)
    .name(algorithmName(key));
  hmac.update(
    writeTime(variables, tsig.timeSigned)
      .u16(tsig.fudge)
      .u16(tsig.error)
      .u16(tsig.other.length)
      .octets(tsig.other)
      .finish(),
  );
  return new Uint8Array(hmac.digest());
}

export function algorithmName({ algorithm }: TsigKey): Name {
  return Name.fromText(algorithm);
}

/** The octets of a message as they were signed: cut before its TSIG record, which is not counted, and with the id of its signer. */
export function withoutTsig(octets: Uint8Array, offset: number, originalId: number): Uint8Array {
  const message = octets.slice(0, offset);
  writeU16(message, 0, originalId);
  addToCount(message, -1);
  return message;
}

/** Counts one additional record more or less. */
export function addToCount(message: Uint8Array, difference: number): void {
  writeU16(message, ARCOUNT, ((message[ARCOUNT]! << 8) | message[ARCOUNT + 1]!) + difference);
}

function writeU16(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value >> 8;
  octets[at + 1] = value & 0xff;
}
