import {
  base32HexEncode,
  encodeNsec,
  encodeNsec3,
  Name,
  RRType,
  rrTypeFromText,
  rrTypeToText,
  TypeBitmap,
} from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { DEFAULT_BUDGETS, Work } from './budget.ts';
import { DenialStore, isOptOut } from './denial-store.ts';
import { nsec3Hash } from './nsec3.ts';
import type { SignedRRset } from './signature.ts';

const name = (text: string) => Name.fromText(text);
const ZONE = name('example.');
const set = (owner: Name, type: number, rdata: Uint8Array, ttl = 100): SignedRRset => ({
  name: owner,
  type,
  class: 1,
  ttl,
  rdatas: [rdata],
  signatures: [],
});
const nsec = (owner: string, next: string, ttl = 100, types = 'A') =>
  set(
    name(owner),
    RRType.NSEC,
    encodeNsec({ next: name(next), types: TypeBitmap.of([rrTypeFromText(types)!]) }),
    ttl,
  );
const soa = (ttl = 100) => set(ZONE, RRType.SOA, new Uint8Array(0), ttl);
const nsec3 = (of: string, { iterations = 0, salt = '', flags = 0, zone = ZONE } = {}) => {
  const saltOctets = Buffer.from(salt, 'hex');
  const hash = nsec3Hash(name(of), saltOctets, iterations);
  return set(
    zone.prepend(base32HexEncode(hash)),
    RRType.NSEC3,
    encodeNsec3({
      hashAlgorithm: 1,
      flags,
      iterations,
      salt: saltOctets,
      nextHashed: hash,
      types: TypeBitmap.of([]),
    }),
  );
};

function store(...rrsets: readonly SignedRRset[]) {
  const clock = { now: 1000 };
  const made = new DenialStore(() => clock.now);
  made.remember(ZONE, rrsets);
  const owners = (asked: string, work = new Work(DEFAULT_BUDGETS, 0)) =>
    made
      .closest(name(asked), work)
      ?.rrsets.map((rrset) => String(rrset.name))
      .sort();
  return { made, clock, owners };
}

describe('NSEC', () => {
  const chain = [
    nsec('example.', 'b.example.'),
    nsec('b.example.', 'd.example.'),
    nsec('d.example.', 'example.'),
  ];
  const cases: readonly [string, string[] | undefined][] = [
    ['c.example.', ['b.example.', 'example.']],
    ['b.example.', ['b.example.', 'example.']],
    ['z.example.', ['d.example.', 'example.']],
    ['x.c.example.', ['b.example.', 'example.']],
    ['example.', ['example.']],
    ['C.EXAMPLE.', ['b.example.', 'example.']],
    ['com.', undefined],
    ['.', undefined],
  ];
  test.each(cases)('what may deny %s: itself, its ancestors, their wildcards', (asked, expected) => {
    expect(store(...chain).owners(asked)).toEqual(expected);
    expect(store(...chain.toReversed()).owners(asked)).toEqual(expected);
  });

  test('the later record of a name takes the place of the earlier', () => {
    const { made } = store(nsec('b.example.', 'd.example.'), nsec('B.example.', 'c.example.'));
    const [rrset] = made.closest(name('b.example.'), new Work(DEFAULT_BUDGETS, 0))!.rrsets;
    expect(rrset!.rdatas).toEqual(nsec('b.example.', 'c.example.').rdatas);
  });

  test('what has expired is not handed out; the rest as long as the shortest', () => {
    const { made, clock, owners } = store(
      nsec('example.', 'b.example.', 50),
      nsec('b.example.', 'd.example.', 80),
      soa(200),
    );
    expect(made.closest(name('c.example.'), new Work(DEFAULT_BUDGETS, 0))).toMatchObject({
      ttl: 50,
      soa: soa(200),
    });
    clock.now += 50;
    expect(owners('c.example.')).toEqual(['b.example.']);
    clock.now += 30;
    expect(owners('c.example.')).toBeUndefined();
  });

  test('an expired SOA is none', () => {
    const { made, clock } = store(nsec('b.example.', 'd.example.', 80), soa(10));
    clock.now += 10;
    expect(made.closest(name('c.example.'), new Work(DEFAULT_BUDGETS, 0))?.soa).toBeUndefined();
  });

  test('the deepest zone answers', () => {
    const { made, owners } = store(...chain);
    made.remember(name('c.example.'), [nsec('c.example.', 'c.example.')]);
    expect(owners('x.c.example.')).toEqual(['c.example.']);
  });

  test('a zone may be walked, but not kept whole', () => {
    const { made, owners } = store();
    const label = (n: number) => `n${String(n).padStart(5, '0')}`;
    for (let n = 0; n < 5000; n++)
      made.remember(ZONE, [nsec(`${label(n)}.example.`, `${label(n + 1)}.example.`)]);
    const kept = Array.from({ length: 5000 }, (_, n) =>
      owners(`${label(n)}.example.`)?.includes(`${label(n)}.example.`),
    ).filter(Boolean);
    expect(kept.length).toBeLessThanOrEqual(2000);
    expect(kept.length).toBeGreaterThan(1000);
  });
});

