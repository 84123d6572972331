import { createResolver } from '@mailanchor/dnssec';
import { expect, test } from 'vitest';
import { AccessList, LOOPBACK } from './access.ts';
import { Counts, OTHER_ZONES, PROTOCOLS, STATUSES } from './counts.ts';
import { createMetrics } from './metrics.ts';
import { ResolverService } from './service.ts';

test('what is counted is told, once, however often it is asked for', async () => {
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
  const { registry, lookup, upstream } = createMetrics(
    counts,
    service,
    () => resolver.stats(),
    () => ({
      dropped: 7,
      open: 3,
      accepted: 9,
      closed: { refused: 1, evicted: 0, idle: 2, unread: 0, malformed: 0 },
    }),
  );
  counts.response(PROTOCOLS.indexOf('tcp'), 3, STATUSES.indexOf('secure'));
  counts.response(PROTOCOLS.indexOf('tcp'), 3, STATUSES.indexOf('secure'));
  counts.response(PROTOCOLS.indexOf('udp'), 4095, STATUSES.indexOf('none'));
  counts.denied = 5;
  counts.dropped = 2;
  for (let i = 0; i < 1000; i++) counts.bogus(`z${i}.example.`);
  lookup(20);
  upstream(3);
  await registry.metrics();
  const text = await registry.metrics();
  expect(text).toContain('mailanchor_resolver_responses_total{protocol="tcp",rcode="NXDOMAIN"} 2\n');
  expect(text).toContain('mailanchor_resolver_answers_total{status="secure"} 2\n');
  expect(text).toContain('mailanchor_resolver_denied_total 5\n');
  expect(text).toContain('mailanchor_resolver_dropped_total 9\n');
  expect(text).toContain('mailanchor_resolver_connections 3\n');
  expect(text).toContain('mailanchor_resolver_connections_closed_total{reason="idle"} 2\n');
  expect(text).toContain('mailanchor_resolver_lookup_seconds_bucket{le="0.025"} 1\n');
  expect(text).toContain('mailanchor_resolver_lookup_seconds_bucket{le="0.01"} 0\n');
  expect(text).toContain('mailanchor_resolver_upstream_seconds_count 1\n');
  expect(text).toContain(`mailanchor_resolver_bogus_total{zone="${OTHER_ZONES}"} 900\n`);
  expect(text.match(/bogus_total\{/g)).toHaveLength(101);
  await resolver.close();
});
