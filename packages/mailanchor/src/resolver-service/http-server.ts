/** Health and metrics over HTTP: `/healthz` and `/metrics`, GET and HEAD, nothing else. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Place } from './settings.ts';

export interface HttpPages {
  /** Why questions cannot be answered; undefined where they can. May take its time, within reason. */
  readonly health: () => Promise<string | undefined>;
  /** Prometheus' text format. */
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
}

export interface HttpServer {
  readonly place: Place;
  close(): Promise<void>;
}

/** Milliseconds that a client has for its request. */
const REQUEST_MS = 5_000;
const CONNECTIONS = 64;

/** Rejects as `net.Server.listen` does. */
export async function serveHttp({ address, port }: Place, pages: HttpPages): Promise<HttpServer> {
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, maxHeaderSize: 8192 },
    (request, response) => {
      const say = (status: number, text: string, type = 'text/plain; charset=utf-8') => {
        response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
        response.end(request.method === 'HEAD' ? undefined : text);
      };
      const path = (request.url ?? '').split('?')[0];
      if (request.method !== 'GET' && request.method !== 'HEAD') say(405, 'GET it\n');
      else if (path === '/healthz') {
        pages.health().then(
          (problem) => (problem === undefined ? say(200, 'ok\n') : say(503, `${problem}\n`)),
          () => say(503, 'no validated answer yet\n'),
        );
      } else if (path === '/metrics') {
        pages.metrics().then(
          ({ type, text }) => say(200, text, type),
          () => say(500, 'no metrics\n'),
        );
      } else say(404, '/healthz, /metrics\n');
    },
  );
  server.maxConnections = CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, exclusive: true }, resolve);
  });
  return { place: { address, port: (server.address() as AddressInfo).port }, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