describe('NSEC3', () => {
  test('found by hash, other parameters start anew', () => {
    const { made, owners } = store(nsec3('a.example.'), nsec3('example.'));
    const owner = (of: string, options = {}) => String(nsec3(of, options).name);
    expect(owners('a.example.')).toContain(owner('a.example.'));
    const salted = { salt: 'ab' };
    made.remember(ZONE, [nsec3('b.example.', salted)]);
    expect(owners('a.example.')).toEqual([owner('b.example.', salted)]);
  });

  test('owners elsewhere and malformed ones are not kept', () => {
    const { owners } = store(
      nsec3('a.example.', { zone: name('x.example.') }),
      set(name('h.example.'), RRType.NSEC3, Uint8Array.of(1)),
    );
    expect(owners('a.example.')).toBeUndefined();
  });

  test('rule 16: nothing is hashed above the cap', () => {
    const work = new Work(DEFAULT_BUDGETS, 0);
    expect(store(nsec3('a.example.', { iterations: 51 })).owners('a.example.', work)).toBeUndefined();
    expect(work.nsec3Hashes).toBe(0);
    expect(store(nsec3('a.example.', { iterations: 50 })).owners('a.example.', work)).toBeDefined();
    expect(work.nsec3Hashes).toBe(3);
  });

  test('isOptOut', () => {
    expect(isOptOut(nsec3('a.example.', { flags: 1 }))).toBe(true);
    expect(isOptOut(nsec3('a.example.'))).toBe(false);
    expect(isOptOut(nsec('a.example.', 'b.example.'))).toBe(false);
  });
});

describe('what was verified before', () => {
  const signed = (rrset: SignedRRset, ...signatures: readonly number[]): SignedRRset => ({
    ...rrset,
    signatures: signatures.map((octet) => Uint8Array.of(octet)),
  });
  const kept = [
    signed(nsec('a.example.', 'c.example.'), 1),
    signed(nsec3('b.example.'), 2),
    signed(soa(), 3),
  ];

  test.each(kept.map((rrset) => [rrTypeToText(rrset.type), rrset] as const))(
    '%s: good for as long',
    (_, rrset) => {
      const { made, clock } = store(...kept);
      expect(made.verified(ZONE, rrset)).toBe(100);
      clock.now += 40;
      expect(made.verified(ZONE, rrset)).toBe(60);
      expect(made.verified(ZONE, { ...rrset, ttl: 50 })).toBe(50);
      // Verified anew before its time has dwindled to nothing.
      clock.now += 20;
      expect(made.verified(ZONE, rrset)).toBeUndefined();
    },
  );

  const others: readonly [string, SignedRRset][] = [
    ['another signature', signed(nsec('a.example.', 'c.example.'), 9)],
    ['one more signature', signed(nsec('a.example.', 'c.example.'), 1, 1)],
    ['no signature', nsec('a.example.', 'c.example.')],
    ['other data', signed(nsec('a.example.', 'd.example.'), 1)],
    ['another owner', signed(nsec('b.example.', 'c.example.'), 1)],
    ['an owner before all', signed(nsec('0.example.', 'c.example.'), 1)],
    ['another hash', signed(nsec3('x.example.'), 2)],
    ['another SOA', signed(set(ZONE, RRType.SOA, Uint8Array.of(1)), 3)],
    ['a type that is never kept', signed(set(ZONE, RRType.A, new Uint8Array(4)), 3)],
  ];
  test.each(others)('%s is not', (_, rrset) => {
    expect(store(...kept).made.verified(ZONE, rrset)).toBeUndefined();
  });

  test('another zone has not verified it', () => {
    expect(store(...kept).made.verified(name('com.'), kept[0]!)).toBeUndefined();
  });
});
