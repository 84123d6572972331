/** TLSA (rfc6698#section-2.1) and SMIMEA (rfc8162#section-2): what certificate to expect. */
import { hexEncode } from '../octets.ts';
import { mnemonicOrU8 } from '../presentation/mnemonic.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';

export interface TlsaData {
  /** 0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE; others are carried (rfc7218#section-2.1). */
  readonly usage: number;
  /** 0 whole certificate, 1 public key. */
  readonly selector: number;
  /** 0 the octets themselves, 1 SHA-256, 2 SHA-512. */
  readonly matching: number;
  /** Certificate association data; its length is not checked. */
  readonly data: Uint8Array;
}

export function decodeTlsa(rdata: Uint8Array): TlsaData {
  const reader = new RdataReader(rdata);
  return { usage: reader.u8(), selector: reader.u8(), matching: reader.u8(), data: reader.rest() };
}

export function encodeTlsa(data: TlsaData): Uint8Array {
  return new RdataWriter().u8(data.usage).u8(data.selector).u8(data.matching).octets(data.data).finish();
}

/** Acronyms that zone files may use in place of the numbers (rfc7218#section-2). */
const USAGES = { 'PKIX-TA': 0, 'PKIX-EE': 1, 'DANE-TA': 2, 'DANE-EE': 3, PRIVCERT: 255 };
const SELECTORS = { CERT: 0, SPKI: 1, PRIVSEL: 255 };
const MATCHINGS = { FULL: 0, 'SHA2-256': 1, 'SHA2-512': 2, PRIVMATCH: 255 };

export const tlsaFormat: RdataFormat = {
  toText(rdata) {
    const { usage, selector, matching, data } = decodeTlsa(rdata);
    return `${usage} ${selector} ${matching} ${hexEncode(data)}`.trimEnd();
  },
  fromText: (tokens) =>
    encodeTlsa({
      usage: mnemonicOrU8(tokens, 'a certificate usage', USAGES),
      selector: mnemonicOrU8(tokens, 'a selector', SELECTORS),
      matching: mnemonicOrU8(tokens, 'a matching type', MATCHINGS),
      data: tokens.hex('certificate association data in hexadecimal'),
    }),
};
