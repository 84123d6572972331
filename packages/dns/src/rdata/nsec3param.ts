/** NSEC3PARAM (rfc5155#section-4.2): how a zone hashes its names. */
import { saltFromTokens, saltToText } from '../presentation/salt.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';

export interface Nsec3paramData {
  readonly hashAlgorithm: number;
  readonly flags: number;
  readonly iterations: number;
  readonly salt: Uint8Array;
}

export function decodeNsec3param(rdata: Uint8Array): Nsec3paramData {
  const reader = new RdataReader(rdata);
  const data = {
    hashAlgorithm: reader.u8(),
    flags: reader.u8(),
    iterations: reader.u16(),
    salt: reader.characterString(),
  };
  reader.end();
  return data;
}

export function encodeNsec3param(data: Nsec3paramData): Uint8Array {
  return new RdataWriter()
    .u8(data.hashAlgorithm)
    .u8(data.flags)
    .u16(data.iterations)
    .characterString(data.salt)
    .finish();
}

export const nsec3paramFormat: RdataFormat = {
  toText(rdata) {
    const { hashAlgorithm, flags, iterations, salt } = decodeNsec3param(rdata);
    return `${hashAlgorithm} ${flags} ${iterations} ${saltToText(salt)}`;
  },
  fromText: (tokens) =>
    encodeNsec3param({
      hashAlgorithm: tokens.u8('a hash algorithm'),
      flags: tokens.u8('flags'),
      iterations: tokens.u16('a number of iterations'),
      salt: saltFromTokens(tokens),
    }),
};
