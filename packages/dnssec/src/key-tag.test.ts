import { encodeDnskey, RRType, rdataFromText } from '@mailanchor/dns';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyWithTag, tagOf } from '../test/signed-network/signing-key.ts';
import { keyTag } from './key-tag.ts';

// rfc4034#section-5.4, rfc6605#section-6.1.
const cases: readonly [number, string][] = [
  [
    60485,
    '256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==',
  ],
  [
    55648,
    '257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==',
  ],
];
test.each(cases)('%i', (tag, text) => {
  expect(keyTag(rdataFromText(RRType.DNSKEY, text))).toBe(tag);
});

test('RSA/MD5 has its own (rfc4034#appendix-B.1)', () => {
  const rdata = encodeDnskey({
    flags: 256,
    protocol: 3,
    algorithm: 1,
    publicKey: Uint8Array.of(1, 3, 0x77, 0x12, 0x34, 0x56),
  });
  expect(keyTag(rdata)).toBe(0x1234);
  expect(keyTag(Uint8Array.of(1, 0, 3, 1))).toBe(0);
});

test('as the sum over words has it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 5, maxLength: 600 }), (rdata) => {
      fc.pre(rdata[3] !== 1);
      expect(keyTag(rdata)).toBe(tagOf(rdata));
    }),
  );
  for (const tag of [1, 255, 32768, 65535]) expect(keyTag(keyWithTag(tag, 7))).toBe(tag);
});
