import { encodeA, encodeSingleName, Name, type ResourceRecord, RRType } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import type { Validated } from '../validated.ts';
import { AnswerCache } from './answer-cache.ts';

const name = (text: string) => Name.fromText(text);
const record = (owner: string, type: number, rdata: Uint8Array, ttl = 100): ResourceRecord => ({
  name: name(owner),
  type,
  class: 1,
  ttl,
  rdata,
});
const base = { status: 'secure', authority: [], chain: [], ttl: 100 } as const;
const answer = (owner: string, ttl = 100): Validated => {
  const records = [record(owner, RRType.A, encodeA('192.0.2.1'), ttl)];
  return { ...base, kind: 'answer', owner: name(owner), records, answer: records, ttl };
};
const denial = (owner: string, kind: 'nodata' | 'nxdomain'): Validated => ({
  ...base,
  kind,
  owner: name(owner),
  records: [],
  answer: [],
});
const alias = (owner: string, target: string): Validated => {
  const records = [record(owner, RRType.CNAME, encodeSingleName(name(target)))];
  return {
    ...base,
    kind: 'alias',
    via: 'CNAME',
    owner: name(owner),
    target: name(target),
    records,
    answer: records,
  };
};
const dname = (owner: string, from: string, to: string): Validated => {
  const records = [record(from, RRType.DNAME, encodeSingleName(name(to)))];
  const target = name(owner).replaceSuffix(name(from), name(to));
  const cname = record(owner, RRType.CNAME, target.wire);
  return {
    ...base,
    kind: 'alias',
    via: 'DNAME',
    owner: name(owner),
    target,
    records,
    answer: [...records, cname],
  };
};
const failure = (owner: string): Validated => ({
  kind: 'failure',
  status: 'bogus',
  owner: name(owner),
  reason: { ede: 6, text: 'x' },
  chain: [],
  ttl: 60,
});

function cache(octets = 1_000_000) {
  const clock = { now: 1000 };
  const made = new AnswerCache(octets, () => clock.now);
  const kindOf = (owner: string, type: number) => made.get(name(owner), type)?.kind;
  return { made, clock, kindOf };
}

