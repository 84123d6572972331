/** Watching `mailanchor tlsrpt send`: its alert rules, judged by Prometheus' own tool and against the metrics that there are. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { createSenderMetrics } from '../src/tlsrpt/metrics.ts';
import { newSenderCounts } from '../src/tlsrpt/sender.ts';
import { openTlsRptStore } from '../src/tlsrpt/store.ts';
import { temporaryFolder } from './program.ts';

const RULES = fileURLToPath(new URL('../prometheus/mailanchor-tlsrpt.rules.yml', import.meta.url));
const RULE_TESTS = fileURLToPath(new URL('fixtures/tlsrpt-alerts.test.yml', import.meta.url));
const DOCUMENT = fileURLToPath(new URL('../../../docs/tlsrpt.md', import.meta.url));
const installed = spawnSync('promtool', ['--version']).status === 0;
const reason = installed ? '' : ': not installed: promtool (Debian package prometheus)';
const scratch = temporaryFolder();
afterAll(() => scratch.done());

const store = openTlsRptStore(join(scratch.path, 'tlsrpt.sqlite'));
const names = createSenderMetrics(store.database, newSenderCounts())
  .getMetricsAsArray()
  .map(({ name }) => name);

test.skipIf(!installed)(`Prometheus reads the alert rules${reason}`, () => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', RULES], { encoding: 'utf8' });
  expect(stdout + stderr).toMatch(/SUCCESS: \d+ rules found/);
  expect(status).toBe(0);
});

test.skipIf(!installed)(`alerts are raised by what they are for, and by nothing else${reason}`, () => {
  const file = join(scratch.path, 'alerts.test.yml');
  writeFileSync(file, readFileSync(RULE_TESTS, 'utf8').replace('[RULES]', `[${RULES}]`));
  const { stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
  expect(stdout + stderr).toMatch(/SUCCESS/);
});

test('the rules speak of metrics that there are', () => {
  const used = readFileSync(RULES, 'utf8').match(/mailanchor_tlsrpt_[a-z_]+/g)!;
  expect(used.length).toBeGreaterThan(5);
  expect(used.filter((name) => !names.includes(name))).toEqual([]);
});

test('every metric is documented', () => {
  const text = readFileSync(DOCUMENT, 'utf8');
  expect(names.filter((name) => !new RegExp(`\`${name}[\`{]`).test(text))).toEqual([]);
});
