/** The service from start to stop: resolver, sockets, pages over HTTP, signals. */
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { type Endpoint, Name, RRType } from '@mailanchor/dns';
import { keysFrom, type ValidatingResolver } from '@mailanchor/dnssec';
import { clockFrom } from '../clock.ts';
import { messageOf, UsageError } from '../errors.ts';
import { openResolver, readTrustAnchors } from '../lookup.ts';
import type { Environment } from '../options/sources.ts';
import { AccessList } from './access.ts';
import { passedSockets } from './activation.ts';
import { AnchorFollower } from './anchor-follower.ts';
import { BogusSummary } from './bogus-summary.ts';
import { Counts } from './counts.ts';
import { type HttpServer, serveHttp } from './http-server.ts';
import { cannotListen, closeAll, listenAll, type OpenListener } from './listen.ts';
import { type ListenerTotals, totalsOf } from './listener-totals.ts';
import type { Log } from './log.ts';
import { findLoop } from './loop-guard.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { fingerprintOf, readTls } from './reload.ts';
import { ResolverService } from './service.ts';
import { placeToText, type ServiceSettings } from './settings.ts';
import { keepState, restoreState } from './state.ts';
import { StrainLog } from './strain-log.ts';
import { trustAnchorMetrics } from './trust-anchor-metrics.ts';

/** Signatures are verified beside the event loop where there is a core for it. */
const SEVERAL_CORES = availableParallelism() > 1;

/** Milliseconds for one lookup at most, whatever --timeout says: clients have gone by then. */
const LOOKUP_MS = 10_000;
/** Milliseconds for what is under way when the service is stopped. */
const DRAIN_MS = 1_000;
/** Milliseconds that the question about our health may take. */
const PROBE_MS = 4_000;

export class RunningService {
  readonly #settings: ServiceSettings;
  readonly #log: Log;
  readonly #clock: () => number;
  readonly #counts = new Counts();
  readonly #bogus: BogusSummary;
  readonly #service: ResolverService;
  #resolver: ValidatingResolver;
  #fingerprint: string;
  #metrics: Metrics | undefined;
  #follower: AnchorFollower | undefined;
  #strain: StrainLog | undefined;
  #listeners: readonly OpenListener[] = [];
  #http: HttpServer | undefined;
  #reloading: Promise<void> = Promise.resolve();

  /** Throws `UsageError`; nothing stays open then. */
  static async start(settings: ServiceSettings, environment: Environment, log: Log): Promise<RunningService> {
    const clock = clockFrom(settings.lookup.at);
    const fingerprint = await fingerprintOf(settings);
    const running: RunningService = new RunningService(settings, log, {
      clock,
      fingerprint,
      resolver: await openResolver(settings.lookup, {
        clock,
        cacheOctets: settings.answerCacheOctets,
        prefetch: true,
        concurrentVerification: SEVERAL_CORES,
        onQuery: ({ ms }) => running.#metrics?.upstream(ms),
      }),
    });
    try {
      await running.#open(environment);
    } catch (error) {
      await running.#close();
      throw error;
    }
    return running;
  }

