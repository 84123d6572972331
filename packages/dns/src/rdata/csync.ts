/** CSYNC (RFC 7477, section 2.1.1): what a parent may copy from its child. */
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';
import { TypeBitmap } from './type-bitmap.ts';

export interface CsyncData {
  readonly serial: number;
  readonly flags: number;
  readonly types: TypeBitmap;
}

export function decodeCsync(rdata: Uint8Array): CsyncData {
  const reader = new RdataReader(rdata);
  return { serial: reader.u32(), flags: reader.u16(), types: TypeBitmap.fromWire(reader.rest()) };
}

export function encodeCsync(data: CsyncData): Uint8Array {
  return new RdataWriter().u32(data.serial).u16(data.flags).octets(data.types.wire).finish();
}

export const csyncFormat: RdataFormat = {
  toText(rdata) {
    const { serial, flags, types } = decodeCsync(rdata);
    return `${serial} ${flags} ${types}`.trimEnd();
  },
  fromText: (tokens) =>
    encodeCsync({
      serial: tokens.u32('a serial number'),
      flags: tokens.u16('flags'),
      types: TypeBitmap.fromTokens(tokens),
    }),
};
