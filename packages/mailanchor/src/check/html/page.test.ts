import { expect, test } from 'vitest';
import {
  brokenCheck,
  certificate,
  check,
  host,
  MISMATCH,
  session,
} from '../../../test/fixtures/sample-checks.ts';
import type { RuleResult } from '../../profile/profile.ts';
import { renderPage } from './page.ts';

test('verdict, hosts, records, chain, findings with what to copy', () => {
  const page = renderPage([brokenCheck()]);
  for (const part of [
    'BROKEN',
    'example.org',
    'mx1.example.org',
    'tlsa-mismatch',
    'EC P-256',
    '3 1 1',
    'no-match',
  ]) {
    expect(page).toContain(part);
  }
  expect(page.indexOf('tlsa-mismatch')).toBeLessThan(page.indexOf('tlsa-no-next'));
  expect(page).toContain(`<pre>${MISMATCH.fix!.split('\n')[1]}</pre>`);
});

test('what servers and zones say stays text', () => {
  const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>\u001b[2J`;
  const page = renderPage([
    check({
      target: evil,
      hosts: [
        host({
          host: evil,
          sessions: [
            session({ text: evil, chain: [certificate({ subject: evil, key: evil, error: evil })] }),
            session({ match: { kind: 'mismatch', reason: 'no-match', depth: null, text: evil } }),
          ],
          problem: { stage: 'tlsa', status: 'bogus', ede: 0, text: evil },
        }),
      ],
      findings: [{ ...MISMATCH, code: evil, subject: evil, text: evil, effect: evil, fix: evil }],
      beside: { sts: { kind: 'unknown', text: evil }, tlsrpt: { kind: 'record', rua: [evil] } },
    }),
  ]);
  expect(page).not.toMatch(/<script|<img/);
  expect(page).not.toContain('\u001b');
  expect(page.match(/&lt;script&gt;/g)!.length).toBeGreaterThan(10);
});

test('nothing is fetched: no address, no script, styles by their digest', () => {
  const page = renderPage([check(), brokenCheck()]);
  expect(page).not.toMatch(/\b(?:src|href)=|url\(|@import|style="/);
  expect(page).toMatch(
    /Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-/,
  );
  expect(page).toContain('2 targets');
});

test('a profile: each rule with number, title, source and why; markup in one stays text', () => {
  const evil = '<script>alert(1)</script>';
  const rule = (outcome: RuleResult['outcome'], over: Partial<RuleResult> = {}): RuleResult => ({
    id: `R-${outcome}`,
    source: 'RFC 7672 section 2.2',
    title: `title of ${outcome}`,
    verified: true,
    outcome,
    because: [],
    reason: null,
    ...over,
  });
  const rules = [
    rule('pass', { verified: false }),
    rule('fail', { because: ['tlsa-mismatch'] }),
    rule('not-judged', { reason: 'ciphers are not tried' }),
    rule('fail', { id: evil, title: evil, source: evil, because: [evil] }),
  ];
  const judged = check();
  const profile = { name: evil, title: evil, outcome: 'fail' as const, rules };
  const page = renderPage([judged, check()], new Map([[judged, profile]]));
  for (const outcome of ['pass', 'fail', 'not-judged']) {
    expect(page).toContain(`<code>R-${outcome}</code>`);
    expect(page).toContain(`title of ${outcome}`);
  }
  for (const part of ['tlsa-mismatch', 'ciphers are not tried', 'not judged', 'RFC 7672 section 2.2']) {
    expect(page).toContain(part);
  }
  expect(page.match(/not compared with its source/g)).toHaveLength(1);
  expect(page).not.toContain('<script');
  // The second check was not judged by it.
  expect(page.match(/class="rules"/g)).toHaveLength(1);
});
