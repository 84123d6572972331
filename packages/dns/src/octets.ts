/** Octet strings: comparison, joining, hexadecimal and base64 (rfc4648#section-4, rfc4648#section-8). */
import { DnsFormatError } from './errors.ts';

export function equalOctets(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function concatOctets(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function view(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length);
}

/** Each octet as the character of the same number. */
export function latin1(octets: Uint8Array): string {
  return view(octets).toString('latin1');
}

/** Lower case. */
export function hexEncode(octets: Uint8Array): string {
  return view(octets).toString('hex');
}

/** Either case, no white space. */
export function hexDecode(text: string): Uint8Array {
  if (text.length % 2 !== 0) throw new DnsFormatError('bad-hex', 'odd number of hexadecimal digits');
  if (!/^[0-9a-fA-F]*$/.test(text)) throw new DnsFormatError('bad-hex', 'not hexadecimal');
  return new Uint8Array(Buffer.from(text, 'hex'));
}

export function base64Encode(octets: Uint8Array): string {
  return view(octets).toString('base64');
}

/** Padded, no white space. */
export function base64Decode(text: string): Uint8Array {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw new DnsFormatError('bad-base64', 'not base64');
  return new Uint8Array(Buffer.from(text, 'base64'));
}
