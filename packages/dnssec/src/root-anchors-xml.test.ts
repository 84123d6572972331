import { decodeDs } from '@mailanchor/dns';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DnssecError } from './errors.ts';
import { parseTrustAnchors } from './trust-anchor.ts';

/** The document of the shape that IANA publishes; the key of 2017 with its octets left out. */
const digest = (
  id: string,
  dates: string,
  tag: number,
  hex: string,
  more = '',
) => `<KeyDigest id="${id}" ${dates}>
<KeyTag>${tag}</KeyTag>
<Algorithm>8</Algorithm>
<DigestType>2</DigestType>
<Digest>${hex}</Digest>${more}
</KeyDigest>`;
const K2010 = digest(
  'Kjqmt7v',
  'validFrom="2010-07-15T00:00:00+00:00" validUntil="2019-01-11T00:00:00+00:00"',
  19036,
  '49AAC11D7B6F6446702E54A1607371607A1A41855200FD2CE1CDDE32F24E8FB5',
);
const K2017 = digest(
  'Klajeyz',
  'validFrom="2017-02-02T00:00:00+00:00"',
  20326,
  'E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D',
);
const K2024 = digest(
  'Kmyv6jo',
  "validFrom = '2024-07-18T00:00:00+00:00'",
  38696,
  '683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16',
);
const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
const doc = (...digests: readonly string[]) =>
  `${HEAD}<TrustAnchor id="E9724F53-1851-4F86-85E5-F1392102940B" source="http://data.iana.org/root-anchors/root-anchors.xml">
<Zone>.</Zone>
${digests.join('\n')}
</TrustAnchor>
`;
const WHOLE = doc(K2010, K2017, K2024);
const at = (iso: string) => () => Date.parse(iso);
const tags = (text: string, iso: string) =>
  parseTrustAnchors(text, 'root-anchors.xml', at(iso)).map(({ rdata }) => decodeDs(rdata).keyTag);

describe('rule 9: root-anchors.xml', () => {
  test.each([
    ['2012-01-01T00:00:00Z', [19036]],
    ['2010-07-15T00:00:00Z', [19036]],
    ['2018-01-01T00:00:00Z', [19036, 20326]],
    ['2019-01-10T23:59:59Z', [19036, 20326]],
    ['2019-01-11T00:00:00Z', [20326]],
    ['2026-01-01T00:00:00Z', [20326, 38696]],
  ])('keys valid at %s', (time, expected) => {
    expect(tags(WHOLE, time)).toEqual(expected);
  });

  test('what comes out is what the master file has', () => {
    const [ds] = parseTrustAnchors(doc(K2017), 'x', at('2026-01-01T00:00:00Z'));
    const [same] = parseTrustAnchors(
      '. 86400 IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D',
    );
    expect(ds).toEqual(same);
  });

  test('comments, white space, a mark of byte order; other dates', () => {
    const text = `\uFEFF${doc('<!-- old - keys -->', K2017.replace('>E06D', '>\n  E06D').replace('+00:00', '.5Z'))}<!-- end -->`;
    expect(tags(text, '2026-01-01T00:00:00Z')).toEqual([20326]);
    expect(tags(doc(K2017.replace('+00:00', '')), '2026-01-01T00:00:00Z')).toEqual([20326]);
  });

  test('the key beside its digest must be the digest’s own', () => {
    const publicKey = Buffer.alloc(64, 7).toString('base64');
    const key = `\n<PublicKey>${publicKey}</PublicKey>\n<Flags>257</Flags>`;
    const wrong = doc(K2017.replace('</Digest>', `</Digest>${key}`));
    expect(() => tags(wrong, '2026-01-01T00:00:00Z')).toThrow(
      /root-anchors\.xml:\d+: the public key is not the one/,
    );
  });

  const refused: readonly [string, string, RegExp][] = [
    ['none valid yet', doc(K2017), /none of its 1 keys is valid at 2015/],
    ['a document type', WHOLE.replace(HEAD, `${HEAD}<!DOCTYPE x [<!ENTITY a "b">]>`), /:2: "<!DOCTYPE/],
    ['an entity', WHOLE.replace('<Zone>.', '<Zone>&dot;'), /:3: "&dot;/],
    ['CDATA', WHOLE.replace('<Zone>.', '<Zone><![CDATA[.]]>'), /:3: "<!\[CDATA/],
    ['an instruction', WHOLE.replace('<Zone>', '<?php x ?><Zone>'), /:3: "<\?php/],
    [
      'another element',
      WHOLE.replace('<Zone>.</Zone>', '<Zone>.</Zone><More>1</More>'),
      /TrustAnchor lacks KeyDigest|More/,
    ],
    ['another document', `${HEAD}<html><body>moved</body></html>`, /:2: html instead of TrustAnchor/],
    ['no zone', WHOLE.replace('<Zone>.</Zone>', ''), /TrustAnchor lacks Zone/],
    [
      'two zones',
      WHOLE.replace('<Zone>.</Zone>', '<Zone>.</Zone><Zone>.</Zone>'),
      /TrustAnchor lacks KeyDigest/,
    ],
    ['no key', doc(), /TrustAnchor lacks KeyDigest/],
    ['no digest', WHOLE.replace(/<Digest>.*<\/Digest>/, ''), /KeyDigest lacks Digest/],
    ['a digest that lost two digits', WHOLE.replace('49AA', 'AA'), /has 32 octets, that of key 19036 has 31/],
    ['a digest of other letters', WHOLE.replace('49AA', 'XYAA'), /not hexadecimal/],
    ['a tag that is none', WHOLE.replace('19036', '190360'), /KeyTag "190360"/],
    ['no beginning', WHOLE.replace(/validFrom="2017[^"]*"/, ''), /KeyDigest lacks validFrom/],
    ['a date that is none', WHOLE.replace('2017-02-02T', '2017-02-32T'), /validFrom "2017-02-32T/],
    ['an end before the beginning', WHOLE.replace('2019-01-11', '2009-01-11'), /validUntil is not after/],
    ['another attribute', WHOLE.replace('id="Kjqmt7v"', 'id="Kjqmt7v" trust="yes"'), /no attribute trust/],
    ['an attribute twice', WHOLE.replace('id="Kjqmt7v"', 'id="Kjqmt7v" id="x"'), /id twice/],
    ['cut off', WHOLE.slice(0, 400), /ends too early|has no place/],
    ['something behind it', `${WHOLE}more`, /text outside/],
    ['twice', WHOLE + WHOLE.replace(HEAD, ''), /more than one root/],
    ['flags without a key', doc(K2017.replace('</Digest>', '</Digest><Flags>257</Flags>')), /go together/],
    ['too long', doc(K2017, ' '.repeat(70_000)), /longer than/],
    ['a zone that is none', WHOLE.replace('<Zone>.', '<Zone>a..b'), /"a..b" is no zone/],
  ];
  test.each(refused)('refused: %s', (_, text, message) => {
    expect(() => tags(text, '2015-01-01T00:00:00Z')).toThrow(message);
    expect(() => tags(text, '2015-01-01T00:00:00Z')).toThrow(DnssecError);
  });

  test('whatever is changed, the answer is anchors or one clear error', () => {
    fc.assert(
      fc.property(fc.nat(WHOLE.length), fc.nat(40), fc.string({ maxLength: 12 }), (from, count, text) => {
        const changed = `<${(WHOLE.slice(0, from) + text + WHOLE.slice(from + count)).slice(1)}`;
        try {
          expect(tags(changed, '2018-01-01T00:00:00Z').length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(DnssecError);
        }
      }),
    );
  });
});
