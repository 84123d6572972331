import {
  base32HexEncode,
  encodeNsec3,
  Name,
  type RRset,
  RRType,
  rrTypeFromText,
  TypeBitmap,
} from '@mailanchor/dns';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_BUDGETS, Work } from './budget.ts';
import {
  Nsec3Set,
  nsec3Hash,
  nsec3InsecureDelegation,
  nsec3ProvesExpansion,
  nsec3ProvesNodata,
  nsec3ProvesNxdomain,
} from './nsec3.ts';

const name = (text: string) => Name.fromText(text);
const ZONE = name('example.');
const NO_SALT = new Uint8Array(0);

describe('nsec3Hash (rfc5155#appendix-A)', () => {
  const cases: readonly [string, string][] = [
    ['example.', '0p9mhaveqvm6t7vbl5lop2u3t2rp3tom'],
    ['a.example.', '35mthgpgcu1qg68fab165klnsnk3dpvl'],
    ['ns1.example.', '2t7b4g4vsa5smi47k61mv5bv1a22bojr'],
    ['*.w.example.', 'r53bq7cc2uvmubfu5ocmm6pers9tk9en'],
    ['X.Y.W.EXAMPLE.', '2vptu5timamqttgl4luu9kg21e0aor3s'],
  ];
  test.each(cases)('%s', (asked, expected) => {
    expect(base32HexEncode(nsec3Hash(name(asked), Buffer.from('aabbccdd', 'hex'), 12))).toBe(expected);
  });
});

const hash = (text: string) => Buffer.from(nsec3Hash(name(text), NO_SALT, 0));
const beside = (octets: Buffer, by: number) =>
  Buffer.from(octets.map((octet, i) => (i === 19 ? octet + by : octet)));
interface Span {
  readonly from: Buffer;
  readonly to: Buffer;
  readonly types: readonly string[];
  readonly flags?: number;
  readonly more?: { hashAlgorithm?: number; iterations?: number; salt?: Uint8Array };
  readonly zone?: Name;
}
/** A record whose owner is the hash of the name. */
const match = (text: string, types = '', flags = 0): Span => ({
  from: hash(text),
  to: beside(hash(text), 1),
  types: types.split(' ').filter(Boolean),
  flags,
});
/** A record in whose span the hash of the name falls. */
const cover = (text: string, flags = 0): Span => ({
  from: beside(hash(text), -1),
  to: beside(hash(text), 1),
  types: [],
  flags,
});
const toRRset = ({ from, to, types, flags = 0, more = {}, zone = ZONE }: Span): RRset => ({
  name: zone.prepend(base32HexEncode(from)),
  type: RRType.NSEC3,
  class: 1,
  ttl: 900,
  rdatas: [
    encodeNsec3({
      hashAlgorithm: 1,
      flags,
      iterations: 0,
      salt: NO_SALT,
      nextHashed: to,
      types: TypeBitmap.of(types.map((type) => rrTypeFromText(type)!)),
      ...more,
    }),
  ],
});
const set = (spans: readonly Span[], work = new Work(DEFAULT_BUDGETS, 0)) =>
  Nsec3Set.read(spans.map(toRRset), ZONE, work);

describe('Nsec3Set.read leaves out', () => {
  const left: readonly [string, Span][] = [
    ['unknown hash algorithms', { ...match('a.example.'), more: { hashAlgorithm: 2 } }],
    ['unknown flags', match('a.example.', '', 2)],
    ['opt-out with unknown flags', match('a.example.', '', 0x81)],
    ['owners elsewhere', { ...match('a.example.'), zone: name('com.') }],
    ['owners two labels down', { ...match('a.example.'), zone: name('sub.example.') }],
    ['hashes that are too short', { ...match('a.example.'), to: Buffer.alloc(19) }],
  ];
  test.each(left)('%s', (_, span) => {
    expect(set([span]).records).toEqual([]);
    expect(set([span]).match(name('a.example.'))).toBeUndefined();
  });
  test('records of other parameters than the first', () => {
    const other = { ...match('b.example.'), more: { iterations: 1 } };
    const salted = { ...match('c.example.'), more: { salt: Uint8Array.of(1) } };
    expect(set([match('a.example.'), other, salted]).records).toHaveLength(1);
    expect(set([other, match('a.example.')]).iterations).toBe(1);
  });
  test('malformed ones', () => {
    const rrset = { ...toRRset(match('a.example.')), rdatas: [Uint8Array.of(1, 0)] };
    expect(Nsec3Set.read([rrset], ZONE, new Work(DEFAULT_BUDGETS, 0)).records).toEqual([]);
  });
});

