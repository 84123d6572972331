/**
 * Questions to single servers, politely: few at a time to each, each question once, and no more of them to a server that is silent. What one
 * check has learnt serves the next for a while: many domains have the same servers.
 */
import {
  type Message,
  makeQuery,
  type Name,
  type Transport,
  TransportError,
  type TransportErrorCode,
} from '@mailanchor/dns';
import type { Deadline } from '../deadline.ts';
import { limiter } from '../limiter.ts';

export type ServerReply =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'silent'; readonly text: string }
  | { readonly kind: 'not-asked'; readonly text: string };

/** Milliseconds for one packet, and packets for one question. */
const PACKET_MS = 1500;
const ATTEMPTS = 2;
/** Questions to one server at a time. */
const AT_A_TIME = 4;
/** Questions without answer after which a server counts as silent for all further ones. */
const SILENT_AFTER = 2;
/** Milliseconds for which an answer serves further checks, and how many are kept. */
const KEPT_MS = 60_000;
const KEPT = 20_000;

interface ServerState {
  readonly limit: ReturnType<typeof limiter>;
  unanswered: number;
}

export interface ServerAskerOptions {
  readonly transport: Transport;
  /** Of authoritative servers. */
  readonly port: number;
  /** Milliseconds, for how long an answer is kept. Default performance.now. */
  readonly now?: () => number;
}

export class ServerAsker {
  readonly #options: ServerAskerOptions;
  readonly #servers = new Map<string, ServerState>();
  readonly #kept = new Map<string, { readonly at: number; readonly reply: Promise<ServerReply> }>();

  constructor(options: ServerAskerOptions) {
    this.#options = options;
  }

  /** Not recursive, DNSSEC OK. Rejects only where `signal` aborts. */
  async ask(
    address: string,
    name: Name,
    type: number,
    limits: { readonly deadline: Deadline; readonly signal?: AbortSignal | undefined },
  ): Promise<ServerReply> {
    const now = (this.#options.now ?? (() => performance.now()))();
    const key = `${address} ${type} ${name.key}`;
    const known = this.#kept.get(key);
    if (known && now - known.at < KEPT_MS) {
      const reply = await known.reply;
      // Another check had no time for it; this one may have.
      if (reply.kind !== 'not-asked') return reply;
    }
    const server = this.#server(address);
    const reply = server.limit(() => this.#exchange(server, address, name, type, limits));
    // A rejection is the asker's own abort: nothing to keep.
    reply.catch(() => this.#kept.delete(key));
    this.#kept.delete(key);
    this.#kept.set(key, { at: now, reply });
    if (this.#kept.size > KEPT) this.#forgetOldest();
    return reply;
  }

  close(): void | Promise<void> {
    return this.#options.transport.close();
  }

  #server(address: string): ServerState {
    let server = this.#servers.get(address);
    if (!server) {
      if (this.#servers.size > KEPT) this.#servers.clear();
      server = { limit: limiter(AT_A_TIME), unanswered: 0 };
      this.#servers.set(address, server);
    }
    return server;
  }

  #forgetOldest(): void {
    for (const key of this.#kept.keys()) {
      this.#kept.delete(key);
      if (this.#kept.size <= KEPT * 0.9) return;
    }
  }

  async #exchange(
    server: ServerState,
    address: string,
    name: Name,
    type: number,
    { deadline, signal }: { readonly deadline: Deadline; readonly signal?: AbortSignal | undefined },
  ): Promise<ServerReply> {
    const { transport, port } = this.#options;
    const query = makeQuery(name, type, { do: true });
    let text = '';
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      signal?.throwIfAborted();
      if (server.unanswered >= SILENT_AFTER) return { kind: 'silent', text: text || 'no answer' };
      const timeoutMs = Math.min(PACKET_MS, deadline.remainingMs());
      if (timeoutMs <= 0) return { kind: 'not-asked', text: 'no time left' };
      try {
        const message = await transport.exchange(
          query,
          { address, port },
          { timeoutMs, ...(signal && { signal }) },
        );
        server.unanswered = 0;
        return { kind: 'message', message };
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof TransportError)) throw error;
        if (UNTELLING.has(error.code)) return { kind: 'not-asked', text: error.message };
        text = error.message;
        // A time limit that was cut short says less.
        if (error.code === 'timeout' && timeoutMs < PACKET_MS)
          return { kind: 'not-asked', text: 'no time left' };
        if (error.code !== 'timeout') return { kind: 'silent', text };
      }
    }
    server.unanswered++;
    return { kind: 'silent', text };
  }
}

/** What lies with this machine or its network, not with the server. */
const UNTELLING: ReadonlySet<TransportErrorCode> = new Set(['unreachable', 'closed', 'aborted']);
