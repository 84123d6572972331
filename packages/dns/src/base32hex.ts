/** Base 32 with the extended hexadecimal alphabet, as NSEC3 owner names use it (rfc5155#section-3.3). */
import { DnsFormatError } from './errors.ts';

const ALPHABET = '0123456789abcdefghijklmnopqrstuv';
const VALUE = new Int8Array(128).fill(-1);
for (let i = 0; i < 32; i++) {
  VALUE[ALPHABET.charCodeAt(i)] = i;
  VALUE[ALPHABET.toUpperCase().charCodeAt(i)] = i;
}

/** Lower case, without padding. */
export function base32HexEncode(octets: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (let i = 0; i < octets.length; i++) {
    held = ((held << 8) | octets[i]!) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(held >> bits) & 31];
    }
  }
  if (bits > 0) text += ALPHABET[(held << (5 - bits)) & 31];
  return text;
}

/** Either case, without padding. Throws `DnsFormatError` on other characters, impossible lengths and non-zero spare bits. */
export function base32HexDecode(text: string): Uint8Array {
  const octets = new Uint8Array((text.length * 5) >> 3);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const value = VALUE[text.charCodeAt(i)] ?? -1;
    if (value < 0) throw new DnsFormatError('bad-base32hex', 'not base32hex');
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      octets[at++] = (held >> bits) & 0xff;
    }
  }
  if (bits >= 5 || (held & ((1 << bits) - 1)) !== 0)
    throw new DnsFormatError('bad-base32hex', 'base32hex of impossible length or with spare bits set');
  return octets;
}
