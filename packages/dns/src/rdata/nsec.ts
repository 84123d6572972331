/** NSEC (rfc4034#section-4.1): the next name of a zone and the types at this one. */
import type { Name } from '../name.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';
import { TypeBitmap } from './type-bitmap.ts';

export interface NsecData {
  readonly next: Name;
  readonly types: TypeBitmap;
}

export function decodeNsec(rdata: Uint8Array): NsecData {
  const reader = new RdataReader(rdata);
  return { next: reader.name(), types: TypeBitmap.fromWire(reader.rest()) };
}

export function encodeNsec(data: NsecData): Uint8Array {
  return new RdataWriter().name(data.next).octets(data.types.wire).finish();
}

export const nsecFormat: RdataFormat = {
  toText(rdata) {
    const { next, types } = decodeNsec(rdata);
    return `${next} ${types}`.trimEnd();
  },
  fromText: (tokens) =>
    encodeNsec({ next: tokens.name('the next name'), types: TypeBitmap.fromTokens(tokens) }),
};
