/**
 * Key pairs. The private keys of elliptic curves are derived from the seed; RSA keys are generated, which is slow, off the main
 * thread. Keys cross node:crypto as DER: exporting KeyObjects as JWK in a row can deadlock Node 20.
 */
import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import type { Seed } from './seed.ts';

export interface KeyPair {
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

const P256_HEAD = Buffer.from(
  '308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420',
  'hex',
);
const P256_PUBLIC_HEAD = Buffer.from('a144034200', 'hex');
const ED25519_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

function fromPkcs8(key: Buffer): KeyPair {
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { privateKey, spki: new Uint8Array(spki) };
}

export function p256KeyPair(seed: Seed, label: string): KeyPair {
  for (let attempt = 0; ; attempt++) {
    const scalar = seed.derive(`p256 ${label} ${attempt}`);
    const curve = createECDH('prime256v1');
    try {
      curve.setPrivateKey(scalar);
    } catch {
      continue; // Zero or beyond the order of the curve: one chance in 2^32.
    }
    return fromPkcs8(Buffer.concat([P256_HEAD, scalar, P256_PUBLIC_HEAD, curve.getPublicKey()]));
  }
}

export function ed25519KeyPair(seed: Seed, label: string): KeyPair {
  return fromPkcs8(Buffer.concat([ED25519_HEAD, seed.derive(`ed25519 ${label}`)]));
}

let certificateKey: KeyPair | undefined;

/** One RSA key for all certificates of this process: it takes a tenth of a second to make, and nobody is told apart by it. */
export function rsaCertificateKey(): KeyPair {
  if (!certificateKey) {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
    certificateKey = { privateKey, spki };
  }
  return certificateKey;
}

export interface RsaKeyPair {
  readonly privateKey: KeyObject;
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
}

const generate = promisify(generateKeyPair);

export async function rsaKeyPair(bits = 2048): Promise<RsaKeyPair> {
  const { publicKey, privateKey } = await generate('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { format: 'der', type: 'pkcs1' },
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
  });
  // SEQUENCE, INTEGER with a leading zero, INTEGER (2) of 3 octets: the heads of the first two grow with what they hold.
  const octets = bits / 8;
  const end = publicKey.length - 5;
  return {
    privateKey: createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }),
    modulus: new Uint8Array(publicKey.subarray(end - octets, end)),
    exponent: new Uint8Array(publicKey.subarray(end + 2)),
  };
}
