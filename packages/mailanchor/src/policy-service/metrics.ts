/** What Prometheus is told of the policy server: the counts as they stand when it asks, and how long lookups took. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PolicyService } from './service.ts';
import type { StreamServer } from './stream-server.ts';

export interface PolicyMetrics {
  readonly registry: Registry;
  /** Milliseconds of one lookup of a destination. */
  lookup(ms: number): void;
}

/** Seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const PREFIX = 'mailanchor_policy_';

/** `snapshotFailures`: times that the cache could not be kept. */
export function createPolicyMetrics(
  service: PolicyService,
  streams: StreamServer,
  snapshotFailures: () => number,
): PolicyMetrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name: PREFIX + name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  const labelled = (
    name: string,
    help: string,
    label: string,
    read: () => Readonly<Record<string, number>>,
  ) =>
    new Counter({
      name: PREFIX + name,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const [value, count] of Object.entries(read())) this.inc({ [label]: value }, count);
      },
    });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: PREFIX + name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  const { counts } = service;
  labelled('answers_total', 'Answers given, by what Postfix is told', 'status', () => counts.answers);
  counter('cache_hits_total', 'Questions answered from the cache', () => counts.hits);
  counter('cache_misses_total', 'Questions that a lookup was begun for', () => counts.misses);
  counter('joined_total', 'Questions that waited for a lookup under way', () => counts.joined);
  counter('overridden_total', 'Questions answered by a policy set by hand', () => counts.overridden);
  counter(
    'overload_total',
    'Questions turned away since too many lookups were under way',
    () => counts.overload,
  );
  counter('renewals_total', 'Answers looked up anew before their time was over', () => counts.renewals);
  counter('evicted_total', 'Answers forgotten to make room', () => service.cache.evicted);
  gauge('cache_entries', 'Answers kept', () => service.cache.size);
  gauge('lookups_under_way', 'Destinations being looked up', () => service.underWay);
  gauge('connections', 'Clients connected', () => streams.open);
  counter('connections_accepted_total', 'Connections accepted', () => streams.counts.accepted);
  labelled('connections_closed_total', 'Connections closed by us', 'reason', () => streams.counts.closed);
  counter('snapshot_failures_total', 'Times that the cache could not be kept', snapshotFailures);
  gauge('memory_bytes', 'Resident memory of the process', () => process.memoryUsage.rss());
  const lookups = new Histogram({
    name: `${PREFIX}lookup_seconds`,
    help: 'Time of the lookup of a destination',
    buckets: BUCKETS,
    registers,
  });
  return { registry, lookup: (ms) => lookups.observe(ms / 1000) };
}
