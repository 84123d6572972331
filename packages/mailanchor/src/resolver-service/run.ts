/** The service from start to stop: resolver, sockets, pages over HTTP, signals. */
import { randomInt } from 'node:crypto';
import { type Endpoint, Name, RRType } from '@mailanchor/dns';
import type { ValidatingResolver } from '@mailanchor/dnssec';
import { clockFrom } from '../clock.ts';
import { messageOf, UsageError } from '../errors.ts';
import { openResolver } from '../lookup.ts';
import { AccessList } from './access.ts';
import { BogusSummary } from './bogus-summary.ts';
import { Counts } from './counts.ts';
import { type HttpServer, serveHttp } from './http-server.ts';
import { cannotListen, listenAll } from './listen.ts';
import type { Log } from './log.ts';
import { findLoop } from './loop-guard.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { ResolverService } from './service.ts';
import { type Place, placeToText, type ServiceSettings } from './settings.ts';
import { readSnapshot, writeSnapshot } from './snapshot-file.ts';

export interface RunningService {
  /** Reads the files again that the settings name. What cannot be read leaves everything as it is. */
  reload(): void;
  /** Answers what is under way, briefly, and keeps the cache for the next run. */
  stop(): Promise<void>;
}

/** Milliseconds for one lookup at most, whatever --timeout says: clients have gone by then. */
const LOOKUP_MS = 10_000;
/** Milliseconds for what is under way when the service is stopped. */
const DRAIN_MS = 1_000;
/** Milliseconds that the question about our health may take. */
const PROBE_MS = 4_000;

/** Throws `UsageError`. */
export async function startResolverService(settings: ServiceSettings, log: Log): Promise<RunningService> {
  const { lookup } = settings;
  const clock = clockFrom(lookup.at);
  const counts = new Counts();
  const bogus = new BogusSummary(log);
  let metrics: Metrics | undefined;

  const open = () =>
    openResolver(lookup, {
      clock,
      cacheOctets: settings.answerCacheOctets,
      onQuery: ({ ms }) => metrics?.upstream(ms),
    });
  let resolver = await open();
  if (settings.state) await restore(settings.state.path, resolver, log);
  const service = new ResolverService({
    resolver,
    access: new AccessList(settings.allow),
    limits: settings.outstanding,
    packetCacheOctets: settings.packetCacheOctets,
    counts,
    clock,
    timeoutMs: Math.min(LOOKUP_MS, lookup.timeoutMs),
    seed: randomInt(2 ** 31),
    onBogus(resolution) {
      counts.bogus((resolution.reason?.zone ?? resolution.name).toString());
      bogus.add(resolution);
    },
    onLookup: (ms) => metrics?.lookup(ms),
  });

  const listeners = await listenAll(settings.listen, service, (place, code) => {
    // A machine without IPv6 has no [::1]: that is no reason not to serve on 127.0.0.1.
    const left =
      settings.listenIsDefault && place.address === '::1' && /^(EADDRNOTAVAIL|EAFNOSUPPORT)$/.test(code);
    if (left) log.event('listen', `${placeToText(place)} is not there on this machine: left out`);
    return left;
  });
  const places = listeners.map(({ address, port }) => ({ address, port }));
  let http: HttpServer | undefined;
  const closeAll = async () => {
    await Promise.all([...listeners.map((listener) => listener.close()), http?.close()]);
    await resolver.close();
  };
  try {
    const looping = findLoop(upstreamOf(lookup), places);
    if (looping !== undefined)
      throw new UsageError(`this resolver would ask itself: ${looping} is where it listens`);
    if (settings.metrics) {
      metrics = createMetrics(counts, service, () => resolver.stats());
      http = await openHttp(settings.metrics, metrics, () => healthy(resolver, counts));
    }
  } catch (error) {
    await closeAll();
    throw error;
  }

  for (const place of places)
    log.event('listen', `listening on ${placeToText(place)}, UDP and TCP`, { ...place });
  if (http)
    log.event('metrics', `metrics and health on http://${placeToText(http.place)}/`, { ...http.place });
  if (settings.allow.some(({ prefix }) => prefix === 0)) {
    log.problem(
      'open',
      'everybody may ask: an open resolver serves attacks on others. Narrow --allow, or keep strangers out elsewhere',
    );
  }
  log.event('start', 'ready');

  let reloading = Promise.resolve();
  const reload = async () => {
    try {
      const next = await open();
      const before = resolver;
      // What the new anchors would have proven as well is taken along; the resolver refuses it where they are others.
      next.restore(before.snapshot());
      resolver = next;
      service.exchangeResolver(next);
      log.event('reload', 'trust anchors and root hints read again');
      // Questions under way end with the resolver that they began with.
      setTimeout(() => void before.close(), LOOKUP_MS).unref();
    } catch (error) {
      log.problem('reload', `nothing changed: ${messageOf(error)}`);
    }
  };

  return {
    reload() {
      reloading = reloading.then(reload);
    },
    async stop() {
      service.stop();
      await reloading;
      await service.drained(DRAIN_MS);
      bogus.flush();
      if (settings.state) await keep(settings.state.path, resolver, log);
      await closeAll();
      log.event('stop', 'stopped');
    },
  };
}

/** Whom the settings have asked, besides authoritative servers. */
function upstreamOf({ mode, forwardZones }: ServiceSettings['lookup']): readonly Endpoint[] {
  return [
    ...(mode.kind === 'forward' ? mode.servers : []),
    ...forwardZones.flatMap(({ servers }) => servers),
  ];
}

async function openHttp(
  place: Place,
  { registry }: Metrics,
  isHealthy: () => Promise<boolean>,
): Promise<HttpServer> {
  try {
    return await serveHttp(place, {
      healthy: isHealthy,
      metrics: async () => ({ type: registry.contentType, text: await registry.metrics() }),
    });
  } catch (error) {
    throw cannotListen('--metrics', place, error);
  }
}

/** Whether anything was ever proven, or now the root's keys: without them nothing can be. */
async function healthy(resolver: ValidatingResolver, counts: Counts): Promise<boolean> {
  if (counts.answered > 0) return true;
  const { status } = await resolver.resolve(Name.root, RRType.DNSKEY, { timeoutMs: PROBE_MS });
  return status === 'secure';
}

async function restore(folder: string, resolver: ValidatingResolver, log: Log): Promise<void> {
  const read = await readSnapshot(folder);
  if (read.kind === 'unusable') log.problem('state', `starting with an empty cache: ${read.why}`);
  if (read.kind !== 'read') return;
  try {
    const entries = resolver.restore(read.octets);
    log.event('state', `${entries} answers are kept from the last run`, { entries });
  } catch (error) {
    log.problem('state', `starting with an empty cache: ${messageOf(error)}`);
  }
}

async function keep(folder: string, resolver: ValidatingResolver, log: Log): Promise<void> {
  try {
    const octets = resolver.snapshot();
    await writeSnapshot(folder, octets);
    log.event('state', `the cache is kept in ${folder}`, { octets: octets.length });
  } catch (error) {
    log.problem('state', `the cache could not be kept in ${folder}: ${messageOf(error)}`);
  }
}
