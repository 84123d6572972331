/** The alert rules for Prometheus: judged by its own tool, and against the metrics that there are. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createResolver } from '@mailanchor/dnssec';
import { expect, test } from 'vitest';
import { AccessList, LOOPBACK } from '../src/resolver-service/access.ts';
import { Counts } from '../src/resolver-service/counts.ts';
import { totalsOf } from '../src/resolver-service/listener-totals.ts';
import { createMetrics } from '../src/resolver-service/metrics.ts';
import { ResolverService } from '../src/resolver-service/service.ts';
import { trustAnchorMetrics } from '../src/resolver-service/trust-anchor-metrics.ts';

const RULES = fileURLToPath(new URL('../prometheus/mailanchor-resolver.rules.yml', import.meta.url));
const DOCUMENT = fileURLToPath(new URL('../../../docs/resolver.md', import.meta.url));
const installed = spawnSync('promtool', ['--version']).status === 0;
const reason = installed ? '' : ': not installed: promtool (Debian package prometheus)';

test.skipIf(!installed)(`Prometheus reads the alert rules${reason}`, () => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', RULES], { encoding: 'utf8' });
  expect(stdout + stderr).toMatch(/SUCCESS: \d+ rules found/);
  expect(status).toBe(0);
});

async function metricNames(): Promise<string[]> {
  const counts = new Counts();
  const resolver = createResolver();
  const service = new ResolverService({
    resolver,
    counts,
    access: new AccessList(LOOPBACK),
    limits: { total: 1, perClient: 1 },
    packetCacheOctets: 1,
    clock: () => 0,
    timeoutMs: 1,
    seed: 0,
  });
  const { registry } = createMetrics(
    counts,
    service,
    () => resolver.stats(),
    () => totalsOf([]),
  );
  trustAnchorMetrics(registry, () => undefined);
  const names = registry.getMetricsAsArray().map(({ name }) => name);
  await resolver.close();
  return names;
}

test('the rules speak of metrics that there are', async () => {
  const names = new Set(await metricNames());
  const used = readFileSync(RULES, 'utf8').match(/mailanchor_resolver_[a-z0-9_]+/g)!;
  expect(used.length).toBeGreaterThan(8);
  expect(used.map((name) => name.replace(/_bucket$/, '')).filter((name) => !names.has(name))).toEqual([]);
});

test('every metric is documented', async () => {
  const text = readFileSync(DOCUMENT, 'utf8');
  const names = (await metricNames()).map((name) => name.replace('mailanchor_resolver_', ''));
  expect(names.filter((name) => !new RegExp(`\`${name}[\`{]`).test(text))).toEqual([]);
});
