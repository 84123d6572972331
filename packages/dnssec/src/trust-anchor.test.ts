import { describe, expect, test } from 'vitest';
import { parseTrustAnchors, rootTrustAnchors } from './trust-anchor.ts';

const DIGEST = 'E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D';

describe('trust anchors', () => {
  test('the built-in ones are those of the root', () => {
    expect(rootTrustAnchors().map((record) => record.name.toString())).toEqual(['.', '.']);
  });

  test('several anchors, any zone', () => {
    const text = `; practice\n. IN DS 20326 8 2 ${DIGEST}\nexample. 3600 IN DS 1 13 2 (\n  ${DIGEST} )\n`;
    expect(parseTrustAnchors(text).map((record) => record.name.toString())).toEqual(['.', 'example.']);
  });

  test.each([
    [
      'a digest that lost two characters',
      `\n. IN DS 20326 8 2 ${DIGEST.slice(2)}\n`,
      /^anchors:2: a digest of type 2 has 32 octets/,
    ],
    ['an odd digit', `. IN DS 20326 8 2 ${DIGEST.slice(1)}\n`, /^anchors:1: /],
    ['a letter that is no digit', `. IN DS 20326 8 2 ${DIGEST.slice(1)}X\n`, /^anchors:1: /],
    ['another type', '. IN NS a.root.\n', /^anchors: .*not NS/],
    ['a revoked key', '. IN DNSKEY 385 3 8 AwEAAa==\n', /^anchors: .*revoked/],
    ['nothing', '; nothing\n', /^anchors: no DS or DNSKEY/],
  ])('refused: %s', (_, text, message) => {
    expect(() => parseTrustAnchors(text, 'anchors')).toThrow(message);
  });
});
