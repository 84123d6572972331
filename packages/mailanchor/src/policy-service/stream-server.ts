/** Connections of all clients: accepted within bounds, looked after once a second, ended in order. */
import { createServer, type Server, type Socket } from 'node:net';
import type { AccessList } from '../resolver-service/access.ts';
import type { Answer } from './answer.ts';
import { type CloseReason, Connection } from './connection.ts';
import type { Protocol } from './protocol.ts';

export interface StreamServerOptions {
  readonly answer: (key: string) => Answer | Promise<Answer>;
  /** Whether all answers bear their attributes for TLS reports, asked for or not. Default false. */
  readonly attributes?: boolean;
  /** Of clients with addresses; a unix socket has permissions. */
  readonly access: AccessList;
  readonly maxConnections: number;
  /** Told of each connection that we close. */
  readonly onClose?: (reason: CloseReason, address: string | undefined) => void;
  /** Milliseconds without a question, and for one to be finished. */
  readonly idleMs?: number;
  readonly unfinishedMs?: number;
  /** Milliseconds between two looks at that. */
  readonly sweepMs?: number;
}

const IDLE_MS = 120_000;
const UNFINISHED_MS = 10_000;
const SWEEP_MS = 1_000;
/** Connections looked at for the one that has been idle longest. */
const CANDIDATES = 64;

export class StreamServer {
  readonly counts = {
    accepted: 0,
    closed: {
      malformed: 0,
      unread: 0,
      flood: 0,
      unfinished: 0,
      idle: 0,
      evicted: 0,
      refused: 0,
    } satisfies Record<CloseReason, number>,
  };
  #options: StreamServerOptions;
  readonly #connections = new Set<Connection>();
  readonly #servers: Server[] = [];
  readonly #encoded = new Map<Protocol, Map<Answer, Buffer>>();
  readonly #sweep: NodeJS.Timeout;
  #stopping = false;

  constructor(options: StreamServerOptions) {
    this.#options = options;
    this.#sweep = setInterval(() => this.#look(performance.now()), options.sweepMs ?? SWEEP_MS).unref();
  }

  get open(): number {
    return this.#connections.size;
  }

  /** Whoever may not ask any more is closed. Connections that are too many then stay until others come. */
  limit(limits: Pick<StreamServerOptions, 'access' | 'maxConnections' | 'attributes'>): void {
    this.#options = { ...this.#options, ...limits };
    for (const connection of this.#connections)
      if (!this.#allows(connection.address)) connection.close('refused');
  }

  #allows(address: string | undefined): boolean {
    return address === undefined || this.#options.access.allows(address);
  }

  /** Not listening yet: whoever has the place lets it. */
  create(protocol: Protocol): Server {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#accept(socket, protocol),
    );
    this.#servers.push(server);
    return server;
  }

  #accept(socket: Socket, protocol: Protocol): void {
    this.counts.accepted++;
    if (this.#stopping || !this.#allows(socket.remoteAddress)) {
      this.#closed('refused', socket.remoteAddress);
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    while (this.#connections.size >= this.#options.maxConnections) this.#makeRoom();
    let encoded = this.#encoded.get(protocol);
    if (!encoded) {
      encoded = new Map();
      this.#encoded.set(protocol, encoded);
    }
    const connection = new Connection(
      socket,
      protocol,
      {
        answer: this.#options.answer,
        attributes: this.#options.attributes ?? false,
        closed: (gone, reason) => {
          this.#connections.delete(gone);
          if (reason) this.#closed(reason, gone.address);
        },
      },
      encoded,
    );
    this.#connections.add(connection);
  }

  #closed(reason: CloseReason, address: string | undefined): void {
    this.counts.closed[reason]++;
    this.#options.onClose?.(reason, address);
  }

  /** Whoever opens connections and asks nothing must not keep out those who do. */
  #makeRoom(): void {
    const candidates: Connection[] = [];
    for (const connection of this.#connections) {
      if (candidates.length >= CANDIDATES) break;
      candidates.push(connection);
    }
    let idlest: Connection | undefined;
    for (const connection of candidates) {
      // Next time others are looked at.
      this.#connections.delete(connection);
      this.#connections.add(connection);
      if (!connection.waiting && (!idlest || connection.active < idlest.active)) idlest = connection;
    }
    const victim = idlest ?? candidates[0]!;
    this.#connections.delete(victim);
    victim.close('evicted');
  }

  #look(now: number): void {
    const { idleMs = IDLE_MS, unfinishedMs = UNFINISHED_MS } = this.#options;
    for (const connection of this.#connections) {
      if (connection.waiting) continue;
      if (connection.unfinishedSince !== undefined && now - connection.unfinishedSince >= unfinishedMs)
        connection.close('unfinished');
      else if (now - connection.active >= idleMs) connection.close('idle');
    }
  }

  /** Takes no more connections; those that wait for an answer have so many milliseconds for it. */
  async stop(drainMs: number): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#sweep);
    const closed = Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => void server.close(() => resolve()))),
    );
    for (const connection of this.#connections) connection.end();
    const late = setTimeout(() => {
      for (const connection of this.#connections) connection.close();
    }, drainMs);
    await closed;
    clearTimeout(late);
  }
}
