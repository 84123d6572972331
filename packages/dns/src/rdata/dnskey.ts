/** DNSKEY (rfc4034#section-2.1) and CDNSKEY (rfc7344#section-3.2): a zone's public key. */
import { base64Encode } from '../octets.ts';
import { algorithmFromTokens } from '../presentation/algorithm.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';

export interface DnskeyData {
  /** Bit 7 (0x0100) zone key, bit 8 (0x0080) revoked (rfc5011#section-3), bit 15 (0x0001) secure entry point. */
  readonly flags: number;
  /** 3 in every valid key. */
  readonly protocol: number;
  readonly algorithm: number;
  /** In the algorithm's own form. */
  readonly publicKey: Uint8Array;
}

export function decodeDnskey(rdata: Uint8Array): DnskeyData {
  const reader = new RdataReader(rdata);
  return { flags: reader.u16(), protocol: reader.u8(), algorithm: reader.u8(), publicKey: reader.rest() };
}

export function encodeDnskey(data: DnskeyData): Uint8Array {
  return new RdataWriter()
    .u16(data.flags)
    .u8(data.protocol)
    .u8(data.algorithm)
    .octets(data.publicKey)
    .finish();
}

export const dnskeyFormat: RdataFormat = {
  toText(rdata) {
    const { flags, protocol, algorithm, publicKey } = decodeDnskey(rdata);
    return `${flags} ${protocol} ${algorithm} ${base64Encode(publicKey)}`.trimEnd();
  },
  fromText: (tokens) =>
    encodeDnskey({
      flags: tokens.u16('flags'),
      protocol: tokens.u8('a protocol number'),
      algorithm: algorithmFromTokens(tokens),
      publicKey: tokens.base64('a public key in base64'),
    }),
};
