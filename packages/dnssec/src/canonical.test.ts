import { Name, type RRset, RRType, rdataFromText, rrTypeFromText } from '@mailanchor/dns';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { canonicalOrder, canonicalRdata, RRSIG_FIXED_OCTETS, signedData } from './canonical.ts';

const name = (text: string) => Name.fromText(text);
const rdata = (type: string, text: string) => rdataFromText(rrTypeFromText(type)!, text);

describe('canonicalRdata (rfc4034#section-6.2)', () => {
  const lowered: readonly [string, string][] = [
    ['NS', 'NS1.Example.'],
    ['CNAME', 'WWW.Example.'],
    ['DNAME', 'Example.'],
    ['PTR', 'WWW.Example.'],
    ['MX', '10 MAIL.Example.'],
    ['SRV', '1 2 25 MAIL.Example.'],
    ['SOA', 'NS1.Example. HostMaster.Example. 1 2 3 4 5'],
  ];
  test.each(lowered)('%s: names in lower case', (type, text) => {
    const given = rdata(type, text);
    const before = Uint8Array.from(given);
    expect(canonicalRdata(rrTypeFromText(type)!, given)).toEqual(rdata(type, text.toLowerCase()));
    expect(given, 'the argument stays as it is').toEqual(before);
  });

  // rfc6840#section-5.1: not NSEC; and nothing of types whose data holds no names.
  const kept: readonly [string, string][] = [
    ['NSEC', 'WWW.Example. A RRSIG NSEC'],
    ['TXT', '"WWW.Example."'],
    ['TLSA', '3 1 1 4142434445'],
    ['MX', '10 mail.example.'],
    ['SVCB', '1 WWW.Example.'],
  ];
  test.each(kept)('%s %s: as it is, and not copied', (type, text) => {
    const given = rdata(type, text);
    expect(canonicalRdata(rrTypeFromText(type)!, given)).toBe(given);
  });

  test('octets before a name that look like letters stay', () => {
    const given = rdata('MX', '16705 A.');
    expect(canonicalRdata(RRType.MX, given)).toEqual(rdata('MX', '16705 a.'));
  });

  test('data that does not fit its type stays', () => {
    const broken = Uint8Array.of(0x41);
    expect(canonicalRdata(RRType.MX, broken)).toBe(broken);
  });
});

test('canonicalOrder: left-justified octets, the shorter first (rfc4034#section-6.3)', () => {
  const sorted = [[], [0], [0, 0], [0, 255], [1], [127], [128], [255]].map((octets) =>
    Uint8Array.from(octets),
  );
  expect(sorted.toReversed().sort(canonicalOrder)).toEqual(sorted);
});

describe('signedData (rfc4035#section-5.3.2)', () => {
  const rrsig = (labels: number) =>
    Uint8Array.from([0, 1, 15, labels, 0, 0, 14, 16, ...new Array(RRSIG_FIXED_OCTETS - 8).fill(7), 99, 99]);
  const rrset = (owner: string, ...rdatas: number[][]): RRset => ({
    name: name(owner),
    type: 1,
    class: 1,
    ttl: 5,
    rdatas: rdatas.map((octets) => Uint8Array.from(octets)),
  });
  /** Owner and data of each record after the RRSIG's part and the signer. */
  const lines = (data: Uint8Array, signer: Name): string[] => {
    const found: string[] = [];
    let at = RRSIG_FIXED_OCTETS + signer.wire.length;
    while (at < data.length) {
      const begin = at;
      while (data[at]! > 0) at += data[at]! + 1;
      const owner = Name.fromWire(data.slice(begin, at + 1));
      const [ttl, length] = [data.slice(at + 5, at + 9), data[at + 10]!];
      found.push(`${owner} ${ttl.join('.')} ${data.slice(at + 11, at + 11 + length).join('.')}`);
      at += 11 + length;
    }
    return found;
  };
  const cases: readonly [string, number, RRset, string[]][] = [
    ['original TTL', 2, rrset('www.example.', [1]), ['www.example. 0.0.14.16 1']],
    ['lower case owner', 2, rrset('WWW.EXAMPLE.', [1]), ['www.example. 0.0.14.16 1']],
    [
      'in order',
      2,
      rrset('www.example.', [2], [1, 1], [1]),
      ['www.example. 0.0.14.16 1', 'www.example. 0.0.14.16 1.1', 'www.example. 0.0.14.16 2'],
    ],
    [
      'without duplicates',
      2,
      rrset('www.example.', [2], [1], [2]),
      ['www.example. 0.0.14.16 1', 'www.example. 0.0.14.16 2'],
    ],
    ['from a wildcard', 1, rrset('a.www.example.', [1]), ['*.example. 0.0.14.16 1']],
    ['from a wildcard of the root', 0, rrset('www.example.', [1]), ['*. 0.0.14.16 1']],
    ['a wildcard itself', 1, rrset('*.example.', [1]), ['*.example. 0.0.14.16 1']],
    ['a wildcard made by one above', 0, rrset('*.example.', [1]), ['*. 0.0.14.16 1']],
  ];
  test.each(cases)('%s', (_, labels, records, expected) => {
    const signer = name('EXAMPLE.');
    const data = signedData(rrsig(labels), signer, records);
    expect(data.slice(0, RRSIG_FIXED_OCTETS)).toEqual(rrsig(labels).slice(0, RRSIG_FIXED_OCTETS));
    expect(data.slice(RRSIG_FIXED_OCTETS, RRSIG_FIXED_OCTETS + signer.wire.length)).toEqual(
      name('example.').wire,
    );
    expect(lines(data, signer)).toEqual(expected);
  });

  test('neither order nor repetition of records changes it', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.uint8Array({ maxLength: 6 }), { minLength: 1, maxLength: 6, selector: String }),
        fc.array(fc.nat()),
        (rdatas, picks) => {
          const more = picks.map((n) => rdatas[n % rdatas.length]!);
          const of = (all: readonly Uint8Array[]) =>
            signedData(rrsig(2), name('example.'), { ...rrset('www.example.'), rdatas: all });
          expect(of([...more, ...rdatas.toReversed()])).toEqual(of(rdatas));
        },
      ),
    );
  });
});

test('many records are put into order once, whatever the number of signatures over them', () => {
  const rdatas = Array.from({ length: 1000 }, (_, i) => Uint8Array.of(9, 9, (i * 7) >> 8, (i * 7) & 255));
  const rrset: RRset = { name: name('a.'), type: RRType.A, class: 1, ttl: 60, rdatas: [...rdatas].reverse() };
  const rrsig = new Uint8Array(RRSIG_FIXED_OCTETS);
  rrsig[3] = 1;
  const compare = vi.spyOn(Buffer, 'compare');
  const first = signedData(rrsig, Name.root, rrset);
  const once = compare.mock.calls.length;
  const second = signedData(rrsig, Name.root, rrset);
  const twice = compare.mock.calls.length;
  compare.mockRestore();
  expect(second).toEqual(first);
  expect(twice).toBe(once);
  // What is kept is of this RRset alone.
  expect(signedData(rrsig, Name.root, { ...rrset, rdatas: rdatas.slice(1) }).length).toBeLessThan(
    first.length,
  );
});
