/** Documentation, alert rules and metrics of `watch`, against what it does. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { watch } from '../src/config/schema-watch.ts';
import { printable } from '../src/terminal/printable.ts';
import type { Alert } from '../src/watch/alert.ts';
import { subjectOf, textOf } from '../src/watch/alert-text.ts';
import { compose } from '../src/watch/channel-mail.ts';
import { WatchMetrics } from '../src/watch/metrics.ts';
import { temporaryFolder } from './program.ts';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const RULES = path('../prometheus/mailanchor-watch.rules.yml');
const document = readFileSync(path('../../../docs/watch.md'), 'utf8');
const scratch = temporaryFolder();
afterAll(() => scratch.done());

const names = new WatchMetrics({
  clock: () => 0,
  running: () => 0,
  waiting: () => new Map(),
  channels: () => [],
}).registry
  .getMetricsAsArray()
  .map(({ name }) => name);

test('every metric is documented, and the rules speak of metrics that there are', () => {
  expect(names.length).toBeGreaterThan(12);
  const undocumented = names.filter(
    (name) => !new RegExp(`\`${name.replace('mailanchor_watch_', '')}[\`{]`).test(document),
  );
  expect(undocumented).toEqual([]);
  const used = readFileSync(RULES, 'utf8').match(/mailanchor_watch_[a-z0-9_]+/g) ?? [];
  expect(used.length).toBeGreaterThan(6);
  expect(used.filter((name) => !names.includes(name))).toEqual([]);
});

test('every setting is documented', () => {
  const undocumented = Object.keys(watch.shape).filter((key) => !document.includes(`\`${key}\``));
  expect(undocumented).toEqual([]);
});

const installed = spawnSync('promtool', ['--version']).status === 0;
const reason = installed ? '' : ': not installed: promtool (Debian package prometheus)';
test.skipIf(!installed)(`alerts are raised when they should be${reason}`, () => {
  const file = join(scratch.path, 'alerts.test.yml');
  writeFileSync(file, readFileSync(path('fixtures/watch-alerts.test.yml'), 'utf8').replace('RULES', RULES));
  for (const args of [
    ['check', 'rules', RULES],
    ['test', 'rules', file],
  ]) {
    const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
    expect(`${status} ${stdout}${stderr}`).toMatch(/^0 [\s\S]*SUCCESS/);
  }
});

const alert = (more: Partial<Alert>): Alert => ({
  id: '1',
  episode: '1',
  kind: 'raised',
  target: 'example.org',
  severity: 'error',
  code: 'tlsa-mismatch',
  subject: 'mx1.example.org',
  text: 'No usable TLSA record matches the one certificate that the server presented.',
  effect: 'Senders that validate DANE defer mail for this host, and return it if nothing changes.',
  fix: '_25._tcp.mx1.example.org. 3600 IN TLSA 3 1 1 d0d9396cce8dedae1d150de4888633b12e0c6616038aadd7fbdd2bc94de4814d',
  since: '2026-11-25T19:53:00.000Z',
  at: '2026-11-25T19:54:00.000Z',
  flapping: false,
  ...more,
});
const alerts = [
  alert({}),
  alert({
    id: '2',
    kind: 'resolved',
    target: 'example.net',
    code: 'host-unreachable',
    subject: 'mx.example.net',
    text: 'mx.example.net [192.0.2.1] does not answer.',
    since: '2026-11-25T18:02:00.000Z',
  }),
];

test('the mail of the page is the mail as it is sent', async () => {
  const envelope = { id: 'a', madeAt: 0, host: 'watch.example.net', alerts };
  const indented = textOf(envelope)
    .trimEnd()
    .replaceAll(/^(?=.)/gm, '    ');
  expect(document).toContain(`\n\n${indented}\n`);
  const raw = (
    await compose(envelope, 'mailanchor@watch.example.net', ['postmaster@example.net'], envelope.host)
  ).toString();
  const head = raw.slice(0, raw.indexOf('\r\n\r\n'));
  const shown = document
    .slice(document.indexOf('    From: mailanchor watch'), document.indexOf('    Auto-Submitted:') + 40)
    .split('\n');
  for (const line of shown.map((each) => each.trim()).filter((each) => each.includes(': ')))
    expect(head).toContain(line);
  expect(document).toContain(subjectOf(alerts));
});

test.each<[string, readonly Alert[], RegExp]>([
  ['one', [alert({})], /^\[mailanchor\] error: tlsa-mismatch mx1\.example\.org \(example\.org\)$/],
  ['worse', [alert({ kind: 'worse' })], /^\[mailanchor\] now an error: /],
  [
    'still there',
    [alert({ kind: 'reminder', severity: 'warning' })],
    /^\[mailanchor\] still there, warning: /,
  ],
  [
    'many',
    Array.from({ length: 9 }, (_, i) => alert({ target: `d${i}.example` })),
    /^\[mailanchor\] 9 errors: d0\.example, d1\.example, d2\.example, d3\.example and 5 more$/,
  ],
  ['very long', [alert({ subject: 'x'.repeat(300) })], /^.{120,140}\.\.\.$/],
  ['with what a terminal would take amiss', [alert({ subject: 'x\u001b[31m\r\ny' })], /^[\x20-\x7e]+$/],
])('subject: %s', (_, given, expected) => {
  expect(subjectOf(given)).toMatch(expected);
});

test('whatever comes from the network is harmless in the text', () => {
  const text = textOf({
    host: 'h',
    alerts: [alert({ text: 'a\u001b]0;x\u0007', fix: 'b\u202ec', subject: 'd\u0000' })],
  });
  for (const line of text.split('\n')) expect(line).toBe(printable(line));
});
