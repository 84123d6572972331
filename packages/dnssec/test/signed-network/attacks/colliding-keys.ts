/** DNSKEY RDATA with a tag that was wished for: the raw material of KeyTrap. Nobody has their private keys. */
import { generateKeyPairSync } from 'node:crypto';
import { encodeDnskey } from '@mailanchor/dns';
import { tagOf, ZSK } from '../signing-key.ts';

/** In the high octet of the flags, and in the low one. */
const ZONE_FLAG = 0x01;
const REVOKE_FLAG = 0x80;

/** `number` tells several of one tag apart. */
export function collidingKey(algorithm: number, tag: number, number: number): Uint8Array {
  if (algorithm === 15) return made(15, 32, tag, number);
  if (algorithm === 8) return rsa(tag, number);
  return onCurve(algorithm, tag);
}

/** Sets the word at `at` so that the tag is the one wanted; a few tags cannot be had that way. */
function tune(rdata: Uint8Array, at: number, tag: number): boolean {
  rdata.fill(0, at, at + 2);
  const rest = tagOf(rdata);
  for (const carry of [0, 1]) {
    const word = (tag - rest - carry + 2 * 65536) % 65536;
    rdata[at] = word >> 8;
    rdata[at + 1] = word & 0xff;
    if (tagOf(rdata) === tag) return true;
  }
  return false;
}

/** `publicKey` with something changed until the tag can be had. */
function tuned(algorithm: number, publicKey: Uint8Array, at: number, tag: number): Uint8Array {
  for (let attempt = 0; ; attempt++) {
    publicKey[20] = attempt;
    const rdata = Uint8Array.from(encodeDnskey({ flags: ZSK, protocol: 3, algorithm, publicKey }));
    if (tune(rdata, at, tag)) return rdata;
  }
}

/** A modulus that nobody has factored, of 4096 bits, and the exponent that costs most of those that are accepted: eight octets. */
function rsa(tag: number, number: number): Uint8Array {
  const publicKey = new Uint8Array(1 + 8 + 512).fill(0xff);
  publicKey[0] = 8;
  publicKey[40] = number;
  return tuned(8, publicKey, 100, tag);
}

/**
 * Points have to lie on their curve: the flags that validators ignore (rfc4034#section-2.1.1) make up the difference, for about one point
 * in four.
 */
function onCurve(algorithm: number, tag: number): Uint8Array {
  const namedCurve = algorithm === 13 ? 'P-256' : 'P-384';
  for (;;) {
    const { publicKey: spki } = generateKeyPairSync('ec', {
      namedCurve,
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    });
    const publicKey = spki.subarray(algorithm === 13 ? -64 : -96);
    const rdata = Uint8Array.from(encodeDnskey({ flags: 0, protocol: 3, algorithm, publicKey }));
    if (tune(rdata, 0, tag) && (rdata[0]! & ZONE_FLAG) !== 0 && (rdata[1]! & REVOKE_FLAG) === 0) return rdata;
  }
}

/** Octets of a P-384 key that is not on the curve, nearly surely: it cannot even be imported. */
export function offCurve(tag: number, number: number): Uint8Array {
  return made(14, 96, tag, number);
}

function made(algorithm: number, octets: number, tag: number, number: number): Uint8Array {
  const publicKey = new Uint8Array(octets).fill(0x11);
  publicKey[0] = number >> 8;
  publicKey[1] = number & 0xff;
  return tuned(algorithm, publicKey, 2 + octets, tag);
}
