/**
 * Where reports are sent by HTTPS (rfc8460#section-5.4): POST, a report each. Anybody may come, so everything is bounded: octets, time, clients,
 * reports that are read at a time.
 */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server } from 'node:net';
import { REPORT_LIMITS } from '@mailanchor/smtp';
import type { TakenIn } from './take-in.ts';

export interface EndpointOptions {
  /** Undefined: plain HTTP, behind a proxy. PEM. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** The path that reports go to; every path below it too. */
  readonly path: string;
  /** Rejects where nothing can be stored. */
  readonly take: (octets: Uint8Array) => Promise<readonly TakenIn[]>;
  readonly onReport?: (taken: TakenIn) => void;
  readonly problem: (text: string) => void;
}

export interface EndpointCounts {
  stored: number;
  known: number;
  refused: number;
  failed: number;
}

const TYPES =
  /^(?:application\/(?:tlsrpt\+(?:gzip|json)|(?:x-)?gzip|json|octet-stream)|text\/(?:json|plain))[ \t]*(?:;|$)/i;
/** Milliseconds for a whole request. */
const REQUEST_MS = 60_000;
const MAX_CLIENTS = 200;
/** Bodies that are taken in, and reports that are read, at a time. */
const MAX_BODIES = 16;

/** Not listening yet. */
export function createEndpoint(options: EndpointOptions): {
  readonly server: Server;
  readonly counts: EndpointCounts;
} {
  const counts: EndpointCounts = { stored: 0, known: 0, refused: 0, failed: 0 };
  let bodies = 0;
  const handle: RequestListener = (request, response) => {
    const refusal = whyNot(request, options.path);
    if (refusal) return say(response, ...refusal);
    if (bodies >= MAX_BODIES) {
      response.setHeader('retry-after', '60');
      return say(response, 503, 'too many reports at a time: try again later');
    }
    bodies++;
    takeBody(request, response, options, counts)
      .catch((error: unknown) => {
        counts.failed++;
        options.problem(error instanceof Error ? error.message : String(error));
        say(response, 503, 'nothing can be stored now: try again later');
      })
      .finally(() => bodies--);
  };
  const limits = { requestTimeout: REQUEST_MS, headersTimeout: 10_000, maxHeaderSize: 8_192 };
  const server = options.tls
    ? createHttpsServer({ ...limits, ...options.tls, minVersion: 'TLSv1.2' }, handle)
    : createHttpServer(limits, handle);
  server.maxConnections = MAX_CLIENTS;
  return { server, counts };
}

function whyNot(request: IncomingMessage, path: string): [number, string] | undefined {
  const [asked = ''] = (request.url ?? '').split('?');
  if (asked !== path && !asked.startsWith(path.endsWith('/') ? path : `${path}/`))
    return [404, 'no such page'];
  if (request.method !== 'POST') return [405, 'POST a report (RFC 8460 section 5.4)'];
  if (!TYPES.test(request.headers['content-type'] ?? ''))
    return [415, 'application/tlsrpt+gzip or application/tlsrpt+json is wanted'];
  if (Number(request.headers['content-length'] ?? 0) > REPORT_LIMITS.file) return [413, TOO_LARGE];
  return undefined;
}

const TOO_LARGE = `a report has at most ${REPORT_LIMITS.file} octets`;

async function takeBody(
  request: IncomingMessage,
  response: ServerResponse,
  { take, onReport }: EndpointOptions,
  counts: EndpointCounts,
): Promise<void> {
  const octets = await bodyOf(request);
  if (octets === 'too large') {
    counts.refused++;
    say(response, 413, TOO_LARGE);
    return;
  }
  // The sender went away in the middle.
  if (octets === undefined) return;
  const taken = await take(octets);
  for (const one of taken) {
    onReport?.(one);
    if (one.kind === 'stored') counts.stored++;
    else if (one.kind === 'known') counts.known++;
    else counts.refused++;
  }
  const [first] = taken;
  if (first?.kind === 'stored' || first?.kind === 'known') say(response, 200, first.kind);
  else if (first?.kind === 'full') say(response, 503, 'enough reports for today');
  else say(response, 400, first?.kind === 'refused' ? first.text : 'no report');
}

/** Undefined: it broke off. */
function bodyOf(request: IncomingMessage): Promise<Buffer | 'too large' | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let octets = 0;
    request.on('data', (chunk: Buffer) => {
      octets += chunk.length;
      if (octets > REPORT_LIMITS.file) {
        resolve('too large');
        request.removeAllListeners('data').resume();
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(request.complete ? Buffer.concat(chunks) : undefined));
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(undefined));
  });
}

function say(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent || response.destroyed) return;
  // What is not read of the request makes the connection useless for another.
  if (status >= 400) response.setHeader('connection', 'close');
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  });
  response.end(`${text}\n`);
}
