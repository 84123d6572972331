import { describe, expect, test } from 'vitest';
import { signingKey } from '../test/signed-network/signing-key.ts';
import { importPublicKey, KeyStore, keyBits } from './public-key.ts';

/** Exponent and modulus as DNSKEY has them (rfc3110#section-2). */
const rsa = (exponent: readonly number[], bits: number, long = false): Uint8Array => {
  const modulus = new Uint8Array(Math.ceil(bits / 8)).fill(0xff);
  modulus[0] = 0xff >> ((8 - (bits % 8)) % 8);
  return Uint8Array.from([...(long ? [0, 0, exponent.length] : [exponent.length]), ...exponent, ...modulus]);
};

describe('importPublicKey', () => {
  const E = [1, 0, 1];
  const cases: readonly [string, number, Uint8Array, boolean][] = [
    ['RSA 1024', 8, rsa(E, 1024), true],
    ['RSA 4096', 8, rsa(E, 4096), true],
    ['RSA 4097: verifying costs too much', 8, rsa(E, 4097), false],
    ['RSA 511', 8, rsa(E, 511), false],
    ['the length of the exponent in three octets', 8, rsa(E, 1024, true), true],
    ['leading zeros', 8, rsa([0, 1, 0, 1], 1024), true],
    ['an exponent of eight octets', 8, rsa([1, 0, 0, 0, 0, 0, 0, 1], 1024), true],
    ["an exponent of nine octets: an attacker's", 8, rsa([1, 0, 0, 0, 0, 0, 0, 0, 1], 1024), false],
    ['no exponent', 8, rsa([], 1024), false],
    ['an exponent of zero', 8, rsa([0], 1024), false],
    ['an exponent longer than the key', 8, Uint8Array.of(200, 1, 2, 3), false],
    ['nothing', 8, new Uint8Array(0), false],
    ['P-256 too short', 13, new Uint8Array(63), false],
    ['P-256 too long', 13, new Uint8Array(65), false],
    ['Ed25519 too short', 15, new Uint8Array(31), false],
    ['Ed448 as Ed25519', 15, new Uint8Array(57), false],
  ];
  test.each(cases)('%s', (_, algorithm, publicKey, accepted) => {
    expect(importPublicKey(algorithm, publicKey) !== undefined).toBe(accepted);
  });

  const bits: readonly [number, number][] = [
    [8, 1024],
    [13, 256],
    [14, 384],
    [15, 256],
    [16, 456],
  ];
  test.each(bits)('algorithm %i: %i bits', (algorithm, expected) => {
    const publicKey = signingKey('example.', algorithm).rdata.subarray(4);
    expect(importPublicKey(algorithm, publicKey)?.type).toBe('public');
    expect(keyBits(algorithm, publicKey)).toBe(expected);
  });
});

test('KeyStore: imported once, refusals remembered, bounded', () => {
  const store = new KeyStore(2);
  const key = (number: number) => signingKey('example.', 15, number).rdata.subarray(4);
  const first = store.get(15, key(0));
  expect(store.get(15, Uint8Array.from(key(0)))).toBe(first);
  expect(store.get(13, key(0))).toBeUndefined();
  store.get(15, key(1));
  expect(store.get(15, key(0))).not.toBe(first);
});
