import { expect, test } from 'vitest';
import {
  brokenCheck,
  certificate,
  check,
  host,
  MISMATCH,
  session,
} from '../../../test/fixtures/sample-checks.ts';
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
