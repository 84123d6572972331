/** RRSIG, DS and NSEC3 hashes, made after the text of the RFCs and not by the code under test. */
import { createHash } from 'node:crypto';
import {
  embeddedNames,
  encodeDs,
  encodeRrsig,
  type Name,
  type ResourceRecord,
  RRType,
  type RrsigData,
} from '@mailanchor/dns';
import type { SigningKey } from './signing-key.ts';

export interface Records {
  readonly name: Name;
  readonly type: number;
  readonly ttl: number;
  readonly rdatas: readonly Uint8Array[];
}

/** Epoch seconds at which signatures of the test zones begin and end. */
export const INCEPTION = Date.UTC(2026, 0, 1) / 1000;
export const EXPIRATION = Date.UTC(2026, 1, 1) / 1000;
/** Epoch seconds of most tests, between the two. */
export const NOW = Date.UTC(2026, 0, 15) / 1000;

export interface SignOptions extends Partial<Omit<RrsigData, 'signature'>> {
  /** Changes the signature's octets after it was made. */
  readonly spoil?: boolean;
}

function lowered(wire: Uint8Array): Uint8Array {
  return wire.map((octet) => (octet >= 65 && octet <= 90 ? octet + 32 : octet));
}

function canonical(type: number, rdata: Uint8Array): Buffer {
  const copy = Buffer.from(rdata);
  for (const { offset, length } of embeddedNames(type, rdata))
    copy.set(lowered(copy.subarray(offset, offset + length)), offset);
  return copy;
}

function u16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

function u32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value >>> 0);
  return octets;
}

/** The RDATA of an RRSIG over `records` by `key`, in the name of `zone`; whatever `options` say overrides. */
export function rrsigRdata(
  records: Records,
  zone: Name,
  key: SigningKey,
  options: SignOptions = {},
): Uint8Array {
  const { name, type } = records;
  const { spoil = false, ...overrides } = options;
  const fields: RrsigData = {
    typeCovered: type,
    algorithm: key.algorithm,
    labels: name.isWildcard ? name.labelCount - 1 : name.labelCount,
    originalTtl: records.ttl,
    expiration: EXPIRATION,
    inception: INCEPTION,
    keyTag: key.tag,
    signer: zone,
    ...overrides,
    signature: new Uint8Array(0),
  };
  const head = encodeRrsig({ ...fields, signer: fields.signer.toLowerCase() });
  const owner = lowered(
    name.isWildcard || fields.labels >= name.labelCount
      ? name.wire
      : name.ancestor(fields.labels).prepend('*').wire,
  );
  const sorted = records.rdatas
    .map((rdata) => canonical(type, rdata))
    .sort(Buffer.compare)
    .filter((rdata, i, all) => i === 0 || !rdata.equals(all[i - 1]!));
  const lines = sorted.map((rdata) =>
    Buffer.concat([owner, u16(type), u16(1), u32(fields.originalTtl), u16(rdata.length), rdata]),
  );
  const signature = Uint8Array.from(key.sign(Buffer.concat([head, ...lines])));
  if (spoil) signature[5]! ^= 0x40;
  return encodeRrsig({ ...fields, signature });
}

export function toRecords({ name, type, ttl, rdatas }: Records): ResourceRecord[] {
  return rdatas.map((rdata) => ({ name, type, class: 1, ttl, rdata }));
}

/** The records and one RRSIG over them. */
export function signRecords(
  records: Records,
  zone: Name,
  key: SigningKey,
  options: SignOptions = {},
): ResourceRecord[] {
  const { name, ttl } = records;
  const rdata = rrsigRdata(records, zone, key, options);
  return [...toRecords(records), { name, type: RRType.RRSIG, class: 1, ttl, rdata }];
}

/** The DS RDATA for a key. Digest types other than 1, 2 and 4 get 32 octets of nothing. */
export function dsRdata(zone: Name, key: SigningKey, digestType = 2): Uint8Array {
  const hash = { 1: 'sha1', 2: 'sha256', 4: 'sha384' }[digestType];
  const digest = hash
    ? createHash(hash).update(lowered(zone.wire)).update(key.rdata).digest()
    : new Uint8Array(32);
  return encodeDs({ keyTag: key.tag, algorithm: key.algorithm, digestType, digest });
}

/** rfc5155#section-5. */
export function hashName(name: Name, salt: Uint8Array, iterations: number): Buffer {
  let digest = lowered(name.wire) as Buffer;
  for (let i = 0; i <= iterations; i++) digest = createHash('sha1').update(digest).update(salt).digest();
  return digest;
}
