/** Keys that sign zones: a DNSKEY record and the private half (rfc4034#section-2). */
import { createHash, type KeyObject, sign } from 'node:crypto';
import {
  concatOctets,
  encodeDnskey,
  encodeDs,
  type Name,
  type ResourceRecord,
  RRClass,
  RRType,
} from '@mailanchor/dns';
import { Algorithm, DigestType, dsDigest, keyTag } from '@mailanchor/dnssec';
import { ed25519KeyPair, p256KeyPair, rsaKeyPair } from './key-pair.ts';
import type { Seed } from './seed.ts';

/** 'unassigned': algorithm 100, which nobody knows; its signatures mean nothing (rfc4035#section-5.2). */
export type SigningAlgorithm = 'ecdsa-p256' | 'rsa-2048' | 'rsa-1024' | 'rsa-sha1' | 'ed25519' | 'unassigned';

/** 'ksk' and 'csk' have the SEP flag and are what a DS names; a 'csk' alone signs everything. */
export type KeyRole = 'ksk' | 'zsk' | 'csk';

export interface SigningKey {
  readonly algorithm: number;
  readonly role: KeyRole;
  readonly tag: number;
  /** RDATA of the DNSKEY record. */
  readonly rdata: Uint8Array;
  sign(data: Uint8Array): Uint8Array;
}

export const UNASSIGNED_ALGORITHM = 100;
const ZONE_KEY_FLAGS = 0x0100;
const SEP_FLAG = 0x0001;

interface Half {
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
  readonly sign: (data: Uint8Array) => Uint8Array;
}

/** `label` chooses the key among those of the seed; RSA keys are random. */
export async function createSigningKey(
  algorithm: SigningAlgorithm,
  role: KeyRole,
  seed: Seed,
  label: string,
): Promise<SigningKey> {
  const half = await makeHalf(algorithm, seed, `${label} ${role}`);
  const flags = ZONE_KEY_FLAGS | (role === 'zsk' ? 0 : SEP_FLAG);
  const rdata = encodeDnskey({ flags, protocol: 3, algorithm: half.algorithm, publicKey: half.publicKey });
  return { algorithm: half.algorithm, role, tag: keyTag(rdata), rdata, sign: half.sign };
}

async function makeHalf(algorithm: SigningAlgorithm, seed: Seed, label: string): Promise<Half> {
  switch (algorithm) {
    case 'ecdsa-p256': {
      const { privateKey, spki } = p256KeyPair(seed, label);
      const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
      // The point without its leading 04 (rfc6605#section-4): the last 64 octets.
      return {
        algorithm: Algorithm.ECDSAP256SHA256,
        publicKey: spki.slice(-64),
        sign: (data) => sign('sha256', data, key),
      };
    }
    case 'ed25519': {
      const { privateKey, spki } = ed25519KeyPair(seed, label);
      return {
        algorithm: Algorithm.ED25519,
        publicKey: spki.slice(-32),
        sign: (data) => sign(null, data, privateKey),
      };
    }
    case 'rsa-2048':
      return rsaHalf(2048, Algorithm.RSASHA256);
    case 'rsa-1024':
      return rsaHalf(1024, Algorithm.RSASHA256);
    case 'rsa-sha1':
      return rsaHalf(2048, Algorithm.RSASHA1);
    case 'unassigned':
      return {
        algorithm: UNASSIGNED_ALGORITHM,
        publicKey: seed.derive(`unassigned ${label}`),
        sign: (data) => createHash('sha512').update(data).digest(),
      };
  }
}

async function rsaHalf(bits: number, algorithm: number): Promise<Half> {
  const {
    privateKey,
    modulus,
    exponent,
  }: { privateKey: KeyObject; modulus: Uint8Array; exponent: Uint8Array } = await rsaKeyPair(bits);
  const hash = algorithm === Algorithm.RSASHA1 ? 'sha1' : 'sha256';
  return {
    algorithm,
    // rfc3110#section-2: length of the exponent, exponent, modulus.
    publicKey: concatOctets([Uint8Array.of(exponent.length), exponent, modulus]),
    sign: (data) => sign(hash, data, privateKey),
  };
}

/**
 * 'mismatch': a digest of no key. 'none': no DS, the child counts as unsigned. 'orphan': the good ones, and one of a key that is
 * not there. 'sha1': digests of SHA-1 only.
 */
export type DsKind = 'good' | 'mismatch' | 'none' | 'orphan' | 'sha1';

/** The DS records that the parent publishes for a child's keys (rfc4034#section-5). */
export function dsRecords(
  child: Name,
  keys: readonly SigningKey[],
  kind: DsKind = 'good',
  digestType: number = kind === 'sha1' ? DigestType.SHA1 : DigestType.SHA256,
): ResourceRecord[] {
  if (kind === 'none') return [];
  if (kind === 'orphan') {
    return [...dsRecords(child, keys), ...dsRecords(child, keys, 'mismatch').map(ofAnotherTag)];
  }
  return keys
    .filter(({ role }) => role !== 'zsk')
    .map((key) => {
      const digest = Uint8Array.from(dsDigest(child, key.rdata, digestType)!);
      if (kind === 'mismatch') digest[0]! ^= 0xff;
      const rdata = encodeDs({ keyTag: key.tag, algorithm: key.algorithm, digestType, digest });
      return { name: child, type: RRType.DS, class: RRClass.IN, ttl: 3600, rdata };
    });
}

function ofAnotherTag(record: ResourceRecord): ResourceRecord {
  const rdata = Uint8Array.from(record.rdata);
  rdata[0]! ^= 0x55;
  return { ...record, rdata };
}
