/** The endpoint for reports from start to stop: certificate, store, pages over HTTP. */

import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { Counter, Registry } from 'prom-client';
import { clockFrom } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { readTextFile } from '../file.ts';
import { type HttpServer, serveHttp } from '../resolver-service/http-server.ts';
import { cannotListen } from '../resolver-service/listen.ts';
import type { Log } from '../resolver-service/log.ts';
import { placeToText } from '../resolver-service/settings.ts';
import { createEndpoint, type EndpointCounts } from './endpoint.ts';
import { openReceived, type ReceivedStore } from './received-store.ts';
import type { ListenSettings } from './settings.ts';
import { takeIn } from './take-in.ts';
import { takenText } from './words.ts';

const PRUNE_MS = 3_600_000;

export class RunningListen {
  readonly #settings: ListenSettings;
  readonly #log: Log;
  readonly #store: ReceivedStore;
  #server: Server | undefined;
  #http: HttpServer | undefined;
  #pruning: NodeJS.Timeout | undefined;
  #problem: string | undefined;

  /** Throws `UsageError` and `DatabaseError`; nothing stays open then. */
  static async start(settings: ListenSettings, log: Log): Promise<RunningListen> {
    const clock = clockFrom(settings.lookup.at);
    const tls = await readTls(settings);
    const running = new RunningListen(settings, log, openReceived(settings.database, { clock }));
    try {
      await running.#open(tls, clock);
    } catch (error) {
      await running.stop();
      throw error;
    }
    return running;
  }

  private constructor(settings: ListenSettings, log: Log, store: ReceivedStore) {
    this.#settings = settings;
    this.#log = log;
    this.#store = store;
  }

  async #open(tls: Awaited<ReturnType<typeof readTls>>, clock: () => number): Promise<void> {
    const { listen, path, domains, metrics } = this.#settings;
    const log = this.#log;
    const { server, counts } = createEndpoint({
      tls,
      path,
      take: async (octets) => {
        const taken = await takeIn(octets, {
          store: this.#store,
          verify: undefined,
          domains,
          source: 'https',
          clock,
        });
        this.#problem = undefined;
        return taken;
      },
      onReport: (taken) => log.event('report', takenText(taken)),
      problem: (text) => {
        this.#problem = text;
        log.problem('store', text);
      },
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: listen.address, port: listen.port }, resolve);
    }).catch((error: unknown) => {
      throw cannotListen('--listen', listen, error);
    });
    const place = placeToText({ address: listen.address, port: (server.address() as AddressInfo).port });
    const scheme = tls ? 'https' : 'http';
    log.event('listen', `listening on ${scheme}://${place}${path}`, { place });
    if (metrics) await this.#openHttp(metrics, counts);
    this.#prune();
    this.#pruning = setInterval(() => this.#prune(), PRUNE_MS).unref();
    log.event('start', 'ready');
  }

  async #openHttp(place: NonNullable<ListenSettings['metrics']>, counts: EndpointCounts): Promise<void> {
    const registry = new Registry();
    new Counter({
      name: 'mailanchor_tlsrpt_received_total',
      help: 'Reports that were posted, by what became of them',
      labelNames: ['outcome'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [outcome, count] of Object.entries(counts)) this.inc({ outcome }, count);
      },
    });
    try {
      this.#http = await serveHttp(place, {
        health: async () => this.#problem,
        metrics: async () => ({ type: registry.contentType, text: await registry.metrics() }),
      });
    } catch (error) {
      throw cannotListen('--metrics', place, error);
    }
    this.#log.event('metrics', `metrics and health on http://${placeToText(this.#http.place)}/`);
  }

  #prune(): void {
    try {
      this.#store.prune(this.#settings.retention);
    } catch (error) {
      this.#log.problem('store', messageOf(error));
    }
  }

  /** The certificate is read again; places and limits stay. What cannot be used leaves everything as it is. */
  reload(read: () => Promise<ListenSettings>): void {
    const load = async () => {
      const tls = await readTls(await read());
      if (tls && this.#server && 'setSecureContext' in this.#server)
        (this.#server as HttpsServer).setSecureContext(tls);
      this.#log.event(
        'reload',
        tls ? 'the certificate is read again' : 'settings stay as they are until a restart',
      );
    };
    load().catch((error: unknown) =>
      this.#log.problem('reload', `everything stays as it is: ${messageOf(error)}`),
    );
  }

  async stop(): Promise<void> {
    clearInterval(this.#pruning);
    await Promise.all([
      new Promise<void>((resolve) => {
        if (!this.#server?.listening) return resolve();
        this.#server.close(() => resolve());
        // Who posts now may finish; who merely keeps a connection may not.
        setTimeout(() => (this.#server as HttpsServer).closeAllConnections(), 2_000).unref();
        (this.#server as HttpsServer).closeIdleConnections();
      }),
      this.#http?.close(),
    ]);
    this.#store.close();
    this.#log.event('stop', 'stopped');
  }
}

async function readTls({ tls }: ListenSettings): Promise<{ cert: string; key: string } | undefined> {
  if (!tls) return undefined;
  const [cert, key] = await Promise.all([
    readTextFile(tls.cert.path, tls.cert.from),
    readTextFile(tls.key.path, tls.key.from),
  ]);
  return { cert, key };
}
