/** TXT and SPF (rfc1035#section-3.3.14): one or more strings of octets. */
import { DnsFormatError } from '../errors.ts';
import { quoteString } from '../presentation/text-escape.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';

export interface TxtData {
  /** At least one, each of at most 255 octets. */
  readonly strings: readonly Uint8Array[];
}

export function decodeTxt(rdata: Uint8Array): TxtData {
  if (rdata.length === 0) throw new DnsFormatError('bad-rdata', 'TXT record without a string');
  const reader = new RdataReader(rdata);
  const strings: Uint8Array[] = [];
  while (reader.remaining > 0) strings.push(reader.characterString());
  return { strings };
}

export function encodeTxt(data: TxtData): Uint8Array {
  if (data.strings.length === 0) throw new DnsFormatError('bad-rdata', 'TXT record without a string');
  const writer = new RdataWriter();
  for (const string of data.strings) writer.characterString(string);
  return writer.finish();
}

export const txtFormat: RdataFormat = {
  toText: (rdata) => decodeTxt(rdata).strings.map(quoteString).join(' '),
  fromText(tokens) {
    const strings = [tokens.characterString('a string')];
    while (!tokens.atEnd) strings.push(tokens.characterString('a string'));
    return encodeTxt({ strings });
  },
};