describe('AnswerCache', () => {
  const { A, TXT, CNAME, DNAME, DS, ANY } = RRType;
  const all = [A, TXT, CNAME, DNAME, DS, ANY];
  /** What is kept, and what is then known of a name for A, TXT, CNAME, DNAME, DS, ANY. */
  const cases: readonly [string, string, number, Validated, string, (string | undefined)[]][] = [
    [
      'an answer: its type alone',
      'a.',
      A,
      answer('a.'),
      'a.',
      ['answer', undefined, undefined, undefined, undefined, undefined],
    ],
    [
      'names in any case',
      'a.',
      A,
      answer('a.'),
      'A.',
      ['answer', undefined, undefined, undefined, undefined, undefined],
    ],
    [
      'NODATA: its type alone',
      'a.',
      TXT,
      denial('a.', 'nodata'),
      'a.',
      [undefined, 'nodata', undefined, undefined, undefined, undefined],
    ],
    [
      'NODATA of CNAME: its type alone',
      'a.',
      CNAME,
      denial('a.', 'nodata'),
      'a.',
      [undefined, undefined, 'nodata', undefined, undefined, undefined],
    ],
    [
      'an answer to CNAME: its type alone',
      'a.',
      CNAME,
      { ...answer('a.'), kind: 'answer' } as Validated,
      'a.',
      [undefined, undefined, 'answer', undefined, undefined, undefined],
    ],
    [
      'a failure of CNAME: its type alone',
      'a.',
      CNAME,
      failure('a.'),
      'a.',
      [undefined, undefined, 'failure', undefined, undefined, undefined],
    ],
    [
      'NXDOMAIN: every type',
      'a.',
      TXT,
      denial('a.', 'nxdomain'),
      'a.',
      ['nxdomain', 'nxdomain', 'nxdomain', 'nxdomain', 'nxdomain', 'nxdomain'],
    ],
    [
      'an alias: every type but DS and ANY',
      'a.',
      A,
      alias('a.', 'b.'),
      'a.',
      ['alias', 'alias', 'alias', 'alias', undefined, undefined],
    ],
    [
      'a failure: its type alone',
      'a.',
      A,
      failure('a.'),
      'a.',
      ['failure', undefined, undefined, undefined, undefined, undefined],
    ],
    [
      'a DNAME: every type below',
      'x.a.',
      A,
      dname('x.a.', 'a.', 'b.'),
      'y.z.a.',
      ['alias', 'alias', 'alias', 'alias', 'alias', 'alias'],
    ],
    [
      'a DNAME: itself alone at its name',
      'x.a.',
      A,
      dname('x.a.', 'a.', 'b.'),
      'a.',
      [undefined, undefined, undefined, 'answer', undefined, undefined],
    ],
    ['a DNAME: nothing beside it', 'x.a.', A, dname('x.a.', 'a.', 'b.'), 'xa.', all.map(() => undefined)],
  ];
  test.each(cases)('%s', (_, owner, type, value, asked, expected) => {
    const { made, kindOf } = cache();
    made.set(name(owner), type, value);
    expect(all.map((each) => kindOf(asked, each))).toEqual(expected);
  });

  test('a DNAME makes another alias of each name below', () => {
    const { made } = cache();
    made.set(name('x.a.'), A, dname('x.a.', 'a.', 'b.'));
    const found = made.get(name('y.a.'), A);
    expect(found).toMatchObject({ kind: 'alias', via: 'DNAME', owner: name('y.a.'), target: name('y.b.') });
    expect(found?.kind === 'alias' && found.answer.map((each) => `${each.name} ${each.type}`)).toEqual([
      'a. 39',
      'y.a. 5',
    ]);
    expect(
      made.get(name(`${'l'.repeat(63)}.${'m'.repeat(63)}.${'n'.repeat(63)}.${'o'.repeat(59)}.a.`), A),
    ).toMatchObject({ kind: 'alias' });
  });

  test('a name that a DNAME makes too long is not known', () => {
    const { made } = cache();
    made.set(name('x.a.'), A, dname('x.a.', 'a.', `${'b'.repeat(63)}.`));
    expect(made.get(name(`${'l'.repeat(63)}.${'m'.repeat(63)}.${'n'.repeat(63)}.a.`), A)).toBeUndefined();
  });

  test('TTLs are counted down; at the end nothing is known', () => {
    const { made, clock } = cache();
    made.set(name('a.'), A, answer('a.', 100));
    clock.now += 40;
    expect(made.get(name('a.'), A)).toMatchObject({
      ttl: 60,
      lifetime: 100,
      records: [{ ttl: 60 }],
      answer: [{ ttl: 60 }],
    });
    clock.now += 59;
    expect(made.get(name('a.'), A)).toMatchObject({ ttl: 1 });
    clock.now += 1;
    expect(made.get(name('a.'), A)).toBeUndefined();
    expect(made.size).toBe(0);
  });

  test('what has no time is not kept', () => {
    const { made } = cache();
    made.set(name('a.'), A, answer('a.', 0));
    expect(made.size).toBe(0);
  });

  test('full: what was used longest ago goes', () => {
    const { made, kindOf } = cache(2000);
    for (const owner of ['a.', 'b.', 'c.']) made.set(name(owner), A, answer(owner));
    expect(kindOf('a.', A)).toBe('answer');
    made.set(name('d.'), A, answer('d.'));
    expect(['a.', 'b.', 'c.', 'd.'].map((owner) => kindOf(owner, A))).toEqual([
      'answer',
      undefined,
      'answer',
      'answer',
    ]);
    expect(made.octets).toBeLessThanOrEqual(2000);
  });

  test('what alone is too large is not kept, and nothing is counted for it', () => {
    const { made } = cache(500);
    made.set(name('a.'), A, answer('a.'));
    expect([made.size, made.octets]).toEqual([0, 0]);
  });
});
