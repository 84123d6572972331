/** MX (rfc1035#section-3.3.9): a mail exchange. Null MX is preference 0 and the root (rfc7505#section-3). */
import type { Name } from '../name.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';

export interface MxData {
  /** 0 to 65535, lower first. */
  readonly preference: number;
  readonly exchange: Name;
}

export function decodeMx(rdata: Uint8Array): MxData {
  const reader = new RdataReader(rdata);
  const data = { preference: reader.u16(), exchange: reader.name() };
  reader.end();
  return data;
}

export function encodeMx(data: MxData): Uint8Array {
  return new RdataWriter().u16(data.preference).name(data.exchange).finish();
}

export const mxFormat: RdataFormat = {
  toText(rdata) {
    const { preference, exchange } = decodeMx(rdata);
    return `${preference} ${exchange}`;
  },
  fromText: (tokens) =>
    encodeMx({ preference: tokens.u16('a preference'), exchange: tokens.name('a mail exchange') }),
};
