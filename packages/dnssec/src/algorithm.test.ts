import { expect, test } from 'vitest';
import { verificationWeight } from './algorithm.ts';

const rsa = (exponent: readonly number[]) =>
  Uint8Array.of(
    ...(exponent.length > 255 ? [0, exponent.length >> 8, exponent.length & 255] : [exponent.length]),
    ...exponent,
    1,
  );

test.each<readonly [string, number, Uint8Array, number, number]>([
  ['P-256', 13, new Uint8Array(64), 200, 1],
  ['Ed25519', 15, new Uint8Array(32), 200, 1],
  ['P-384, several times as slow', 14, new Uint8Array(96), 200, 3],
  ['Ed448', 16, new Uint8Array(57), 200, 3],
  ['RSA as it is', 8, rsa([1, 0, 1]), 200, 1],
  ['RSA with an exponent chosen by an attacker', 8, rsa([1, 1, 1, 1, 1, 1, 1, 1]), 200, 3],
  ['RSA with the long form of the length', 8, rsa(new Array(256).fill(1)), 200, 3],
  ['an RRset of a message full', 13, new Uint8Array(64), 65_535, 2],
  ['an RRset of which the names expand', 13, new Uint8Array(64), 1_500_000, 46],
])('weight of a verification: %s', (_what, algorithm, key, octets, weight) => {
  expect(verificationWeight(algorithm, key, octets)).toBe(weight);
});
