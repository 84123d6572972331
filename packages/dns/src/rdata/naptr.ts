/** NAPTR (RFC 3403, section 4): a rewriting rule. */
import type { Name } from '../name.ts';
import { quoteString } from '../presentation/text-escape.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';

export interface NaptrData {
  readonly order: number;
  readonly preference: number;
  readonly flags: Uint8Array;
  readonly services: Uint8Array;
  readonly regexp: Uint8Array;
  readonly replacement: Name;
}

export function decodeNaptr(rdata: Uint8Array): NaptrData {
  const reader = new RdataReader(rdata);
  const data = {
    order: reader.u16(),
    preference: reader.u16(),
    flags: reader.characterString(),
    services: reader.characterString(),
    regexp: reader.characterString(),
    replacement: reader.name(),
  };
  reader.end();
  return data;
}

export function encodeNaptr(data: NaptrData): Uint8Array {
  return new RdataWriter()
    .u16(data.order)
    .u16(data.preference)
    .characterString(data.flags)
    .characterString(data.services)
    .characterString(data.regexp)
    .name(data.replacement)
    .finish();
}

export const naptrFormat: RdataFormat = {
  toText(rdata) {
    const data = decodeNaptr(rdata);
    const strings = [data.flags, data.services, data.regexp].map(quoteString).join(' ');
    return `${data.order} ${data.preference} ${strings} ${data.replacement}`;
  },
  fromText: (tokens) =>
    encodeNaptr({
      order: tokens.u16('an order'),
      preference: tokens.u16('a preference'),
      flags: tokens.characterString('flags'),
      services: tokens.characterString('services'),
      regexp: tokens.characterString('a regular expression'),
      replacement: tokens.name('a replacement'),
    }),
};