describe('proofs', () => {
  const apex = match('example.', 'SOA NS');
  type Proof = 'proven' | 'opt-out' | 'unproven';
  const nxdomain: readonly [string, Span[], Proof][] = [
    ['closest encloser, next closer, wildcard', [apex, cover('b.example.'), cover('*.example.')], 'proven'],
    ['no closest encloser', [cover('b.example.'), cover('*.example.')], 'unproven'],
    ['no next closer', [apex, cover('*.example.')], 'unproven'],
    ['no wildcard', [apex, cover('b.example.')], 'unproven'],
    ['the wildcard exists', [apex, cover('b.example.'), match('*.example.', 'A')], 'unproven'],
    [
      'the name exists',
      [apex, match('a.b.example.', 'A'), cover('b.example.'), cover('*.example.')],
      'unproven',
    ],
    ['the next closer exists', [apex, match('b.example.', 'A'), cover('*.example.')], 'unproven'],
    ['opt-out', [apex, cover('b.example.', 1), cover('*.example.')], 'opt-out'],
    ['opt-out of the wildcard', [apex, cover('b.example.'), cover('*.example.', 1)], 'proven'],
    [
      'closest encloser is a delegation',
      [match('example.', 'NS'), cover('b.example.'), cover('*.example.')],
      'unproven',
    ],
    [
      'closest encloser is a DNAME',
      [match('example.', 'SOA NS DNAME'), cover('b.example.'), cover('*.example.')],
      'unproven',
    ],
    ['nothing', [], 'unproven'],
  ];
  test.each(nxdomain)('NXDOMAIN: %s', (_, spans, expected) => {
    expect(nsec3ProvesNxdomain(set(spans), name('a.b.example.'))).toBe(expected);
  });

  const nodata: readonly [string, Span[], string, Proof][] = [
    ['the type is not there', [match('b.example.', 'A')], 'TLSA', 'proven'],
    ['the type is there', [match('b.example.', 'A TLSA')], 'TLSA', 'unproven'],
    ['an alias is there', [match('b.example.', 'CNAME')], 'TLSA', 'unproven'],
    ['empty non-terminal', [match('b.example.')], 'TLSA', 'proven'],
    ['ANY where something is', [match('b.example.', 'A')], 'ANY', 'unproven'],
    ['ANY of an empty non-terminal', [match('b.example.')], 'ANY', 'proven'],
    ['parent side of a cut', [match('b.example.', 'NS')], 'A', 'unproven'],
    ['parent side of a cut, DS', [match('b.example.', 'NS')], 'DS', 'proven'],
    ['child side of a cut, DS', [match('b.example.', 'NS SOA')], 'DS', 'unproven'],
    ['opt-out, DS', [apex, cover('b.example.', 1)], 'DS', 'opt-out'],
    ['covered without opt-out, DS', [apex, cover('b.example.')], 'DS', 'unproven'],
    ['opt-out without closest encloser, DS', [cover('b.example.', 1)], 'DS', 'unproven'],
    ['wildcard without the type', [apex, cover('b.example.'), match('*.example.', 'TXT')], 'A', 'proven'],
    ['wildcard with the type', [apex, cover('b.example.'), match('*.example.', 'A')], 'A', 'unproven'],
    ['wildcard that is an alias', [apex, cover('b.example.'), match('*.example.', 'CNAME')], 'A', 'unproven'],
    ['wildcard, opt-out', [apex, cover('b.example.', 1), match('*.example.', 'TXT')], 'A', 'opt-out'],
    ['wildcard without next closer', [apex, match('*.example.', 'TXT')], 'A', 'unproven'],
  ];
  test.each(nodata)('NODATA: %s', (_, spans, type, expected) => {
    expect(nsec3ProvesNodata(set(spans), name('b.example.'), rrTypeFromText(type)!)).toBe(expected);
  });

  const expansion: readonly [string, Span[], Proof][] = [
    ['next closer covered', [cover('b.example.')], 'proven'],
    ['opt-out', [cover('b.example.', 1)], 'opt-out'],
    ['the name covered, not the next closer', [cover('a.b.example.')], 'unproven'],
    ['next closer exists', [match('b.example.', 'A')], 'unproven'],
  ];
  test.each(expansion)('wildcard: %s', (_, spans, expected) => {
    expect(nsec3ProvesExpansion(set(spans), name('a.b.example.'), 1)).toBe(expected);
  });

  const cuts: readonly [string, Span[], boolean][] = [
    ['NS alone', [match('b.example.', 'NS')], true],
    ['NS and DS', [match('b.example.', 'NS DS')], false],
    ['NS and SOA', [match('b.example.', 'NS SOA')], false],
    ['NS and CNAME', [match('b.example.', 'NS CNAME')], false],
    ['no NS', [match('b.example.', 'A')], false],
    ['opt-out', [apex, cover('b.example.', 1)], true],
    ['no opt-out', [apex, cover('b.example.')], false],
    [
      'matched with DS, and opt-out beside',
      [apex, match('b.example.', 'NS DS'), cover('b.example.', 1)],
      false,
    ],
  ];
  test.each(cuts)('unsigned delegation: %s', (_, spans, expected) => {
    expect(nsec3InsecureDelegation(set(spans), name('b.example.'))).toBe(expected);
  });

  test('nothing is said of names outside of the zone', () => {
    expect(set([apex, cover('com.')]).closestEncloser(name('com.'))).toBeUndefined();
  });
});

