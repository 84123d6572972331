import { createHash } from 'node:crypto';
import type { DomainVerdict } from '@mailanchor/smtp';
import { describe, expect, test } from 'vitest';
import { brokenCheck, check, MISMATCH } from '../../../test/fixtures/sample-checks.ts';
import { LIST_PAGE_BOUNDS, ListPage, type ListPageBounds } from './list-page.ts';

const pageOf = (
  checks: readonly Parameters<ListPage['add']>[],
  bounds: Partial<ListPageBounds> = {},
  bad = 0,
) => {
  const page = new ListPage({ ...LIST_PAGE_BOUNDS, ...bounds });
  for (const each of checks) page.add(...each);
  return [...page.render(bad)].join('');
};
const many = (verdict: DomainVerdict, count: number): [ReturnType<typeof check>][] =>
  Array.from({ length: count }, (_, i) => [
    check({ verdict, target: `${verdict}-${i}.example`, findings: [] }),
  ]);
const targets = (page: string) =>
  [...page.matchAll(/<strong>([^<]*\.example)<\/strong>/g)].map(([, name]) => name);

test('the gravest first, those of a verdict by name, each with all that is known', () => {
  const page = pageOf([...many('protected', 2), [brokenCheck()], ...many('partial', 1)], {}, 2);
  expect(page.match(/<details /g)).toHaveLength(4);
  expect(page.indexOf('>example.org<')).toBeLessThan(page.indexOf('>partial-0.example<'));
  expect(page.indexOf('>partial-0.example<')).toBeLessThan(page.indexOf('>protected-0.example<'));
  for (const part of [
    '4 targets',
    'no-match',
    'EC P-256',
    '2 lines of the list were no targets',
    MISMATCH.effect,
  ]) {
    expect(page).toContain(part);
  }
});

test('counts are filters: each has its button before the list, and a rule that hides the others', () => {
  const page = pageOf([[brokenCheck()], [brokenCheck()], ...many('protected', 3)]);
  const labels = [...page.matchAll(/<label for="([^"]+)"[^>]*><strong>([^<]+)<\/strong> (\d+)/g)];
  expect(labels.map(([, id, text, count]) => `${id} ${text} ${count}`)).toEqual(
    expect.arrayContaining([
      'v-broken broken 2',
      'v-protected protected 3',
      'c-tlsa-mismatch tlsa-mismatch 2',
    ]),
  );
  for (const [, id] of labels) {
    expect(page.indexOf(`id="${id}"`)).toBeLessThan(page.indexOf('<div class="list">'));
    if (id === 'all') continue;
    expect(page).toContain(`#${id}:checked~.list>.t:not(.${id})`);
    expect(page).toMatch(new RegExp(`<details class="[^"]*\\b${id}\\b`));
  }
});

test('a profile: its outcomes count and filter too', () => {
  const profile = { name: 'p', title: 'P', outcome: 'fail' as const, rules: [] };
  const page = pageOf([
    [check(), profile],
    [check(), { ...profile, outcome: 'pass' }],
  ]);
  expect(page).toMatch(/<label for="p-fail"[^>]*><strong>[^<]+<\/strong> 1/);
  expect(page).toMatch(/<label for="p-pass"/);
});

test('nothing is fetched, no script, the style by its digest', () => {
  const page = pageOf([[brokenCheck()], ...many('protected', 1)]);
  expect(page).not.toMatch(/\b(?:src|href)=|url\(|@import|style="|<script/);
  const [, style] = /<style>(.*)<\/style>/s.exec(page)!;
  const [, digest] = /style-src &#39;sha256-([^&]+)&#39;/.exec(page)!;
  expect(digest).toBe(createHash('sha256').update(style!).digest('base64'));
});

test('what a file of results holds stays text, and comes into no style sheet', () => {
  const evil = '</style><script>alert(1)</script>';
  const page = pageOf([
    [check({ target: evil, findings: [{ ...MISMATCH, code: evil, subject: evil, text: evil }] })],
  ]);
  expect(page).not.toContain('<script');
  expect(page).not.toContain('c-</style>');
  expect(page.match(/<\/style>/g)).toHaveLength(1);
});

test('what is no check is refused and not counted', () => {
  const page = new ListPage();
  expect(() => page.add(JSON.parse('{"target":"x","verdict":"broken","findings":[]}'))).toThrow();
  expect([...page.render(0)].join('')).toContain('0 targets');
});

describe('bounds', () => {
  test('lines: the mildest are counted only', () => {
    const page = pageOf([...many('protected', 5), ...many('broken', 3), ...many('protected', 1)], {
      lines: 4,
    });
    expect(targets(page).map((name) => name?.split('-')[0])).toEqual([
      'broken',
      'broken',
      'broken',
      'protected',
    ]);
    expect(page).toContain('And 5 more, the mildest');
    expect(page).toMatch(/<label for="v-protected"[^>]*><strong>protected<\/strong> 6/);
  });

  test('characters: the gravest keep theirs', () => {
    const one = pageOf([[brokenCheck()]]).length;
    const checks = [
      ...many('protected', 40),
      ...Array.from({ length: 3 }, () => [brokenCheck()] as [ReturnType<typeof brokenCheck>]),
    ];
    const page = pageOf(checks, { characters: one * 3 });
    expect(page.match(/no-match: /g)).toHaveLength(3);
    expect(page.match(/Not told in full here/g)!.length).toBeGreaterThan(0);
    expect(pageOf(checks, { characters: 0 }).match(/Not told in full here/g)).toHaveLength(43);
    expect(pageOf(checks).match(/Not told in full here/g)).toBeNull();
  });

  test('of one target, however much its servers send', () => {
    const long = check({ target: 'long.example', findings: [{ ...MISMATCH, text: 'x'.repeat(300_000) }] });
    expect(pageOf([[long], [brokenCheck()]]).length).toBeLessThan(100_000);
  });

  test('twenty thousand targets stay a page', () => {
    const page = new ListPage();
    for (let i = 0; i < 30_000; i++) page.add(check({ target: `d${i}.example` }));
    const text = [...page.render(0)].join('');
    expect(text.length).toBeLessThan(20 << 20);
    expect(text).toContain('And 10000 more');
  });
});
