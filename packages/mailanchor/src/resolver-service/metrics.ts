/** What Prometheus is told: the counts as they stand when it asks, and how long lookups took. */
import { rcodeToText } from '@mailanchor/dns';
import type { ResolverStats } from '@mailanchor/dnssec';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Counts } from './counts.ts';
import type { ListenerTotals } from './listener-totals.ts';
import type { ResolverService } from './service.ts';

export interface Metrics {
  readonly registry: Registry;
  /** Milliseconds of one lookup. */
  lookup(ms: number): void;
  /** Milliseconds of one packet to an upstream server. */
  upstream(ms: number): void;
}

/** Seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const PREFIX = 'mailanchor_resolver_';

/** `stats`: what the validating resolver counts itself; `listeners`: what the sockets do. */
export function createMetrics(
  counts: Counts,
  service: ResolverService,
  stats: () => ResolverStats,
  listeners: () => ListenerTotals,
): Metrics {
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
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: PREFIX + name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });

  new Counter({
    name: `${PREFIX}responses_total`,
    help: 'Responses sent, by protocol and response code',
    labelNames: ['protocol', 'rcode'],
    registers,
    collect() {
      this.reset();
      for (const { protocol, rcode, count } of counts.responses())
        this.inc({ protocol, rcode: rcodeToText(rcode) }, count);
    },
  });
  new Counter({
    name: `${PREFIX}answers_total`,
    help: 'Responses sent, by proof state; none: refused or malformed',
    labelNames: ['status'],
    registers,
    collect() {
      this.reset();
      for (const { status, count } of counts.statuses()) this.inc({ status }, count);
    },
  });
  new Counter({
    name: `${PREFIX}bogus_total`,
    help: 'Lookups that came out bogus, by zone; at most 100 zones by name',
    labelNames: ['zone'],
    registers,
    collect() {
      this.reset();
      for (const [zone, count] of counts.bogusZones) this.inc({ zone }, count);
    },
  });
  counter(
    'dropped_total',
    'Packets thrown away without an answer',
    () => counts.dropped + listeners().dropped,
  );
  gauge('connections', 'Streams open, TCP and TLS', () => listeners().open);
  counter('connections_accepted_total', 'Streams accepted', () => listeners().accepted);
  new Counter({
    name: `${PREFIX}connections_closed_total`,
    help: 'Streams closed by us: too many, idle, answers not read, no DNS',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(listeners().closed)) this.inc({ reason }, count);
    },
  });
  counter('denied_total', 'Packets from addresses that may not ask', () => counts.denied);
  counter('overload_total', 'Queries turned away since too many were under way', () => counts.overload);
  counter('truncated_total', 'Responses truncated to what the client takes', () => counts.truncated);
  counter('packet_cache_hits_total', 'Queries answered from encoded responses', () => service.cache.hits);
  counter('packet_cache_misses_total', 'Queries that were not', () => service.cache.misses);
  gauge('packet_cache_entries', 'Encoded responses kept', () => service.cache.size);
  gauge('packet_cache_octets', 'Octets that they take, roughly', () => service.cache.octets);
  gauge('questions_under_way', 'Questions being looked up', () => service.underWay);
  new Gauge({
    name: `${PREFIX}memory_bytes`,
    help: 'Memory of the process: resident, JavaScript heap used and reserved, buffers outside of it',
    labelNames: ['kind'],
    registers,
    collect() {
      const { rss, heapUsed, heapTotal, arrayBuffers } = process.memoryUsage();
      this.set({ kind: 'resident' }, rss);
      this.set({ kind: 'heap_used' }, heapUsed);
      this.set({ kind: 'heap_total' }, heapTotal);
      this.set({ kind: 'buffers' }, arrayBuffers);
    },
  });
  counter('verifications_total', 'Signatures verified', () => stats().verifications);
  counter(
    'failed_verifications_total',
    'Signatures that turned out wrong',
    () => stats().failedVerifications,
  );
  counter('nsec3_hashes_total', 'NSEC3 hashes made', () => stats().nsec3Hashes);
  counter('prefetches_total', 'Answers looked up anew before they expired', () => stats().prefetches);
  counter('upstream_queries_total', 'Packets sent to upstream servers', () => stats().upstreamQueries);
  counter(
    'upstream_errors_total',
    'Packets to upstream servers without a usable response',
    () => stats().upstreamErrors,
  );
  gauge(
    'answer_cache_octets',
    'Octets of the validated answers kept, roughly',
    () => stats().caches.answers.octets,
  );
  new Gauge({
    name: `${PREFIX}cache_entries`,
    help: 'Entries of the caches of the validating resolver',
    labelNames: ['cache'],
    registers,
    collect() {
      for (const [cache, { entries }] of Object.entries(stats().caches)) this.set({ cache }, entries);
    },
  });
  new Counter({
    name: `${PREFIX}cache_lookups_total`,
    help: 'Names looked for in the caches of the validating resolver',
    labelNames: ['cache', 'result'],
    registers,
    collect() {
      this.reset();
      for (const [cache, { hits, misses }] of Object.entries(stats().caches)) {
        this.inc({ cache, result: 'hit' }, hits);
        this.inc({ cache, result: 'miss' }, misses);
      }
    },
  });
  const lookups = new Histogram({
    name: `${PREFIX}lookup_seconds`,
    help: 'Time from query to response where it had to be looked up',
    buckets: BUCKETS,
    registers,
  });
  const upstream = new Histogram({
    name: `${PREFIX}upstream_seconds`,
    help: 'Time of one packet to an upstream server',
    buckets: BUCKETS,
    registers,
  });
  return {
    registry,
    lookup: (ms) => lookups.observe(ms / 1000),
    upstream: (ms) => upstream.observe(ms / 1000),
  };
}
