/** NSEC3 salt in record text: hexadecimal, `-` for none (rfc5155#section-3.3). */
import { hexDecode, hexEncode } from '../octets.ts';
import type { TokenReader } from './token-reader.ts';

export function saltToText(salt: Uint8Array): string {
  return salt.length === 0 ? '-' : hexEncode(salt);
}

export function saltFromTokens(tokens: TokenReader): Uint8Array {
  const { text } = tokens.next('a salt in hexadecimal, or "-"');
  return text === '-' ? new Uint8Array(0) : hexDecode(text);
}
