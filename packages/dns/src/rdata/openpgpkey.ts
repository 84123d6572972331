/** OPENPGPKEY (rfc7929#section-2): a transferable public key. */
import { base64Encode } from '../octets.ts';
import type { RdataFormat } from './rdata-format.ts';

export interface OpenpgpkeyData {
  readonly publicKey: Uint8Array;
}

export function decodeOpenpgpkey(rdata: Uint8Array): OpenpgpkeyData {
  return { publicKey: rdata };
}

export function encodeOpenpgpkey(data: OpenpgpkeyData): Uint8Array {
  return data.publicKey.slice();
}

export const openpgpkeyFormat: RdataFormat = {
  toText: (rdata) => base64Encode(decodeOpenpgpkey(rdata).publicKey),
  fromText: (tokens) => encodeOpenpgpkey({ publicKey: tokens.base64('a public key in base64') }),
};
