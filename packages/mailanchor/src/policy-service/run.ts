/** The policy server from start to stop: resolver, sockets, control, pages over HTTP, signals. */
import { Name, RRType } from '@mailanchor/dns';
import type { ValidatingResolver } from '@mailanchor/dnssec';
import { clockFrom } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { openResolver } from '../lookup.ts';
import type { Environment } from '../options/sources.ts';
import { AccessList } from '../resolver-service/access.ts';
import { namedSockets } from '../resolver-service/activation.ts';
import { type HttpServer, serveHttp } from '../resolver-service/http-server.ts';
import { cannotListen } from '../resolver-service/listen.ts';
import type { Log } from '../resolver-service/log.ts';
import { placeToText } from '../resolver-service/settings.ts';
import { serveControl } from './control.ts';
import { listenAt, listenPassed } from './listen.ts';
import { lookUp } from './look-up.ts';
import { createPolicyMetrics, type PolicyMetrics } from './metrics.ts';
import { openSts } from './open-sts.ts';
import { Overrides } from './overrides.ts';
import type { Protocol } from './protocol.ts';
import { PolicyService } from './service.ts';
import type { PolicySettings } from './settings.ts';
import { SOCKETMAP } from './socketmap.ts';
import { PolicyState, policyFingerprint } from './state.ts';
import { StreamServer } from './stream-server.ts';
import type { StsMemory } from './sts-memory.ts';
import { TCP_TABLE } from './tcp-table.ts';

/** Milliseconds for what is under way when the server is stopped. */
const DRAIN_MS = 2_000;
/** Milliseconds between two snapshots. */
const KEEP_EVERY_MS = 300_000;
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
  #fingerprint: string;
  #resolver: ValidatingResolver;
  #metrics: PolicyMetrics | undefined;
  #state: PolicyState | undefined;
  #http: HttpServer | undefined;
  #control: { close(): Promise<void> } | undefined;
  #keeping: NodeJS.Timeout | undefined;
  #reloading: Promise<void> = Promise.resolve();

  /** Throws `UsageError`; nothing stays open then. */
  static async start(settings: PolicySettings, environment: Environment, log: Log): Promise<RunningPolicy> {
    const clock = clockFrom(settings.lookup.at);
    const fingerprint = await policyFingerprint(settings);
    const sts = await openSts(settings, clock);
    const resolver = await newResolver(settings, clock);
    const running = new RunningPolicy(settings, log, { clock, fingerprint, resolver, sts });
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
    made: { clock: () => number; fingerprint: string; resolver: ValidatingResolver; sts: StsMemory },
  ) {
    this.#settings = settings;
    this.#log = log;
    this.#clock = made.clock;
    this.#fingerprint = made.fingerprint;
    this.#resolver = made.resolver;
    this.#service = new PolicyService({
      lookUp: (key) =>
        lookUp(key, {
          resolver: this.#resolver,
          timeoutMs: this.#settings.lookup.timeoutMs,
          partialDane: this.#settings.partialDane,
          sts: made.sts,
        }),
      clock: made.clock,
      cacheEntries: settings.cacheEntries,
      maxLookups: settings.maxLookups,
      onLookup: (ms, answer) => {
        this.#metrics?.lookup(ms);
        if (answer.status === 'TEMP') log.event('temp', answer.text);
      },
    });
    this.#streams = new StreamServer({
      answer: (key) => this.#service.answer(key),
      attributes: settings.tlsrptAttributes,
      access: new AccessList(settings.allow),
      maxConnections: settings.maxConnections,
    });
  }

  async #open(environment: Environment): Promise<void> {
    const { state, control, metrics } = this.#settings;
    const log = this.#log;
    this.#override();
    if (state) {
      this.#state = new PolicyState(state.path, this.#service.cache, this.#clock, log);
      await this.#state.restore(this.#fingerprint);
      this.#keeping = setInterval(() => void this.#state?.keep(this.#fingerprint), KEEP_EVERY_MS).unref();
    }
    await this.#listen(environment);
    if (control) {
      this.#control = await serveControl(control, this.#service, (text) => log.event('purge', text));
      log.event('control', `control socket at ${control.path}`, { place: control.path });
    }
    if (metrics) await this.#openHttp(metrics);
    log.event('start', 'ready');
  }

  async #listen(environment: Environment): Promise<void> {
    const { listen, listenIsDefault, tcpTable } = this.#settings;
    const tell = (protocol: Protocol, place: string) =>
      this.#log.event('listen', `listening on ${place}, ${protocol.name}`, {
        place,
        protocol: protocol.name,
      });
    const passed = namedSockets(environment);
    for (const { fd, name } of passed) {
      const protocol = name === TCP_TABLE.name ? TCP_TABLE : SOCKETMAP;
      tell(protocol, await listenPassed(this.#streams.create(protocol), fd));
    }
    const places = passed.length > 0 && listenIsDefault ? [] : listen;
    for (const place of places) tell(SOCKETMAP, await listenAt(this.#streams.create(SOCKETMAP), place));
    for (const place of tcpTable) tell(TCP_TABLE, await listenAt(this.#streams.create(TCP_TABLE), place));
  }

  async #openHttp(place: NonNullable<PolicySettings['metrics']>): Promise<void> {
    this.#metrics = createPolicyMetrics(this.#service, this.#streams, () => this.#state?.failures ?? 0);
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
    const fingerprint = await policyFingerprint(settings);
    const next = fingerprint === this.#fingerprint ? undefined : await newResolver(settings, this.#clock);
    // Places and limits stay as they were at the start.
    this.#settings = {
      ...this.#settings,
      lookup: settings.lookup,
      partialDane: settings.partialDane,
      overrides: settings.overrides,
    };
    this.#override();
    if (next) {
      const before = this.#resolver;
      this.#resolver = next;
      this.#fingerprint = fingerprint;
      this.#service.reset();
      // Lookups under way end with the resolver that they began with.
      setTimeout(() => void before.close(), settings.lookup.timeoutMs).unref();
    }
    const what = next ? 'lookups are made otherwise now; the cache is empty' : 'lookups stay as they are';
    const set = `${this.#service.overrides.size} policies set by hand`;
    this.#log.event('reload', `settings read again: ${set}; ${what}`);
  }

  /** Answers what is under way, briefly, and keeps the cache for the next run. */
  async stop(): Promise<void> {
    await this.#reloading;
    await this.#streams.stop(DRAIN_MS);
    await this.#state?.keep(this.#fingerprint);
    await this.#close(0);
    this.#log.event('stop', 'stopped');
  }

  async #close(drainMs: number): Promise<void> {
    clearInterval(this.#keeping);
    await Promise.all([this.#streams.stop(drainMs), this.#http?.close(), this.#control?.close()]);
    await this.#resolver.close();
  }
}

function newResolver(settings: PolicySettings, clock: () => number): Promise<ValidatingResolver> {
  return openResolver(settings.lookup, { clock, cacheOctets: CACHE_OCTETS, prefetch: true });
}
