/** A (rfc1035#section-3.4.1): one IPv4 address. */
import { ipv4FromText, ipv4ToText } from '../address.ts';
import { DnsFormatError } from '../errors.ts';
import type { RdataFormat } from './rdata-format.ts';

/** The address as dotted decimals. */
export function decodeA(rdata: Uint8Array): string {
  if (rdata.length !== 4) throw new DnsFormatError('bad-rdata', 'A record is not 4 octets');
  return ipv4ToText(rdata);
}

export function encodeA(address: string): Uint8Array {
  return ipv4FromText(address);
}

export const aFormat: RdataFormat = {
  toText: decodeA,
  fromText: (tokens) => encodeA(tokens.next('an IPv4 address').text),
};
