/** The metrics against the alert rules and the page that speak of them. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { TlsRptStore } from '../tlsrpt/store.ts';
import { CollectCounts } from './counts.ts';
import { createCollectMetrics } from './metrics.ts';

const RULES = fileURLToPath(new URL('../../prometheus/mailanchor-tlsrpt-collect.rules.yml', import.meta.url));
const DOCUMENT = fileURLToPath(new URL('../../../../docs/tlsrpt.md', import.meta.url));
const installed = spawnSync('promtool', ['--version']).status === 0;
const reason = installed ? '' : ': not installed: promtool (Debian package prometheus)';

const registry = createCollectMetrics({
  counts: new CollectCounts(),
  store: { counts: { failed: 0 } } as TlsRptStore,
  behind: async () => ({ '/var/log/mail.log': 7 }),
});
const names = registry.getMetricsAsArray().map(({ name }) => name);

test.skipIf(!installed)(`Prometheus reads the alert rules${reason}`, () => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', RULES], { encoding: 'utf8' });
  expect(stdout + stderr).toMatch(/SUCCESS: 4 rules found/);
  expect(status).toBe(0);
});

test('the rules speak of metrics that there are', () => {
  const used = readFileSync(RULES, 'utf8').match(/mailanchor_tlsrpt_collect_[a-z_]+/g)!;
  expect(used.length).toBeGreaterThan(4);
  expect(used.filter((name) => !names.includes(name))).toEqual([]);
});

test('every metric is documented, and has a value', async () => {
  const text = readFileSync(DOCUMENT, 'utf8');
  expect(names.filter((name) => !text.includes(name.replace('mailanchor_tlsrpt_collect_', '')))).toEqual([]);
  expect(await registry.metrics()).toContain(
    'mailanchor_tlsrpt_collect_log_behind_bytes{file="/var/log/mail.log"} 7',
  );
});
