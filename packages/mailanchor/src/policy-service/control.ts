/**
 * The door for whoever runs the server: HTTP on a unix socket that only its own user and root can open. `GET /query?key=`, `GET /dump`,
 * `POST /purge`, `POST /purge?key=`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { NamedFile } from '../options/lookup.ts';
import type { CachedAnswer } from './answer-cache.ts';
import { listenUnix } from './listen.ts';
import type { PolicyService } from './service.ts';

export interface DumpLine {
  readonly key: string;
  readonly status: string;
  readonly policy: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly expires: string;
  readonly asked: number;
}

/** Entries written between two turns for others. */
const DUMP_CHUNK = 1_000;

/** Throws `UsageError` where it cannot listen. */
export async function serveControl(
  file: NamedFile,
  service: PolicyService,
  log: (text: string) => void,
): Promise<{ close(): Promise<void> }> {
  const server = createServer({ requestTimeout: 5_000, maxHeaderSize: 8_192 }, (request, response) => {
    handle(request, response, service, log).catch((error: unknown) => {
      if (!response.headersSent)
        say(response, 400, { error: error instanceof Error ? error.message : String(error) });
      else response.destroy();
    });
  });
  server.maxConnections = 16;
  await listenUnix(server, file.path, file.from, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  service: PolicyService,
  log: (text: string) => void,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://control');
  const key = url.searchParams.get('key');
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /query':
      if (key === null) return say(response, 400, { error: 'which key?' });
      return say(response, 200, await service.answer(key));
    case 'GET /dump':
      return dump(response, service);
    case 'POST /purge': {
      const purged = key === null ? service.cache.size : service.purge(key);
      if (key === null) service.reset();
      log(key === null ? `all ${purged} answers are forgotten` : `${key} is forgotten`);
      return say(response, 200, { purged });
    }
    default:
      return say(response, 404, { error: 'GET /query?key=, GET /dump, POST /purge' });
  }
}

function say(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(value)}\n`);
}

/** A line each. What changes meanwhile may be there or not. */
async function dump(response: ServerResponse, service: PolicyService): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  let lines: string[] = [];
  const flush = async () => {
    const drained = response.write(lines.join(''));
    lines = [];
    if (!drained && !response.destroyed)
      await new Promise<void>((resolve) => {
        response.once('drain', resolve);
        response.once('close', resolve);
      });
  };
  for (const entry of service.cache.values()) {
    lines.push(`${JSON.stringify(dumpLine(entry))}\n`);
    if (lines.length >= DUMP_CHUNK) await flush();
    if (response.destroyed) return;
  }
  response.end(lines.join(''));
}

function dumpLine({ key, answer, expires, asked }: CachedAnswer): DumpLine {
  const { status, text, reason } = answer;
  return { key, status, policy: text, reason, expires: new Date(expires).toISOString(), asked };
}
