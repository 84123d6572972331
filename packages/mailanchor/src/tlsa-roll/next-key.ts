/** Keys made in advance: for their owner alone, and on the disk before any record speaks of them. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MailanchorError } from '../errors.ts';
import { readKept, replaceKept } from '../resolver-service/kept-file.ts';
import type { NextKeyKind } from './settings.ts';

export interface NextKey {
  readonly path: string;
  /** SubjectPublicKeyInfo */
  readonly spki: Uint8Array;
}

export function nextKeyPath(folder: string, label: string): string {
  return join(folder, `next-${label}.key`);
}

/** Undefined where there is none. Throws `MailanchorError` where there is one that cannot be used: it is not made anew by itself. */
export async function readNextKey(folder: string, label: string): Promise<NextKey | undefined> {
  const path = nextKeyPath(folder, label);
  const kept = await readKept(path);
  if (kept.kind === 'none') return undefined;
  if (kept.kind === 'unusable') throw new MailanchorError('next-key', kept.why);
  try {
    return { path, spki: spkiOf(createPrivateKey(Buffer.from(kept.octets))) };
  } catch (cause) {
    throw new MailanchorError(
      'next-key',
      `${path} holds no whole private key: put it back, or remove it to have another made`,
      { cause },
    );
  }
}

/** Overwrites the one that is there: call only where that is in use elsewhere. Rejects where it cannot be written. */
export async function makeNextKey(folder: string, label: string, kind: NextKeyKind): Promise<NextKey> {
  const path = nextKeyPath(folder, label);
  const { privateKey } = await generate(kind);
  await replaceKept(path, Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  return { path, spki: spkiOf(privateKey) };
}

/** The kind of key that takes the place of this one. */
export function sameKind(key: KeyObject): NextKeyKind {
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'rsa-pss') return 'ecdsa';
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return bits > 3072 ? 'rsa-4096' : bits > 2048 ? 'rsa-3072' : 'rsa-2048';
}

function spkiOf(key: KeyObject): Uint8Array {
  return new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }));
}

const generatePair = promisify(generateKeyPair);

function generate(kind: NextKeyKind): Promise<{ privateKey: KeyObject }> {
  if (kind === 'ecdsa') return generatePair('ec', { namedCurve: 'P-256' });
  return generatePair('rsa', { modulusLength: Number(kind.slice(4)) });
}
