/** The policy server from start to stop: resolver, sockets, control, pages over HTTP, signals. */
import { Name, RRType } from '@mailanchor/dns';
import type { ValidatingResolver } from '@mailanchor/dnssec';
import { clockFrom } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { openResolver } from '../lookup.ts';
import type { Environment } from '../options/sources.ts';
import { AccessList } from '../resolver-service/access.ts';
import { type HttpServer, serveHttp } from '../resolver-service/http-server.ts';
import { cannotListen } from '../resolver-service/listen.ts';
import type { Log } from '../resolver-service/log.ts';
import { placeToText } from '../resolver-service/settings.ts';
import { ClosingLog } from './closing-log.ts';
import { serveControl } from './control.ts';
import { Keeper } from './keeper.ts';
import { listenEverywhere } from './listen-everywhere.ts';
import { lookUp } from './look-up.ts';
import { createPolicyMetrics, type PolicyMetrics } from './metrics.ts';
import { connectionsWithin } from './open-files.ts';
import { openSts } from './open-sts.ts';
import { Overrides } from './overrides.ts';
import { restartNeeded } from './restart-needed.ts';
import { PolicyService } from './service.ts';
import type { PolicySettings } from './settings.ts';
import { type Fingerprints, fingerprintsOf } from './state.ts';
import { StreamServer } from './stream-server.ts';
import type { StsMemory } from './sts-memory.ts';
import { StsReport } from './sts-report.ts';

/** Milliseconds for what is under way when the server is stopped. */
const DRAIN_MS = 2_000;
/** Milliseconds between two looks at what MTA-STS policies should be fetched anew. */
const STS_EVERY_MS = 60_000;
/** Milliseconds that the question about our health may take. */
const PROBE_MS = 4_000;
/** Octets for validated records: answers are kept besides. */
const CACHE_OCTETS = 64 * 1024 * 1024;

export class RunningPolicy {
  readonly #log: Log;
  readonly #clock: () => number;
  readonly #service: PolicyService;
  readonly #streams: StreamServer;
  #settings: PolicySettings;
  #fingerprints: Fingerprints;
  #resolver: ValidatingResolver;
  #sts: StsMemory;
  readonly #stsReport: StsReport;
  #metrics: PolicyMetrics | undefined;
  #keeper: Keeper | undefined;
  #http: HttpServer | undefined;
  #control: { close(): Promise<void> } | undefined;
  #refreshing: NodeJS.Timeout | undefined;
  #reloading: Promise<void> = Promise.resolve();

  /** Throws `UsageError`; nothing stays open then. */
  static async start(settings: PolicySettings, environment: Environment, log: Log): Promise<RunningPolicy> {
    const clock = clockFrom(settings.lookup.at);
    const fingerprints = await fingerprintsOf(settings);
    const stsReport = new StsReport(log);
    const sts = await openSts(settings, clock, stsReport.onFetch);
    const resolver = await newResolver(settings, clock);
    const running = new RunningPolicy(settings, log, { clock, fingerprints, resolver, sts, stsReport });
    try {
      await running.#open(environment);
    } catch (error) {
      await running.#close(0);
      throw error;
    }
    return running;
  }

