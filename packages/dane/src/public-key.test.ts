import { expect, test } from 'vitest';
import { makeKey } from '../test/make-certificate.ts';
import { MAX_CACHED_KEYS } from './limits.ts';
import { importPublicKey } from './public-key.ts';

test('the same octets give the same key, and the oldest fall out', () => {
  const first = makeKey('ed25519').spki;
  const key = importPublicKey(first);
  expect(importPublicKey(Uint8Array.from(first))).toBe(key);
  for (let n = 0; n < MAX_CACHED_KEYS; n++) importPublicKey(makeKey('ed25519').spki);
  const again = importPublicKey(first)!;
  expect(again).not.toBe(key);
  expect(again.equals(key!)).toBe(true);
});

test('what is no key is null, every time', () => {
  expect(importPublicKey(Buffer.from('no key'))).toBeNull();
  expect(importPublicKey(Buffer.from('no key'))).toBeNull();
});
