/** `mailanchor tlsrpt send` as a service: rounds for ever, pages over HTTP, signals. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import { type HttpServer, serveHttp } from '../resolver-service/http-server.ts';
import { cannotListen } from '../resolver-service/listen.ts';
import type { Log } from '../resolver-service/log.ts';
import { placeToText } from '../resolver-service/settings.ts';
import { createSenderMetrics } from './metrics.ts';
import { type OpenSender, openSender } from './open-sender.ts';
import { newSenderCounts, type SenderCounts } from './sender.ts';
import type { SendSettings } from './settings.ts';
import type { TlsRptStore } from './store.ts';

const TICK_MS = 30_000;
const PRUNE_EVERY_MS = 3_600_000;
/** Milliseconds that deliveries under way have once we are stopped. */
const FINISH_MS = 8_000;

export class RunningSender {
  readonly #store: TlsRptStore;
  readonly #log: Log;
  readonly #counts: SenderCounts;
  #settings: SendSettings;
  #open: OpenSender;
  #next: Promise<void> = Promise.resolve();
  #http: HttpServer | undefined;
  #problem: string | undefined;
  #prunedAt = Number.NEGATIVE_INFINITY;

  /** Throws `UsageError`; the store stays the caller's. */
  static async start(settings: SendSettings, store: TlsRptStore, log: Log): Promise<RunningSender> {
    const counts = newSenderCounts();
    const open = await openSender(settings, store.database, log, counts);
    const running = new RunningSender(settings, store, log, open, counts);
    const { metrics, route, dkim } = settings;
    if (!route) log.problem('route', 'no smarthost and no sendmail is configured: reports go by HTTPS alone');
    else if (!dkim) log.event('unsigned', 'reports go by mail unsigned: the smarthost must sign them (DKIM)');
    if (metrics) await running.#serve(metrics);
    log.event('start', 'ready');
    return running;
  }

  private constructor(
    settings: SendSettings,
    store: TlsRptStore,
    log: Log,
    open: OpenSender,
    counts: SenderCounts,
  ) {
    this.#settings = settings;
    this.#store = store;
    this.#log = log;
    this.#open = open;
    this.#counts = counts;
  }

  async #serve(place: NonNullable<SendSettings['metrics']>): Promise<void> {
    const registry = createSenderMetrics(this.#store.database, this.#counts);
    try {
      this.#http = await serveHttp(place, {
        health: async () => this.#problem,
        metrics: async () => ({ type: registry.contentType, text: await registry.metrics() }),
      });
    } catch (error) {
      await this.#open.close();
      throw cannotListen('--metrics', place, error);
    }
    const text = placeToText(this.#http.place);
    this.#log.event('metrics', `metrics and health on http://${text}/`, { place: text });
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const hard = new AbortController();
    const stop = () => setTimeoutUnref(() => hard.abort(new Error('stopped')), FINISH_MS);
    signal.addEventListener('abort', stop, { once: true });
    while (!signal.aborted) {
      await this.#next;
      await this.#round(signal, hard.signal);
      await sleep(TICK_MS, undefined, { signal }).catch(() => {});
    }
    await this.#http?.close();
    await this.#open.close();
    this.#log.event('stop', 'stopped');
  }

  async #round(signal: AbortSignal, hard: AbortSignal): Promise<void> {
    const { windowMs, settleMs } = this.#settings;
    try {
      await this.#open.sender.round({ windowMs, settleMs, signal, hard });
      this.#prune();
      this.#problem = undefined;
    } catch (error) {
      const text = messageOf(error);
      // Told once, not at every turn.
      if (text !== this.#problem) this.#log.problem('round', `reports cannot be sent now: ${text}`);
      this.#problem = text;
    }
  }

  #prune(): void {
    const now = performance.now();
    if (now - this.#prunedAt < PRUNE_EVERY_MS) return;
    this.#prunedAt = now;
    const forgotten = this.#store.prune(this.#settings.retention);
    if (forgotten > 0) {
      this.#log.event(
        'prune',
        `${forgotten} domains' days are older than ${this.#settings.retention} days, and forgotten`,
      );
      this.#prunedAt = Number.NEGATIVE_INFINITY;
    }
  }

  /** `read`: the settings as they are now. What cannot be used leaves everything as it is. */
  reload(read: () => Promise<SendSettings>): void {
    this.#next = this.#next.then(async () => {
      try {
        const settings = await read();
        const open = await openSender(settings, this.#store.database, this.#log, this.#counts);
        const before = this.#open;
        this.#open = open;
        // The place of the metrics stays as it was at the start.
        this.#settings = { ...settings, metrics: this.#settings.metrics };
        setTimeoutUnref(() => void before.close(), settings.lookup.timeoutMs);
        this.#log.event('reload', 'settings read again');
      } catch (error) {
        this.#log.problem('reload', `everything stays as it is: ${messageOf(error)}`);
      }
    });
  }
}

function setTimeoutUnref(work: () => void, ms: number): void {
  setTimeout(work, ms).unref();
}
