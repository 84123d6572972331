/** RRSIG (rfc4034#section-3.1): the signature of one RRset. */
import { DnsFormatError } from '../errors.ts';
import { rrTypeFromText, rrTypeToText } from '../iana/rr-type.ts';
import type { Name } from '../name.ts';
import { base64Encode } from '../octets.ts';
import { algorithmFromTokens } from '../presentation/algorithm.ts';
import { signatureTimeFromText, signatureTimeToText } from '../presentation/signature-time.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';

export interface RrsigData {
  readonly typeCovered: number;
  readonly algorithm: number;
  /** Labels of the original owner name, without the root and a leading `*`. */
  readonly labels: number;
  /** Seconds. */
  readonly originalTtl: number;
  /** Seconds since 1970 modulo 2^32, compared as serial numbers (rfc4034#section-3.1.5). */
  readonly expiration: number;
  /** As `expiration`. */
  readonly inception: number;
  readonly keyTag: number;
  readonly signer: Name;
  readonly signature: Uint8Array;
}

export function decodeRrsig(rdata: Uint8Array): RrsigData {
  const reader = new RdataReader(rdata);
  return {
    typeCovered: reader.u16(),
    algorithm: reader.u8(),
    labels: reader.u8(),
    originalTtl: reader.u32(),
    expiration: reader.u32(),
    inception: reader.u32(),
    keyTag: reader.u16(),
    signer: reader.name(),
    signature: reader.rest(),
  };
}

export function encodeRrsig(data: RrsigData): Uint8Array {
  return new RdataWriter()
    .u16(data.typeCovered)
    .u8(data.algorithm)
    .u8(data.labels)
    .u32(data.originalTtl)
    .u32(data.expiration)
    .u32(data.inception)
    .u16(data.keyTag)
    .name(data.signer)
    .octets(data.signature)
    .finish();
}

export const rrsigFormat: RdataFormat = {
  toText(rdata) {
    const data = decodeRrsig(rdata);
    const times = `${signatureTimeToText(data.expiration)} ${signatureTimeToText(data.inception)}`;
    const head = `${rrTypeToText(data.typeCovered)} ${data.algorithm} ${data.labels} ${data.originalTtl}`;
    return `${head} ${times} ${data.keyTag} ${data.signer} ${base64Encode(data.signature)}`.trimEnd();
  },
  fromText(tokens) {
    const covered = tokens.next('the type covered').text;
    const typeCovered = rrTypeFromText(covered);
    if (typeCovered === undefined)
      throw new DnsFormatError('bad-record-text', `expected a record type, found "${covered}"`);
    return encodeRrsig({
      typeCovered,
      algorithm: algorithmFromTokens(tokens),
      labels: tokens.u8('a number of labels'),
      originalTtl: tokens.ttl('the original TTL'),
      expiration: signatureTimeFromText(tokens.next('the expiration time').text),
      inception: signatureTimeFromText(tokens.next('the inception time').text),
      keyTag: tokens.u16('a key tag'),
      signer: tokens.name("the signer's name"),
      signature: tokens.base64('a signature in base64'),
    });
  },
};
