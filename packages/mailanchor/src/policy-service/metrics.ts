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

export interface Measured {
  readonly service: PolicyService;
  readonly streams: StreamServer;
  /** Times that what is known could not be kept. */
  readonly snapshotFailures: () => number;
  /** Kept policies by mode; fetches by what came of them. */
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly stsPolicies: () => Readonly<Record<string, number>>;
  readonly stsOverdue: () => number;
  readonly stsFetches: () => Readonly<Record<string, number>>;
}

export function createPolicyMetrics(measured: Measured): PolicyMetrics {
  const { service, streams } = measured;
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
  counter('snapshot_failures_total', 'Times that what is known could not be kept', measured.snapshotFailures);
  labelled(
    'sts_fetches_total',
    'MTA-STS policies asked for, by what came of it',
    'result',
    measured.stsFetches,
  );
  const modes = new Gauge({
    name: `${PREFIX}sts_policies`,
    help: 'MTA-STS policies kept',
    labelNames: ['mode'],
    registers,
    collect() {
      for (const [mode, count] of Object.entries(measured.stsPolicies())) modes.set({ mode }, count);
    },
  });
  gauge(
    'sts_policies_overdue',
    'MTA-STS policies that could not be refreshed for a day, or for three quarters of their time',
    measured.stsOverdue,
  );
  gauge('overrides', 'Policies set by hand that hold', () => service.overrides.holding(measured.clock()));
  gauge('memory_bytes', 'Resident memory of the process', () => process.memoryUsage.rss());
  const lookups = new Histogram({
    name: `${PREFIX}lookup_seconds`,
    help: 'Time of the lookup of a destination',
    buckets: BUCKETS,
    registers,
  });
  return { registry, lookup: (ms) => lookups.observe(ms / 1000) };
}
