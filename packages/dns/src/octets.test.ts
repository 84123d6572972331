import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { octets } from '../test/arbitrary.ts';
import { ipv4FromText, ipv6FromText, ipv6ToText } from './address.ts';
import { base32HexDecode, base32HexEncode } from './base32hex.ts';
import { DnsFormatError } from './errors.ts';
import { base64Decode, base64Encode, concatOctets, equalOctets, hexDecode, hexEncode } from './octets.ts';

describe('octets as text', () => {
  it('come back from hexadecimal, base64 and base32hex', () => {
    fc.assert(
      fc.property(octets(64), (given) => {
        // A view into something larger must not show the rest.
        const padded = concatOctets([Uint8Array.of(1), given, Uint8Array.of(2)]).subarray(
          1,
          1 + given.length,
        );
        expect(hexDecode(hexEncode(padded))).toEqual(given);
        expect(base64Decode(base64Encode(padded))).toEqual(given);
        expect(base32HexDecode(base32HexEncode(padded))).toEqual(given);
        expect(base32HexDecode(base32HexEncode(padded).toUpperCase())).toEqual(given);
      }),
    );
  });

  /** rfc4648#section-10, without padding. */
  it.each([
    ['', ''],
    ['f', 'co'],
    ['fo', 'cpng'],
    ['foo', 'cpnmu'],
    ['foob', 'cpnmuog'],
    ['fooba', 'cpnmuoj1'],
    ['foobar', 'cpnmuoj1e8'],
  ])('base32hex of "%s"', (text, expected) => {
    expect(base32HexEncode(new Uint8Array(Buffer.from(text)))).toBe(expected);
  });

  it.each(['c', '0', '000', '000000', 'cpn', 'cpnmuo', 'cw', 'c=', 'cp', 'é0', 'co======'])(
    'refuses base32hex "%s"',
    (text) => {
      expect(() => base32HexDecode(text)).toThrow(DnsFormatError);
    },
  );

  it.each(['a', 'zz', '0x00', ' 00'])('refuses hexadecimal "%s"', (text) => {
    expect(() => hexDecode(text)).toThrow(DnsFormatError);
  });

  it.each(['A', 'AA', 'AAA', 'AA=A', 'A===', 'AA_-'])('refuses base64 "%s"', (text) => {
    expect(() => base64Decode(text)).toThrow(DnsFormatError);
  });

  it('are compared by content', () => {
    expect(equalOctets(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(equalOctets(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(equalOctets(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false);
  });
});

describe('addresses', () => {
  it('come back from text', () => {
    const sparse = fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(
        fc.oneof(
          octets(16, 16),
          sparse.map((list) => Uint8Array.from(list)),
        ),
        (given) => {
          expect(ipv6FromText(ipv6ToText(given))).toEqual(given);
        },
      ),
    );
  });

  it.each([
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
  ])('%s is written %s', (text, canonical) => {
    expect(ipv6ToText(ipv6FromText(text))).toBe(canonical);
  });

  it.each(['1.2.3', '1.2.3.4.5', '01.2.3.4', '256.1.1.1', ''])('refuses IPv4 "%s"', (text) => {
    expect(() => ipv4FromText(text)).toThrow(DnsFormatError);
  });

  it.each(['1::2::3', ':::', '1:2:3:4:5:6:7', 'fe80::1%1', '::1.2.3', ''])('refuses IPv6 "%s"', (text) => {
    expect(() => ipv6FromText(text)).toThrow(DnsFormatError);
  });
});
