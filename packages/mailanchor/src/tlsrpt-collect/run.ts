/** The collector from start to stop: sources, store, resolver, pages over HTTP. */
import type { Server } from 'node:net';
import type { ValidatingResolver } from '@mailanchor/dnssec';
import { clockFrom } from '../clock.ts';
import type { Context } from '../context.ts';
import { messageOf, UsageError } from '../errors.ts';
import { openResolver } from '../lookup.ts';
import { listenUnix } from '../policy-service/listen.ts';
import { openSts } from '../policy-service/open-sts.ts';
import { type HttpServer, serveHttp } from '../resolver-service/http-server.ts';
import { cannotListen } from '../resolver-service/listen.ts';
import type { Log } from '../resolver-service/log.ts';
import { placeToText } from '../resolver-service/settings.ts';
import { openTlsRptStore, type TlsRptStore } from '../tlsrpt/store.ts';
import { CollectCounts } from './counts.ts';
import { createEventServer } from './event-socket.ts';
import { FileFollower, type FilePosition } from './follow-file.ts';
import { followJournal, type JournalPosition } from './journal.ts';
import { LogIntake } from './log-intake.ts';
import { createCollectMetrics } from './metrics.ts';
import { PolicyLookup } from './policy-lookup.ts';
import { readDatagrams, readLines } from './read-stdin.ts';
import type { CollectSettings } from './settings.ts';

/** Octets for validated records. */
const CACHE_OCTETS = 32 * 1024 * 1024;

export class RunningCollect {
  readonly #settings: CollectSettings;
  readonly #context: Context;
  readonly #log: Log;
  readonly #clock: () => number;
  readonly #store: TlsRptStore;
  readonly #resolver: ValidatingResolver;
  readonly #policies: PolicyLookup;
  readonly #counts = new CollectCounts();
  readonly #stopping = new AbortController();
  readonly #followers = new Map<string, FileFollower>();
  readonly #work: Promise<void>[] = [];
  #server: Server | undefined;
  #http: HttpServer | undefined;
  /** What a source died of. */
  #broken: string | undefined;

  /** Throws `UsageError` and `DatabaseError`; nothing stays open then. */
  static async start(settings: CollectSettings, context: Context, log: Log): Promise<RunningCollect> {
    const clock = clockFrom(settings.lookup.at);
    const sts = await openSts(settings, clock);
    const resolver = await openResolver(settings.lookup, { clock, cacheOctets: CACHE_OCTETS });
    let store: TlsRptStore;
    try {
      store = openTlsRptStore(settings.database, { clock });
    } catch (error) {
      await resolver.close();
      throw error;
    }
    const running = new RunningCollect(settings, context, log, { clock, store, resolver, sts });
    try {
      await running.#open();
    } catch (error) {
      await running.stop();
      throw error;
    }
    return running;
  }

  private constructor(
    settings: CollectSettings,
    context: Context,
    log: Log,
    made: {
      clock: () => number;
      store: TlsRptStore;
      resolver: ValidatingResolver;
      sts: Awaited<ReturnType<typeof openSts>>;
    },
  ) {
    this.#settings = settings;
    this.#context = context;
    this.#log = log;
    this.#clock = made.clock;
    this.#store = made.store;
    this.#resolver = made.resolver;
    this.#policies = new PolicyLookup({
      resolver: made.resolver,
      sts: made.sts,
      timeoutMs: settings.lookup.timeoutMs,
      signal: this.#stopping.signal,
    });
  }

  async #open(): Promise<void> {
    const { listen, metrics, logs, journal, stdin } = this.#settings;
    if (listen) {
      this.#server = createEventServer({ add: (event) => this.#store.add(event), counts: this.#counts });
      // Whoever may reach the folder may tell: what is told is counted, and nothing else.
      await listenUnix(this.#server, listen.path, listen.from, 0o666);
      this.#log.event('listen', `listening for events on ${listen.path}`, { place: listen.path });
    }
    if (metrics) await this.#openHttp(metrics);
    for (const path of logs) this.#follow(path);
    if (journal) this.#followJournal();
    if (stdin) this.#readStdin();
    this.#log.event('start', 'ready');
  }

  async #openHttp(place: NonNullable<CollectSettings['metrics']>): Promise<void> {
    const behind = async () => {
      const found = [...this.#followers].map(
        async ([path, follower]) => [path, (await follower.behind()) ?? 0] as const,
      );
      return Object.fromEntries(await Promise.all(found));
    };
    const registry = createCollectMetrics({ counts: this.#counts, store: this.#store, behind });
    try {
      this.#http = await serveHttp(place, {
        health: async () => this.#broken ?? this.#store.counts.problem,
        metrics: async () => ({ type: registry.contentType, text: await registry.metrics() }),
      });
    } catch (error) {
      throw cannotListen('--metrics', place, error);
    }
    const text = placeToText(this.#http.place);
    this.#log.event('metrics', `metrics and health on http://${text}/`, { place: text });
  }

  #intake(name: string | undefined): LogIntake {
    return new LogIntake({
      store: this.#store,
      name,
      policies: this.#policies,
      clock: this.#clock,
      counts: this.#counts,
      log: this.#log,
      signal: this.#stopping.signal,
    });
  }

  #follow(path: string): void {
    const intake = this.#intake(`file ${path}`);
    const position = intake.position as FilePosition | undefined;
    const follower = new FileFollower({
      path,
      position,
      fromEnd: this.#settings.fromEnd,
      take: (lines, at) => intake.take(lines, at),
      event: (text) => this.#log.event('log', text),
      problem: (text) => this.#log.problem('log', text),
      signal: this.#stopping.signal,
    });
    this.#followers.set(path, follower);
    this.#log.event(
      'log',
      `${path}, ${position ? `from octet ${position.offset} on` : `from its ${this.#settings.fromEnd ? 'end' : 'beginning'} on`}`,
      { path },
    );
    this.#until(follower.run(), path);
  }

  #followJournal(): void {
    const intake = this.#intake('journal');
    const journal = followJournal({
      position: intake.position as JournalPosition | undefined,
      fromEnd: this.#settings.fromEnd,
      take: (lines, at) => intake.take(lines, at),
      problem: (text) => this.#log.problem('log', text),
      signal: this.#stopping.signal,
    });
    this.#until(journal, 'the journal');
  }

  #readStdin(): void {
    const { stdin } = this.#context;
    const common = { store: this.#store, counts: this.#counts, clock: this.#clock, log: this.#log };
    const read = this.#settings.libtlsrpt
      ? readDatagrams(stdin, { ...common, signal: this.#stopping.signal })
      : readLines(stdin, this.#intake(undefined));
    this.#until(read, 'standard input');
  }

  #until(work: Promise<void>, name: string): void {
    this.#work.push(
      work.catch((error: unknown) => {
        if (this.#stopping.signal.aborted) return;
        this.#broken = `${name}: ${messageOf(error)}`;
        this.#log.problem('log', this.#broken);
      }),
    );
  }

  /** Resolves once standard input has ended and there is nothing else to wait for; else never. */
  async ended(): Promise<void> {
    const { stdin, logs, journal, listen } = this.#settings;
    if (!stdin || logs.length > 0 || journal || listen) return new Promise(() => {});
    await Promise.all(this.#work);
    if (this.#broken !== undefined) throw new UsageError(this.#broken);
  }

  /** What was told is written; where a log was read up to is kept. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#server?.close();
    await Promise.all([...(this.#settings.stdin ? [] : this.#work), this.#http?.close()]);
    this.#store.close();
    await this.#resolver.close();
    this.#log.event('stop', 'stopped');
  }
}
