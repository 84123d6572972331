/** DS (rfc4034#section-5.1) and CDS (rfc7344#section-3.1): digest of a child zone's key. */
import { hexEncode } from '../octets.ts';
import { algorithmFromTokens } from '../presentation/algorithm.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';

export interface DsData {
  readonly keyTag: number;
  /** DNSSEC algorithm number of the key. */
  readonly algorithm: number;
  readonly digestType: number;
  /** Not checked against the length that the digest type has. */
  readonly digest: Uint8Array;
}

export function decodeDs(rdata: Uint8Array): DsData {
  const reader = new RdataReader(rdata);
  return { keyTag: reader.u16(), algorithm: reader.u8(), digestType: reader.u8(), digest: reader.rest() };
}

export function encodeDs(data: DsData): Uint8Array {
  return new RdataWriter()
    .u16(data.keyTag)
    .u8(data.algorithm)
    .u8(data.digestType)
    .octets(data.digest)
    .finish();
}

export const dsFormat: RdataFormat = {
  toText(rdata) {
    const { keyTag, algorithm, digestType, digest } = decodeDs(rdata);
    return `${keyTag} ${algorithm} ${digestType} ${hexEncode(digest)}`.trimEnd();
  },
  fromText: (tokens) =>
    encodeDs({
      keyTag: tokens.u16('a key tag'),
      algorithm: algorithmFromTokens(tokens),
      digestType: tokens.u8('a digest type'),
      digest: tokens.hex('a digest in hexadecimal'),
    }),
};