  private constructor(
    settings: ServiceSettings,
    log: Log,
    made: { clock: () => number; resolver: ValidatingResolver; fingerprint: string },
  ) {
    this.#settings = settings;
    this.#log = log;
    this.#clock = made.clock;
    this.#resolver = made.resolver;
    this.#fingerprint = made.fingerprint;
    this.#bogus = new BogusSummary(log);
    this.#service = new ResolverService({
      resolver: made.resolver,
      access: new AccessList(settings.allow),
      limits: settings.outstanding,
      packetCacheOctets: settings.packetCacheOctets,
      counts: this.#counts,
      clock: made.clock,
      timeoutMs: Math.min(LOOKUP_MS, settings.lookup.timeoutMs),
      seed: randomInt(2 ** 31),
      onBogus: (resolution) => {
        this.#counts.bogus((resolution.reason?.zone ?? resolution.name).toString());
        this.#bogus.add(resolution);
      },
      onLookup: (ms) => this.#metrics?.lookup(ms),
    });
  }

  async #open(environment: Environment): Promise<void> {
    const settings = this.#settings;
    const log = this.#log;
    // Before the cache: what is in it was proven under these anchors.
    this.#follower = await this.#follow(this.#resolver);
    if (settings.state) await restoreState(settings.state.path, this.#resolver, log);
    this.#listeners = await listenAll(
      settings,
      passedSockets(environment),
      await readTls(settings),
      {
        onQuery: (octets, client, reply) => this.#service.handle(octets, client, reply),
        onError: (error) => log.problem('error', messageOf(error)),
      },
      (place) => log.event('listen', `${placeToText(place)} is not there on this machine: left out`),
    );
    const places = this.#listeners.map(({ listener }) => listener);
    const looping = findLoop(upstreamOf(settings.lookup), places);
    if (looping !== undefined) {
      throw new UsageError(`this resolver would ask itself: ${looping} is where it listens`);
    }
    if (settings.metrics) await this.#openHttp(settings.metrics);
    this.#tell();
    this.#strain = new StrainLog(log, () => this.#strainOf());
    this.#follower?.start();
  }

  /** Has the resolver trust what is known of rollovers of its anchors, from now on as well. */
  async #follow(resolver: ValidatingResolver): Promise<AnchorFollower | undefined> {
    const { trustAnchorState: file, lookup } = this.#settings;
    if (!file) return undefined;
    const follower = await AnchorFollower.open({
      file,
      configured: await readTrustAnchors(lookup, this.#clock),
      fetch: keysFrom(resolver),
      clock: this.#clock,
      log: this.#log,
      onAnchors: (anchors, withdrawn) => {
        resolver.setTrustAnchors(anchors);
        // Nothing that a revoked key has proven is given out any more.
        if (withdrawn && resolver === this.#resolver) this.#service.exchangeResolver(resolver);
      },
    });
    resolver.setTrustAnchors(follower.anchors());
    return follower;
  }

  async #openHttp(place: NonNullable<ServiceSettings['metrics']>): Promise<void> {
    const metrics = createMetrics(
      this.#counts,
      this.#service,
      () => this.#resolver.stats(),
      () => this.#totals(),
    );
    trustAnchorMetrics(metrics.registry, () => this.#follower);
    const { registry } = metrics;
    this.#metrics = metrics;
    try {
      this.#http = await serveHttp(place, {
        health: () => this.#health(),
        metrics: async () => ({ type: registry.contentType, text: await registry.metrics() }),
      });
    } catch (error) {
      throw cannotListen('--metrics', place, error);
    }
  }

  #totals(): ListenerTotals {
    return totalsOf(this.#listeners.map(({ listener }) => listener));
  }

  #strainOf(): Record<string, number> {
    const { closed, dropped } = this.#totals();
    return {
      'packets thrown away': dropped + this.#counts.dropped,
      'questions of strangers': this.#counts.denied,
      'questions turned away': this.#counts.overload,
      'connections refused': closed.refused,
      'connections that made room': closed.evicted,
      'connections that read no answers': closed.unread,
      'connections without DNS': closed.malformed,
    };
  }

  #tell(): void {
    const log = this.#log;
    for (const { text, protocols } of this.#listeners) {
      const how = protocols.includes('tls') ? 'TLS' : 'UDP and TCP';
      log.event('listen', `listening on ${text}, ${how}`, { place: text, protocols: protocols.join(' ') });
    }
    if (this.#http) {
      const place = placeToText(this.#http.place);
      log.event('metrics', `metrics and health on http://${place}/`, { place });
    }
    if (this.#settings.allow.some(({ prefix }) => prefix === 0)) {
      const text = 'everybody may ask: an open resolver serves attacks on others. Narrow --allow if you can';
      log.problem('open', text);
    }
    log.event('start', 'ready');
  }

  /** What is wrong; undefined where anything was ever proven, or now the root's keys: without them nothing can be. */
  async #health(): Promise<string | undefined> {
    const lost = this.#follower?.lost() ?? [];
    if (lost.length > 0) return `every key of ${lost.join(', ')} is revoked: nothing is proven there`;
    if (this.#counts.answered > 0) return undefined;
    const { status } = await this.#resolver.resolve(Name.root, RRType.DNSKEY, { timeoutMs: PROBE_MS });
    return status === 'secure' ? undefined : 'no validated answer yet';
  }

  /** Reads the files again that the settings name. What cannot be used leaves everything as it is. */
  reload(): void {
    this.#reloading = this.#reloading.then(() => this.#reload());
  }

  async #reload(): Promise<void> {
    try {
      const tls = await readTls(this.#settings);
      const fingerprint = await fingerprintOf(this.#settings);
      const next = fingerprint === this.#fingerprint ? undefined : await this.#otherResolver();
      for (const { listener, protocols } of this.#listeners) {
        if (tls && protocols.includes('tls')) listener.setTls(tls);
      }
      if (next) {
        const before = this.#resolver;
        await this.#follower?.flush();
        const follower = await this.#follow(next);
        await this.#follower?.close();
        this.#follower = follower;
        this.#resolver = next;
        follower?.start();
        this.#fingerprint = fingerprint;
        this.#service.exchangeResolver(next);
        // Questions under way end with the resolver that they began with.
        setTimeout(() => void before.close(), LOOKUP_MS).unref();
      }
      const what = next
        ? 'trust anchors and root hints are others now; the cache is empty'
        : 'no change of trust';
      this.#log.event('reload', `files read again: ${what}`);
    } catch (error) {
      this.#log.problem('reload', `everything stays as it is: ${messageOf(error)}`);
    }
  }

  /** What other anchors proved is not taken along. */
  #otherResolver(): Promise<ValidatingResolver> {
    return openResolver(this.#settings.lookup, {
      clock: this.#clock,
      cacheOctets: this.#settings.answerCacheOctets,
      prefetch: true,
      concurrentVerification: SEVERAL_CORES,
      onQuery: ({ ms }) => this.#metrics?.upstream(ms),
    });
  }

  /** Answers what is under way, briefly, and keeps the cache for the next run. */
  async stop(): Promise<void> {
    this.#service.stop();
    await this.#reloading;
    await this.#service.drained(DRAIN_MS);
    this.#bogus.flush();
    this.#strain?.look();
    await this.#follower?.close();
    if (this.#settings.state) await keepState(this.#settings.state.path, this.#resolver, this.#log);
    await this.#close();
    this.#log.event('stop', 'stopped');
  }

  async #close(): Promise<void> {
    this.#strain?.close();
    await this.#follower?.close();
    await Promise.all([closeAll(this.#listeners), this.#http?.close()]);
    await this.#resolver.close();
  }
}

/** Whom the settings have asked, besides authoritative servers. */
function upstreamOf({ mode, forwardZones }: ServiceSettings['lookup']): readonly Endpoint[] {
  const servers = mode.kind === 'forward' ? mode.servers : [];
  // A server with a certificate proves that it is another one.
  return [...servers, ...forwardZones.flatMap((zone) => zone.servers)].filter(
    (server) => 'address' in server,
  );
}
