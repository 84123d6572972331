/** Fields that are an octet and may be written as a mnemonic. */
import { DnsFormatError } from '../errors.ts';
import type { TokenReader } from './token-reader.ts';

/** `mnemonics`: upper case to number. */
export function mnemonicOrU8(
  tokens: TokenReader,
  what: string,
  mnemonics: Readonly<Record<string, number>>,
): number {
  const token = tokens.peek();
  if (token === undefined || /^[0-9]/.test(token.text)) return tokens.u8(what);
  const { text } = tokens.next(what);
  const upper = text.toUpperCase();
  if (!Object.hasOwn(mnemonics, upper))
    throw new DnsFormatError('bad-record-text', `expected ${what}, found "${text}"`);
  return mnemonics[upper]!;
}
