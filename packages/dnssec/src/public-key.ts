/**
 * DNSKEY public keys as node:crypto has them. Importing a key costs as much as one or two verifications, so imported keys
 * are kept by their octets, in a bounded map.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { equalOctets } from '@mailanchor/dns';
import { Algorithm } from './algorithm.ts';

/** Below 512 bits RSA is no signature; above 4096 one verification costs too much (rfc5702#section-2.1: 512 to 4096). */
const RSA_BITS = { min: 512, max: 4096 };
/** A long public exponent makes verification as slow as signing: an attacker would choose one. */
const RSA_EXPONENT_OCTETS_MAX = 8;

const SPKI_PREFIX: Readonly<Record<number, { prefix: Buffer; octets: number; bits: number }>> = {
  [Algorithm.ECDSAP256SHA256]: {
    prefix: Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex'),
    octets: 64,
    bits: 256,
  },
  [Algorithm.ECDSAP384SHA384]: {
    prefix: Buffer.from('3076301006072a8648ce3d020106052b8104002203620004', 'hex'),
    octets: 96,
    bits: 384,
  },
  [Algorithm.ED25519]: { prefix: Buffer.from('302a300506032b6570032100', 'hex'), octets: 32, bits: 256 },
  [Algorithm.ED448]: { prefix: Buffer.from('3043300506032b6571033a00', 'hex'), octets: 57, bits: 456 },
};

const RSA_ALGORITHM_ID = Buffer.from('300d06092a864886f70d0101010500', 'hex');

function der(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const n = body.length;
  const head = n < 0x80 ? [tag, n] : n < 0x100 ? [tag, 0x81, n] : [tag, 0x82, n >>> 8, n & 0xff];
  return Buffer.concat([Buffer.from(head), body]);
}

/** An unsigned integer as DER INTEGER: a leading zero octet where the top bit is set. */
function derUnsigned(octets: Uint8Array): Buffer {
  return octets[0]! & 0x80 ? der(0x02, Uint8Array.of(0), octets) : der(0x02, octets);
}

/** Exponent and modulus of an RSA key (rfc3110#section-2), leading zeros removed; undefined where it is not one. */
function rsaParts(
  publicKey: Uint8Array,
): { exponent: Uint8Array; modulus: Uint8Array; bits: number } | undefined {
  if (publicKey.length < 3) return undefined;
  let at = 1;
  let length = publicKey[0]!;
  if (length === 0) {
    length = (publicKey[1]! << 8) | publicKey[2]!;
    at = 3;
  }
  let exponent = publicKey.subarray(at, at + length);
  let modulus = publicKey.subarray(at + length);
  while (exponent[0] === 0) exponent = exponent.subarray(1);
  while (modulus[0] === 0) modulus = modulus.subarray(1);
  if (exponent.length === 0 || modulus.length === 0) return undefined;
  return { exponent, modulus, bits: modulus.length * 8 - (Math.clz32(modulus[0]!) - 24) };
}

/** Bits of a DNSKEY's public key, for people; 0 where the key does not parse. */
export function keyBits(algorithm: number, publicKey: Uint8Array): number {
  return SPKI_PREFIX[algorithm]?.bits ?? rsaParts(publicKey)?.bits ?? 0;
}

function spki(algorithm: number, publicKey: Uint8Array): Buffer | undefined {
  const curve = SPKI_PREFIX[algorithm];
  if (curve) return publicKey.length === curve.octets ? Buffer.concat([curve.prefix, publicKey]) : undefined;
  const rsa = rsaParts(publicKey);
  if (!rsa || rsa.bits < RSA_BITS.min || rsa.bits > RSA_BITS.max) return undefined;
  if (rsa.exponent.length > RSA_EXPONENT_OCTETS_MAX) return undefined;
  const key = der(0x30, derUnsigned(rsa.modulus), derUnsigned(rsa.exponent));
  return der(0x30, RSA_ALGORITHM_ID, der(0x03, Uint8Array.of(0), key));
}

/** Imports one DNSKEY public key; undefined where the octets are no key of that algorithm that we accept. */
export function importPublicKey(algorithm: number, publicKey: Uint8Array): KeyObject | undefined {
  const key = spki(algorithm, publicKey);
  if (!key) return undefined;
  try {
    return createPublicKey({ key, format: 'der', type: 'spki' });
  } catch {
    return undefined; // A point that is not on its curve, an even exponent...
  }
}

interface Imported {
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
  readonly key: KeyObject | undefined;
}

/** Octets of a key that its place is found by: any would do, and those at the end are random in keys of all algorithms. */
const SAMPLED = 8;

/**
 * Imported keys by their octets, the oldest dropped first. Keys with the same octets at the end, which somebody would have to make on purpose,
 * take each other's place.
 */
export class KeyStore {
  readonly #keys = new Map<number, Imported>();
  readonly #limit: number;

  constructor(limit = 4096) {
    this.#limit = limit;
  }

  get(algorithm: number, publicKey: Uint8Array): KeyObject | undefined {
    const place = placeOf(algorithm, publicKey);
    const known = this.#keys.get(place);
    if (known && known.algorithm === algorithm && equalOctets(known.publicKey, publicKey)) return known.key;
    const key = importPublicKey(algorithm, publicKey);
    if (known === undefined && this.#keys.size >= this.#limit)
      this.#keys.delete(this.#keys.keys().next().value!);
    // A copy: the octets are of a packet.
    this.#keys.set(place, { algorithm, publicKey: publicKey.slice(), key });
    return key;
  }
}

/** FNV-1a over the algorithm and the last octets. */
function placeOf(algorithm: number, publicKey: Uint8Array): number {
  let hash = Math.imul(0x811c9dc5 ^ algorithm, 0x01000193);
  for (let i = Math.max(0, publicKey.length - SAMPLED); i < publicKey.length; i++)
    hash = Math.imul(hash ^ publicKey[i]!, 0x01000193);
  return hash;
}
