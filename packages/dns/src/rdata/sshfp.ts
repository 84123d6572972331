/** SSHFP (RFC 4255, section 3.1): fingerprint of an SSH host key. */
import { hexEncode } from '../octets.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';

export interface SshfpData {
  readonly algorithm: number;
  readonly fingerprintType: number;
  readonly fingerprint: Uint8Array;
}

export function decodeSshfp(rdata: Uint8Array): SshfpData {
  const reader = new RdataReader(rdata);
  return { algorithm: reader.u8(), fingerprintType: reader.u8(), fingerprint: reader.rest() };
}

export function encodeSshfp(data: SshfpData): Uint8Array {
  return new RdataWriter().u8(data.algorithm).u8(data.fingerprintType).octets(data.fingerprint).finish();
}

export const sshfpFormat: RdataFormat = {
  toText(rdata) {
    const { algorithm, fingerprintType, fingerprint } = decodeSshfp(rdata);
    return `${algorithm} ${fingerprintType} ${hexEncode(fingerprint)}`.trimEnd();
  },
  fromText: (tokens) =>
    encodeSshfp({
      algorithm: tokens.u8('an algorithm'),
      fingerprintType: tokens.u8('a fingerprint type'),
      fingerprint: tokens.hex('a fingerprint in hexadecimal'),
    }),
};
