/** ZONEMD (RFC 8976, section 2.2): digest of a whole zone. */
import { hexEncode } from '../octets.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';

export interface ZonemdData {
  readonly serial: number;
  readonly scheme: number;
  readonly hashAlgorithm: number;
  readonly digest: Uint8Array;
}

export function decodeZonemd(rdata: Uint8Array): ZonemdData {
  const reader = new RdataReader(rdata);
  return { serial: reader.u32(), scheme: reader.u8(), hashAlgorithm: reader.u8(), digest: reader.rest() };
}

export function encodeZonemd(data: ZonemdData): Uint8Array {
  return new RdataWriter()
    .u32(data.serial)
    .u8(data.scheme)
    .u8(data.hashAlgorithm)
    .octets(data.digest)
    .finish();
}

export const zonemdFormat: RdataFormat = {
  toText(rdata) {
    const { serial, scheme, hashAlgorithm, digest } = decodeZonemd(rdata);
    return `${serial} ${scheme} ${hashAlgorithm} ${hexEncode(digest)}`.trimEnd();
  },
  fromText: (tokens) =>
    encodeZonemd({
      serial: tokens.u32('a serial number'),
      scheme: tokens.u8('a scheme'),
      hashAlgorithm: tokens.u8('a hash algorithm'),
      digest: tokens.hex('a digest in hexadecimal'),
    }),
};