test('cover: as a ring of hashes, ends excluded', () => {
  const octets = fc.uint8Array({ minLength: 20, maxLength: 20 });
  fc.assert(
    fc.property(octets, octets, (from, to) => {
      const at = hash('b.example.');
      const [a, b] = [Buffer.compare(Buffer.from(from), at), Buffer.compare(at, Buffer.from(to))];
      fc.pre(a !== 0 && b !== 0);
      const wraps = Buffer.compare(Buffer.from(from), Buffer.from(to)) >= 0;
      const expected = wraps ? a < 0 || b < 0 : a < 0 && b < 0;
      const spans = [{ from: Buffer.from(from), to: Buffer.from(to), types: [] }];
      expect(set(spans).cover(name('b.example.')) !== undefined).toBe(expected);
    }),
  );
  const [lone] = [match('b.example.')];
  expect(set([{ ...lone, to: lone.from }]).cover(name('b.example.')), 'a zone of one name').toBeUndefined();
  expect(set([{ ...lone, to: lone.from }]).cover(name('c.example.'))).toBeDefined();
});

test('rule 14: hashes are charged once a name, and bounded for a response', () => {
  const work = new Work(DEFAULT_BUDGETS, 0);
  const of = set([match('example.', 'SOA NS')], work);
  of.match(name('a.example.'));
  of.cover(name('a.example.'));
  expect(work.nsec3Hashes).toBe(1);
  const tight = new Work({ ...DEFAULT_BUDGETS, nsec3HashesPerResponse: 3 }, 0);
  expect(() => nsec3ProvesNxdomain(set([match('zz.example.')], tight), name('a.b.c.d.e.f.example.'))).toThrow(
    /more than 3 NSEC3 hashes for one response/,
  );
  expect(tight.nsec3Hashes).toBe(3);
});
