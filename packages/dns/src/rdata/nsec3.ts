/** NSEC3 (rfc5155#section-3.2): the next hashed name of a zone and the types at this one. */
import { base32HexDecode, base32HexEncode } from '../base32hex.ts';
import { DnsFormatError } from '../errors.ts';
import { saltFromTokens, saltToText } from '../presentation/salt.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';
import { TypeBitmap } from './type-bitmap.ts';

export interface Nsec3Data {
  /** 1 is SHA-1, the only one. */
  readonly hashAlgorithm: number;
  /** 1 is opt-out (rfc5155#section-3.1.2.1). */
  readonly flags: number;
  /** Further rounds of the hash, 0 to 65535. */
  readonly iterations: number;
  readonly salt: Uint8Array;
  /** Hash of the next name, raw: 1 to 255 octets. */
  readonly nextHashed: Uint8Array;
  readonly types: TypeBitmap;
}

export function decodeNsec3(rdata: Uint8Array): Nsec3Data {
  const reader = new RdataReader(rdata);
  const data = {
    hashAlgorithm: reader.u8(),
    flags: reader.u8(),
    iterations: reader.u16(),
    salt: reader.characterString(),
    nextHashed: reader.characterString(),
    types: TypeBitmap.fromWire(reader.rest()),
  };
  if (data.nextHashed.length === 0) throw new DnsFormatError('bad-rdata', 'NSEC3 record without next hash');
  return data;
}

export function encodeNsec3(data: Nsec3Data): Uint8Array {
  if (data.nextHashed.length === 0) throw new DnsFormatError('bad-rdata', 'NSEC3 record without next hash');
  return new RdataWriter()
    .u8(data.hashAlgorithm)
    .u8(data.flags)
    .u16(data.iterations)
    .characterString(data.salt)
    .characterString(data.nextHashed)
    .octets(data.types.wire)
    .finish();
}

export const nsec3Format: RdataFormat = {
  toText(rdata) {
    const { hashAlgorithm, flags, iterations, salt, nextHashed, types } = decodeNsec3(rdata);
    const head = `${hashAlgorithm} ${flags} ${iterations} ${saltToText(salt)}`;
    return `${head} ${base32HexEncode(nextHashed)} ${types}`.trimEnd();
  },
  fromText: (tokens) =>
    encodeNsec3({
      hashAlgorithm: tokens.u8('a hash algorithm'),
      flags: tokens.u8('flags'),
      iterations: tokens.u16('a number of iterations'),
      salt: saltFromTokens(tokens),
      nextHashed: base32HexDecode(tokens.next('the next hash in base32hex').text),
      types: TypeBitmap.fromTokens(tokens),
    }),
};
