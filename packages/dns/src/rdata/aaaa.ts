/** AAAA (RFC 3596): one IPv6 address. */
import { ipv6FromText, ipv6ToText } from '../address.ts';
import { DnsFormatError } from '../errors.ts';
import type { RdataFormat } from './rdata-format.ts';

/** The address in the form of RFC 5952: lower case, `::` for the longest run of zeros. */
export function decodeAaaa(rdata: Uint8Array): string {
  if (rdata.length !== 16) throw new DnsFormatError('bad-rdata', 'AAAA record is not 16 octets');
  return ipv6ToText(rdata);
}

export function encodeAaaa(address: string): Uint8Array {
  return ipv6FromText(address);
}

export const aaaaFormat: RdataFormat = {
  toText: decodeAaaa,
  fromText: (tokens) => encodeAaaa(tokens.next('an IPv6 address').text),
};
