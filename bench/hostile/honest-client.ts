/** The honest client, in a thread of its own: what attackers do to themselves is not to slow it down. As a stub resolver it asks again. */
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { createTcpTransport, createUdpTransport, makeQuery, Name, RRType } from '@mailanchor/dns';

export interface HonestSettings {
  readonly port: number;
  readonly name: string;
  readonly seconds: number;
  /** Milliseconds between two questions. */
  readonly pace: number;
}

export interface HonestResult {
  readonly asked: number;
  readonly good: number;
  /** Times that a question had to be asked again. */
  readonly again: number;
  readonly ms: readonly number[];
}

/** As glibc, but not as patient. */
const ATTEMPTS = 3;
const PATIENCE = 1500;

const { port, name, seconds, pace } = workerData as HonestSettings;
const transports = [createUdpTransport(), createTcpTransport()];
const message = makeQuery(Name.fromText(name), RRType.MX, { rd: true, ad: true });
const waiting: Promise<void>[] = [];
const ms: number[] = [];
let asked = 0;
let good = 0;
let again = 0;

async function askOnce(transport: (typeof transports)[number]): Promise<void> {
  const begin = performance.now();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) again++;
    try {
      const { ad } = await transport.exchange(
        message,
        { address: '127.0.0.1', port },
        { timeoutMs: PATIENCE },
      );
      if (ad) good++;
      ms.push(performance.now() - begin);
      return;
    } catch {
      // Lost, or the connection was.
    }
  }
}

const end = performance.now() + seconds * 1000;
while (performance.now() < end) {
  waiting.push(askOnce(transports[asked++ % 2]!));
  await delay(pace);
}
await Promise.all(waiting);
await Promise.all(transports.map((transport) => transport.close()));
parentPort!.postMessage({ asked, good, again, ms } satisfies HonestResult);
