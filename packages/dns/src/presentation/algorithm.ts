/** DNSSEC algorithms in record text: a number or a mnemonic (rfc4034#section-2.2, rfc4034#appendix-A.1). */
import { mnemonicOrU8 } from './mnemonic.ts';
import type { TokenReader } from './token-reader.ts';

/** IANA "DNS Security Algorithm Numbers", the mnemonics that signers write. */
const MNEMONICS: Readonly<Record<string, number>> = {
  RSAMD5: 1,
  DH: 2,
  DSA: 3,
  RSASHA1: 5,
  'DSA-NSEC3-SHA1': 6,
  'RSASHA1-NSEC3-SHA1': 7,
  NSEC3DSA: 6,
  NSEC3RSASHA1: 7,
  RSASHA256: 8,
  RSASHA512: 10,
  'ECC-GOST': 12,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
  INDIRECT: 252,
  PRIVATEDNS: 253,
  PRIVATEOID: 254,
};

export function algorithmFromTokens(tokens: TokenReader): number {
  return mnemonicOrU8(tokens, 'an algorithm', MNEMONICS);
}
