/** CAA (rfc8659#section-4.1): which certification authorities may issue. */
import { DnsFormatError } from '../errors.ts';
import { quoteString } from '../presentation/text-escape.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';

export interface CaaData {
  /** 128 is critical. */
  readonly flags: number;
  /** Letters and digits, case as received. */
  readonly tag: string;
  readonly value: Uint8Array;
}

export function decodeCaa(rdata: Uint8Array): CaaData {
  const reader = new RdataReader(rdata);
  const flags = reader.u8();
  const tag = String.fromCharCode(...reader.characterString());
  checkTag(tag);
  return { flags, tag, value: reader.rest() };
}

export function encodeCaa(data: CaaData): Uint8Array {
  checkTag(data.tag);
  return new RdataWriter()
    .u8(data.flags)
    .characterString(Uint8Array.from(data.tag, (c) => c.charCodeAt(0)))
    .octets(data.value)
    .finish();
}

function checkTag(tag: string): void {
  if (!/^[0-9A-Za-z]{1,255}$/.test(tag))
    throw new DnsFormatError('bad-rdata', 'CAA tag is not letters and digits');
}

export const caaFormat: RdataFormat = {
  toText(rdata) {
    const { flags, tag, value } = decodeCaa(rdata);
    return `${flags} ${tag} ${quoteString(value)}`;
  },
  fromText: (tokens) =>
    encodeCaa({
      flags: tokens.u8('flags'),
      tag: tokens.next('a tag').text,
      value: tokens.octetString('a value'),
    }),
};
