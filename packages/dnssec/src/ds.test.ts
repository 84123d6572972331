import { Name, RRType, rdataFromText } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { dsDigest, usableDs } from './ds.ts';

const RSA =
  '256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==';
const P384 =
  '257 3 14 xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40';

describe('dsDigest', () => {
  // rfc4034#section-5.4, rfc4509#section-2.3, rfc6605#section-6.2.
  const cases: readonly [string, number, string, string][] = [
    ['dskey.example.com.', 1, RSA, '2BB183AF5F22588179A53B0A98631FAD1A292118'],
    ['dskey.example.com.', 2, RSA, 'D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A'],
    ['DSKEY.Example.COM.', 2, RSA, 'D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A'],
    [
      'example.net.',
      4,
      P384,
      '72D7B62976CE06438E9C0BF319013CF801F09ECC84B8D7E9495F27E305C6A9B0563A9B5F4D288405C3008A946DF983D6',
    ],
  ];
  test.each(cases)('%s type %i', (owner, type, key, digest) => {
    const made = dsDigest(Name.fromText(owner), rdataFromText(RRType.DNSKEY, key), type);
    expect(Buffer.from(made!).toString('hex').toUpperCase()).toBe(digest);
  });
  test.each([0, 3, 5, 255])('none of type %i', (type) => {
    expect(dsDigest(Name.root, new Uint8Array(8), type)).toBeUndefined();
  });
});

describe('rule 7: usableDs', () => {
  const of = (text: string) =>
    text
      .split(' ')
      .filter(Boolean)
      .map((pair) => {
        const [algorithm, digestType] = pair.split('/').map(Number);
        return { keyTag: 1, algorithm: algorithm!, digestType: digestType!, digest: new Uint8Array(0) };
      });
  const cases: readonly [string, string, string][] = [
    ['', '', ''],
    ['8/2 13/2 13/4', '8/2 13/2 13/4', '8/2 13/2 13/4'],
    ['8/1', '', '8/1'],
    ['8/1 8/2', '8/2', '8/2'],
    ['8/1 13/4', '13/4', '13/4'],
    ['8/1 200/2', '', '8/1'],
    ['8/1 8/3', '', '8/1'],
    ['5/2 7/1', '', '5/2'],
    ['1/2 3/2 6/2 12/2 17/2 253/2', '', ''],
    ['8/0 8/3 8/5', '', ''],
  ];
  test.each(cases)('%s: %s, with SHA-1 %s', (given, strict, lax) => {
    expect(usableDs(of(given), { sha1: false })).toEqual(of(strict));
    expect(usableDs(of(given), { sha1: true })).toEqual(of(lax));
  });
});