  private constructor(
    settings: PolicySettings,
    log: Log,
    made: {
      clock: () => number;
      fingerprints: Fingerprints;
      resolver: ValidatingResolver;
      sts: StsMemory;
      stsReport: StsReport;
    },
  ) {
    this.#settings = settings;
    this.#log = log;
    this.#clock = made.clock;
    this.#fingerprints = made.fingerprints;
    this.#resolver = made.resolver;
    this.#sts = made.sts;
    this.#stsReport = made.stsReport;
    this.#service = new PolicyService({
      lookUp: (key) =>
        lookUp(key, {
          resolver: this.#resolver,
          timeoutMs: this.#settings.lookup.timeoutMs,
          partialDane: this.#settings.partialDane,
          sts: this.#sts,
        }),
      clock: made.clock,
      cacheEntries: settings.cacheEntries,
      maxLookups: settings.maxLookups,
      onLookup: (ms, answer) => {
        this.#metrics?.lookup(ms);
        if (answer.status === 'TEMP') log.event('temp', answer.text);
      },
    });
    const closings = new ClosingLog(log);
    this.#streams = new StreamServer({
      onClose: (reason, address) => closings.note(reason, address),
      answer: (key) => this.#service.answer(key),
      attributes: settings.tlsrptAttributes,
      access: new AccessList(settings.allow),
      maxConnections: connectionsWithin(settings.maxConnections, log),
    });
  }

  async #open(environment: Environment): Promise<void> {
    const { state, control, metrics } = this.#settings;
    const log = this.#log;
    this.#override();
    if (state) {
      const known = () => ({ cache: this.#service.cache, sts: this.#sts, fingerprints: this.#fingerprints });
      this.#keeper = new Keeper(state, known, this.#clock, log);
      await this.#keeper.start();
    }
    this.#refreshing = setInterval(() => this.#refreshSts(), STS_EVERY_MS).unref();
    await listenEverywhere(this.#streams, this.#settings, environment, log);
    if (control) {
      this.#control = await serveControl(control, this.#service, (text) => log.event('purge', text));
      log.event('control', `control socket at ${control.path}`, { place: control.path });
    }
    if (metrics) await this.#openHttp(metrics);
    log.event('start', 'ready');
  }

  #refreshSts(): void {
    this.#sts.refreshDue({ resolver: this.#resolver });
  }

  async #openHttp(place: NonNullable<PolicySettings['metrics']>): Promise<void> {
    this.#metrics = createPolicyMetrics({
      service: this.#service,
      streams: this.#streams,
      snapshotFailures: () => this.#keeper?.failures ?? 0,
      clock: this.#clock,
      stsPolicies: () => this.#sts.store.modes(),
      stsOverdue: () => this.#sts.store.overdue(),
      stsFetches: () => this.#stsReport.counts,
    });
    const { registry } = this.#metrics;
    try {
      this.#http = await serveHttp(place, {
        health: () => this.#health(),
        metrics: async () => ({ type: registry.contentType, text: await registry.metrics() }),
      });
    } catch (error) {
      throw cannotListen('--metrics', place, error);
    }
    const text = placeToText(this.#http.place);
    this.#log.event('metrics', `metrics and health on http://${text}/`, { place: text });
  }

  /** What is wrong; undefined where the root proves its keys, which is asked of the cache as a rule. */
  async #health(): Promise<string | undefined> {
    const { status } = await this.#resolver.resolve(Name.root, RRType.DNSKEY, { timeoutMs: PROBE_MS });
    return status === 'secure'
      ? undefined
      : 'the root cannot be proven: name servers are out of reach, or the trust anchor is wrong';
  }

  /** Takes up the policies that are set by hand; those whose time is over are told of. */
  #override(): void {
    const { overrides } = this.#settings;
    const now = this.#clock();
    for (const { domain, expires, from } of overrides) {
      if (expires > now) continue;
      this.#log.problem('override', `${from}: the policy for ${domain} has expired and does not count`);
    }
    this.#service.overrides = new Overrides(overrides.filter(({ expires }) => expires > now));
  }

  /** `read`: the settings as they are now. What cannot be used leaves everything as it is. */
  reload(read: () => Promise<PolicySettings>): void {
    this.#reloading = this.#reloading.then(async () => {
      try {
        await this.#reload(await read());
      } catch (error) {
        this.#log.problem('reload', `everything stays as it is: ${messageOf(error)}`);
      }
    });
  }

  async #reload(settings: PolicySettings): Promise<void> {
    const fingerprints = await fingerprintsOf(settings);
    const otherSts = fingerprints.sts !== this.#fingerprints.sts;
    const otherWays = fingerprints.answers !== this.#fingerprints.answers;
    const sts = otherSts ? await openSts(settings, this.#clock, this.#stsReport.onFetch) : this.#sts;
    const resolver = otherWays ? await newResolver(settings, this.#clock) : this.#resolver;
    // From here on nothing fails.
    const fixed = restartNeeded(this.#settings, settings);
    const { listen, listenIsDefault, tcpTable, control, metrics, state } = this.#settings;
    this.#settings = { ...settings, listen, listenIsDefault, tcpTable, control, metrics, state };
    this.#fingerprints = fingerprints;
    this.#override();
    this.#service.limit(settings);
    this.#streams.limit({
      access: new AccessList(settings.allow),
      maxConnections: connectionsWithin(settings.maxConnections, this.#log),
      attributes: settings.tlsrptAttributes,
    });
    if (otherSts) this.#sts.close();
    this.#sts = sts;
    if (otherWays) {
      const before = this.#resolver;
      this.#resolver = resolver;
      this.#service.reset();
      // Lookups under way end with the resolver that they began with.
      setTimeout(() => void before.close(), settings.lookup.timeoutMs).unref();
    }
    if (fixed.length > 0)
      this.#log.problem('reload', `only a restart takes up what has changed of: ${fixed.join(', ')}`);
    const what = otherWays
      ? 'lookups are made otherwise now; the cache is empty'
      : 'lookups stay as they are';
    const set = `${this.#service.overrides.size} policies set by hand`;
    this.#log.event('reload', `settings read again: ${set}; ${what}`);
  }

  /** Answers what is under way, briefly, and keeps the cache for the next run. */
  async stop(): Promise<void> {
    await this.#reloading;
    await this.#streams.stop(DRAIN_MS);
    await this.#keeper?.keep();
    await this.#close(0);
    this.#log.event('stop', 'stopped');
  }

  async #close(drainMs: number): Promise<void> {
    this.#keeper?.stop();
    clearInterval(this.#refreshing);
    this.#sts.close();
    await Promise.all([this.#streams.stop(drainMs), this.#http?.close(), this.#control?.close()]);
    await this.#resolver.close();
  }
}

function newResolver(settings: PolicySettings, clock: () => number): Promise<ValidatingResolver> {
  return openResolver(settings.lookup, { clock, cacheOctets: CACHE_OCTETS, prefetch: true });
}
