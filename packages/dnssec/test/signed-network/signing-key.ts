/**
 * Keys that sign the test zones. Made once for each zone, algorithm and number, since RSA keys take their time. Nothing in this folder uses
 * the code under test: what it signs was put together independently.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { encodeDnskey } from '@mailanchor/dns';

export interface SigningKey {
  readonly algorithm: number;
  readonly tag: number;
  /** RDATA of the DNSKEY. */
  readonly rdata: Uint8Array;
  sign(data: Uint8Array): Uint8Array;
}

/** Flags of a DNSKEY: zone key alone, or with SEP. */
export const ZSK = 0x0100;
export const KSK = 0x0101;
export const REVOKED = 0x0080;

interface Kind {
  readonly hash: string | null;
  /** `bits` of the modulus: of RSA alone. */
  generate(bits: number): { publicKey: Buffer; privateKey: Buffer };
}

const publicKeyEncoding = { type: 'spki', format: 'der' } as const;
const privateKeyEncoding = { type: 'pkcs8', format: 'der' } as const;

const rsa = (hash: string): Kind => ({
  hash,
  generate: (modulusLength) =>
    generateKeyPairSync('rsa', { modulusLength, publicKeyEncoding, privateKeyEncoding }),
});

const ecdsa = (hash: string, namedCurve: string): Kind => ({
  hash,
  generate: () => generateKeyPairSync('ec', { namedCurve, publicKeyEncoding, privateKeyEncoding }),
});

const KINDS: Readonly<Record<number, Kind>> = {
  5: rsa('sha1'),
  7: rsa('sha1'),
  8: rsa('sha256'),
  10: rsa('sha512'),
  13: ecdsa('sha256', 'P-256'),
  14: ecdsa('sha384', 'P-384'),
  15: {
    hash: null,
    generate: () => generateKeyPairSync('ed25519', { publicKeyEncoding, privateKeyEncoding }),
  },
  16: { hash: null, generate: () => generateKeyPairSync('ed448', { publicKeyEncoding, privateKeyEncoding }) },
};

/** The key tag, by the sum over 16-bit words (rfc4034#appendix-B). */
export function tagOf(rdata: Uint8Array): number {
  let sum = 0;
  for (const [i, octet] of rdata.entries()) sum += i % 2 === 0 ? octet * 256 : octet;
  return (sum + Math.floor(sum / 65536)) % 65536;
}

/** Octets of the public key as DNSKEY has them, taken from the end of an SPKI. */
function publicOctets(algorithm: number, spki: Buffer, bits: number): Uint8Array {
  const curve = { 13: 64, 14: 96, 15: 32, 16: 57 }[algorithm];
  if (curve !== undefined) return spki.subarray(-curve);
  // RSA, exponent 65537: ... INTEGER modulus, 02 03 01 00 01.
  const modulus = spki.subarray(-5 - bits / 8, -5);
  return Buffer.concat([Uint8Array.of(3, 1, 0, 1), modulus]);
}

const made = new Map<string, { publicKey: Uint8Array; privateKey: KeyObject }>();

/** A key for `zone`; the same each time for the same arguments. `number` tells several keys of one zone apart, `bits` is the size of RSA. */
export function signingKey(
  zone: string,
  algorithm: number,
  number = 0,
  flags = KSK,
  bits = 1024,
): SigningKey {
  const kind = KINDS[algorithm];
  if (!kind) throw new Error(`no test keys of algorithm ${algorithm}`);
  const id = `${zone}/${algorithm}/${number}/${bits}`;
  let pair = made.get(id);
  if (!pair) {
    const { publicKey, privateKey } = kind.generate(bits);
    pair = {
      publicKey: publicOctets(algorithm, publicKey, bits),
      privateKey: createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }),
    };
    made.set(id, pair);
  }
  const key = pair.privateKey;
  const rdata = encodeDnskey({ flags, protocol: 3, algorithm, publicKey: pair.publicKey });
  return {
    algorithm,
    tag: tagOf(rdata),
    rdata,
    sign: (data) => sign(kind.hash, data, { key, dsaEncoding: 'ieee-p1363' }),
  };
}

/** The same key with other flags: another DNSKEY with another tag. */
export function withFlags(key: SigningKey, flags: number): SigningKey {
  const rdata = Uint8Array.from(key.rdata);
  rdata[0] = flags >> 8;
  rdata[1] = flags & 0xff;
  return { ...key, rdata, tag: tagOf(rdata) };
}

/** DNSKEY RDATA that is no key of anybody's, of the algorithm 15 and with the tag wanted: material for collisions. */
export function keyWithTag(tag: number, number: number): Uint8Array {
  const publicKey = new Uint8Array(32).fill(0x11);
  publicKey[0] = number >> 8;
  publicKey[1] = number & 0xff;
  const rdata = encodeDnskey({ flags: ZSK, protocol: 3, algorithm: 15, publicKey });
  const last = rdata.length - 2;
  rdata.fill(0, last);
  // The last word adds itself to the sum, and perhaps the carry.
  for (const carry of [0, 1]) {
    const word = (tag - tagOf(rdata.fill(0, last)) - carry + 2 * 65536) % 65536;
    rdata[last] = word >> 8;
    rdata[last + 1] = word & 0xff;
    if (tagOf(rdata) === tag) return rdata;
  }
  throw new Error(`no key has the tag ${tag}`);
}
