/**
 * Queries over a stream, TCP (rfc1035#section-4.2.2, rfc7766) or TLS (rfc7858#section-3.3): two octets of length before each message,
 * queries pipelined on one connection a server, answers in any order. An idle connection is closed after a while; one that the
 * server closed while a query was on its way is opened anew once (RFC 7766, section 6.2.4).
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { DnsFormatError, type TransportErrorCode } from '../errors.ts';
import type { Message } from '../message.ts';
import { decodeMessage } from '../message-decode.ts';
import { FrameReader, frame } from './frame-reader.ts';
import { ExchangeTable, type PendingExchange, socketErrorCode } from './pending-exchange.ts';
import { type RandomFill, RandomNumbers } from './random.ts';
import { matchesQuery } from './response-match.ts';
import type { Endpoint, ExchangeOptions, Transport } from './transport.ts';

export interface StreamTransportOptions {
  /** Milliseconds after which a connection without a query under way is closed. */
  readonly idleMs: number;
  /** Queries under way on one connection before another is opened. */
  readonly queriesPerConnection: number;
  readonly random: RandomFill | undefined;
  /** Begins a connection. */
  readonly connect: (server: Endpoint) => Socket;
  /** The event of that socket from which on queries may be sent. */
  readonly readyEvent: 'connect' | 'secureConnect';
  readonly encode: (query: Message) => Uint8Array;
}

export class StreamTransport implements Transport {
  readonly options: StreamTransportOptions;
  readonly random: RandomNumbers;
  readonly #table = new ExchangeTable();
  readonly #servers = new Map<string, Set<StreamConnection>>();

  constructor(options: StreamTransportOptions) {
    this.options = options;
    this.random = new RandomNumbers(options.random);
  }

  exchange(query: Message, server: Endpoint, options: ExchangeOptions): Promise<Message> {
    return this.#table.open(server, options, (exchange) => {
      if (query.questions.length !== 1)
        throw new DnsFormatError('bad-query', 'a query has exactly one question');
      exchange.octets = this.options.encode(query);
      this.send(exchange);
    });
  }

  /** On an open connection to the exchange's server, or on a new one. */
  send(exchange: PendingExchange): void {
    const key = `${exchange.server.address} ${exchange.server.port}`;
    let connections = this.#servers.get(key);
    if (connections === undefined) {
      connections = new Set();
      this.#servers.set(key, connections);
    }
    for (const connection of connections) {
      if (!connection.usable) continue;
      connection.send(exchange);
      return;
    }
    const connection = new StreamConnection(this, exchange.server, () => {
      connections.delete(connection);
      if (connections.size === 0 && this.#servers.get(key) === connections) this.#servers.delete(key);
    });
    connections.add(connection);
    connection.send(exchange);
  }

  close(): void {
    this.#table.close();
    for (const connections of [...this.#servers.values()])
      for (const connection of [...connections]) connection.close();
  }
}

class StreamConnection {
  readonly #transport: StreamTransport;
  readonly #socket: Socket;
  readonly #onClosed: () => void;
  readonly #byId = new Map<number, PendingExchange>();
  readonly #frames = new FrameReader();
  #idleTimer: NodeJS.Timeout | undefined;
  #ready = false;
  /** Responses received so far. */
  #responses = 0;
  /** A query here met its deadline: no further one is sent. */
  #stale = false;
  #closed = false;

  constructor(transport: StreamTransport, server: Endpoint, onClosed: () => void) {
    this.#transport = transport;
    this.#onClosed = onClosed;
    this.#socket = transport.options.connect(server);
    this.#socket.unref();
    this.#socket.on('data', (chunk) => {
      this.#frames.push(chunk);
      for (let octets = this.#frames.next(); octets !== undefined; octets = this.#frames.next())
        this.#receive(octets);
    });
    this.#socket.on(transport.options.readyEvent, () => {
      this.#ready = true;
      for (const { octets } of this.#byId.values()) this.#socket.write(frame(octets));
    });
    this.#socket.on('error', (error) => this.#ended(error));
    this.#socket.on('end', () => this.#ended(undefined));
    this.#socket.on('close', () => this.#ended(undefined));
  }

  get usable(): boolean {
    return !this.#closed && !this.#stale && this.#byId.size < this.#transport.options.queriesPerConnection;
  }

  send(exchange: PendingExchange): void {
    clearTimeout(this.#idleTimer);
    let id = this.#transport.random.u16();
    while (this.#byId.has(id)) id = this.#transport.random.u16();
    exchange.id = id;
    exchange.release = (settled) => this.#released(settled);
    this.#byId.set(id, exchange);
    const { octets } = exchange;
    octets[0] = id >> 8;
    octets[1] = id & 0xff;
    // Nothing is said to a server before it has shown who it is.
    if (this.#ready) this.#socket.write(frame(octets));
  }

  #receive(octets: Uint8Array): void {
    const exchange = this.#byId.get(octets.length < 2 ? -1 : (octets[0]! << 8) | octets[1]!);
    // An answer that came after its deadline, or to nothing.
    if (exchange === undefined) return;
    this.#responses++;
    if (!matchesQuery(octets, exchange.octets, false)) {
      exchange.fail('malformed', 'response over TCP does not belong to the query');
      return;
    }
    try {
      exchange.succeed(decodeMessage(octets));
    } catch (error) {
      if (!(error instanceof DnsFormatError)) throw error;
      exchange.fail('malformed', error.message, error);
    }
  }

  #released(exchange: PendingExchange): void {
    this.#byId.delete(exchange.id);
    if (performance.now() >= exchange.deadline) this.#stale = true;
    if (this.#byId.size > 0 || this.#closed) return;
    if (this.#stale) this.close();
    else this.#idleTimer = setTimeout(() => this.close(), this.#transport.options.idleMs).unref();
  }

  #ended(error: Error | undefined): void {
    if (this.#closed) return;
    this.close();
    for (const exchange of [...this.#byId.values()]) {
      this.#byId.delete(exchange.id);
      exchange.release = undefined;
      // A connection that worked may end just as a query goes out: that is no failure of the query.
      if (this.#responses > 0 && !exchange.retried) {
        exchange.retried = true;
        this.#transport.send(exchange);
      } else if (error) exchange.fail(streamErrorCode(this.#socket, error), error.message, error);
      else exchange.fail('closed', 'connection was closed before the response was complete');
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#idleTimer);
    this.#onClosed();
    this.#socket.destroy();
  }
}

/** As `socketErrorCode`; a server whose certificate did not convince is 'untrusted'. */
export function streamErrorCode(socket: Socket, error: Error): TransportErrorCode {
  return socket instanceof TLSSocket && socket.authorizationError ? 'untrusted' : socketErrorCode(error);
}
