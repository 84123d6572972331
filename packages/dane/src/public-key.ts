/**
 * Public keys from SubjectPublicKeyInfo octets. Importing a key costs half as much as verifying a signature with it, and few
 * CA keys sign most certificates, so the last ones are kept, by their octets: the answer is the same with or without.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { DerReader, derValue, oidText, Tag } from './der.ts';
import { MAX_CACHED_KEY_OCTETS, MAX_CACHED_KEYS } from './limits.ts';

const cache = new Map<string, KeyObject>();

/** A key to verify with; null if node:crypto cannot read it. */
export function importPublicKey(spki: Uint8Array): KeyObject | null {
  if (spki.length > MAX_CACHED_KEY_OCTETS) return create(spki);
  const octets = Buffer.from(spki.buffer, spki.byteOffset, spki.length).toString('latin1');
  const known = cache.get(octets);
  const key = known ?? create(spki);
  if (!key) return null;
  // The order of a Map is that of insertion: what is used goes to the end, what is oldest falls out at the front.
  if (known) cache.delete(octets);
  else if (cache.size >= MAX_CACHED_KEYS) cache.delete(cache.keys().next().value!);
  cache.set(octets, key);
  return key;
}

function create(spki: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

const EC_PUBLIC_KEY = '1.2.840.10045.2.1';

/** Is it a key on an elliptic curve whose parameters are written out instead of its name? */
export function hasExplicitCurve(spki: Uint8Array): boolean {
  try {
    const algorithm = new DerReader(derValue(spki, Tag.SEQUENCE).content).enter(Tag.SEQUENCE);
    return oidText(algorithm.read(Tag.OID).content) === EC_PUBLIC_KEY && algorithm.nextTag !== Tag.OID;
  } catch {
    return false;
  }
}
