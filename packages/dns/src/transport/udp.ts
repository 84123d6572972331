/**
 * Queries over UDP (rfc1035#section-4.2.1).
 *
 * Each socket is connected to one server, takes part in a bounded number of queries, and is then left to finish and closed. The
 * kernel gives each an ephemeral port at random and drops what does not come from the server's address and port, and tells of
 * ICMP errors, so that a dead server costs a round trip and not a timeout: an unconnected socket would have neither. An off-path
 * attacker has to hit the port, the id, the question and, with `case0x20`, the case of its letters (RFC 5452; TuDoor: a packet
 * that is wrong in any way is dropped and waiting goes on).
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { ipv4FromText, ipv6FromText } from '../address.ts';
import { DnsFormatError } from '../errors.ts';
import type { Message } from '../message.ts';
import { decodeMessage, decodeMessageHead } from '../message-decode.ts';
import { encodeMessage } from '../message-encode.ts';
import { equalOctets } from '../octets.ts';
import { ClientCookies } from './client-cookies.ts';
import { ExchangeTable, type PendingExchange, socketErrorCode } from './pending-exchange.ts';
import { type RandomFill, RandomNumbers } from './random.ts';
import { matchesQuery, questionLength, randomiseCase, restoreCase } from './response-match.ts';
import type { Endpoint, ExchangeOptions, Transport } from './transport.ts';

export interface UdpTransportOptions {
  /** Sockets open at a time to one server, of which each query takes one at random; default 4. */
  readonly socketsPerServer?: number;
  /** Queries after which a socket, and with it its port, is given up; default 64. */
  readonly queriesPerSocket?: number;
  /** Milliseconds after which a socket without a query under way is closed; default 2000. */
  readonly idleMs?: number;
  /**
   * Draw the case of the question's letters at random and demand it back. Default false: a few servers do not keep it, and to
   * ask those again without is the caller's business.
   */
  readonly case0x20?: boolean;
  /**
   * Send DNS cookies (RFC 7873) in queries with EDNS, and drop what comes back with a wrong one; default true. Where a server leaves out
   * the cookie it gave before, or does not take its own, the result is a truncated response without records: TCP will tell.
   */
  readonly cookies?: boolean;
  /** Default: the cryptographic generator of node:crypto. */
  readonly random?: RandomFill;
}

/**
 * A transport over UDP alone. A truncated response is handed back as it is, `tc` set, for the caller to ask again over TCP;
 * `createTransport` does that.
 */
export function createUdpTransport(options: UdpTransportOptions = {}): Transport {
  return new UdpTransport(options);
}

/** More queries under way on one socket than this, and ids would begin to be scarce. */
const MAX_UNDER_WAY = 4096;

class UdpTransport implements Transport {
  readonly settings: Required<Omit<UdpTransportOptions, 'random' | 'cookies'>>;
  readonly random: RandomNumbers;
  readonly #cookies: ClientCookies | undefined;
  readonly #table = new ExchangeTable();
  readonly #servers = new Map<string, UdpSocket[]>();
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: UdpTransportOptions) {
    this.settings = {
      socketsPerServer: options.socketsPerServer ?? 4,
      queriesPerSocket: options.queriesPerSocket ?? 64,
      idleMs: options.idleMs ?? 2000,
      case0x20: options.case0x20 ?? false,
    };
    this.random = new RandomNumbers(options.random);
    if (options.cookies ?? true) this.#cookies = new ClientCookies(this.random);
  }

  exchange(query: Message, server: Endpoint, options: ExchangeOptions): Promise<Message> {
    return this.#table.open(server, options, (exchange) => {
      if (query.questions.length !== 1)
        throw new DnsFormatError('bad-query', 'a query has exactly one question');
      const key = serverKey(server);
      const cookies = this.#cookies?.of(key);
      if (cookies === undefined) {
        exchange.octets = encodeMessage(query);
      } else {
        exchange.octets = encodeMessage(cookies.attach(query));
        exchange.cookies = { query, cookies };
      }
      this.#socketFor(server, key).send(exchange);
    });
  }

  #socketFor(server: Endpoint, key: string): UdpSocket {
    let sockets = this.#servers.get(key);
    if (sockets === undefined) {
      sockets = [];
      this.#servers.set(key, sockets);
    }
    const open = sockets.filter((socket) => socket.usable);
    const chosen = open[this.random.u16() % this.settings.socketsPerServer];
    if (chosen) return chosen;
    const socket = new UdpSocket(this, server, (closed) => this.#forget(key, closed));
    sockets.push(socket);
    this.#sweep ??= setInterval(() => this.#closeIdle(), this.settings.idleMs).unref();
    return socket;
  }

  #forget(key: string, socket: UdpSocket): void {
    const left = this.#servers.get(key)?.filter((other) => other !== socket) ?? [];
    if (left.length > 0) this.#servers.set(key, left);
    else this.#servers.delete(key);
    if (this.#servers.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #closeIdle(): void {
    for (const sockets of [...this.#servers.values()])
      for (const socket of [...sockets]) socket.closeIfIdleTwice();
  }

  close(): void {
    this.#table.close();
    for (const sockets of [...this.#servers.values()]) for (const socket of [...sockets]) socket.close();
  }
}

class UdpSocket {
  readonly #transport: UdpTransport;
  readonly #port: number;
  readonly #address: Uint8Array;
  /** A text of the server's address that was compared before. */
  #addressText = '';
  readonly #socket: Socket;
  readonly #onClosed: (socket: UdpSocket) => void;
  readonly #byId = new Map<number, PendingExchange>();
  /** The question's name as asked, where its case was drawn at random. */
  readonly #asked = new Map<number, Uint8Array>();
  readonly #release = (exchange: PendingExchange) => this.#released(exchange);
  readonly #sent = (error: Error | null) => {
    if (error) this.#failed(error);
  };
  #connected = false;
  #closed = false;
  #idle = false;
  #queries = 0;

  constructor(transport: UdpTransport, server: Endpoint, onClosed: (socket: UdpSocket) => void) {
    this.#transport = transport;
    this.#port = server.port;
    this.#address = addressOctets(server.address);
    this.#onClosed = onClosed;
    const family = isIPv6(server.address) ? 6 : 4;
    this.#socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      // Endpoints are addresses, not names: nothing to look up.
      lookup: (host, _options, callback) => callback(null, host, family),
    });
    this.#socket.unref();
    this.#socket.on('error', (error) => this.#failed(error));
    this.#socket.on('message', (octets, { address, port }) => {
      if (this.#isServer(address, port)) this.#receive(octets);
    });
    this.#socket.on('connect', () => {
      this.#connected = true;
      for (const exchange of this.#byId.values()) this.#socket.send(exchange.octets, this.#sent);
    });
    this.#socket.connect(server.port, server.address);
  }

  get usable(): boolean {
    return (
      !this.#closed &&
      this.#queries < this.#transport.settings.queriesPerSocket &&
      this.#byId.size < MAX_UNDER_WAY
    );
  }

  send(exchange: PendingExchange): void {
    const { random, settings } = this.#transport;
    this.#queries++;
    this.#idle = false;
    let id = random.u16();
    while (this.#byId.has(id)) id = random.u16();
    exchange.id = id;
    exchange.release = this.#release;
    const { octets } = exchange;
    octets[0] = id >> 8;
    octets[1] = id & 0xff;
    if (settings.case0x20) {
      this.#asked.set(id, octets.slice(12, 12 + questionLength(octets) - 4));
      randomiseCase(octets, random);
    }
    this.#byId.set(id, exchange);
    if (this.#connected) this.#socket.send(octets, this.#sent);
  }

  /** The kernel drops what is not from the server, but not what arrived between bind and connect. */
  #isServer(address: string, port: number): boolean {
    if (port !== this.#port) return false;
    if (address === this.#addressText) return true;
    if (!equalOctets(addressOctets(address), this.#address)) return false;
    this.#addressText = address;
    return true;
  }

  #receive(octets: Uint8Array): void {
    if (octets.length < 12) return;
    const id = (octets[0]! << 8) | octets[1]!;
    const exchange = this.#byId.get(id);
    if (exchange === undefined) return;
    const { case0x20 } = this.#transport.settings;
    if (!matchesQuery(octets, exchange.octets, case0x20)) return;
    const asked = this.#asked.get(id);
    if (asked && octets.length > 12) restoreCase(octets, asked);
    try {
      const message = decodeMessage(octets);
      const cookies = exchange.cookies;
      const verdict = cookies?.cookies.judge(message, exchange.retried) ?? 'take';
      if (verdict === 'take') exchange.succeed(message);
      else if (verdict === 'tcp') exchange.succeed({ ...decodeMessageHead(octets), tc: true });
      else if (verdict === 'again' && cookies) {
        exchange.retried = true;
        exchange.octets = encodeMessage(cookies.cookies.attach(cookies.query));
        this.#byId.delete(id);
        this.#asked.delete(id);
        this.send(exchange);
      }
    } catch (error) {
      if (!(error instanceof DnsFormatError)) throw error;
      // Cut off within a record by a server that says so: that is truncation, not garbage.
      if ((octets[2]! & 0x02) !== 0) exchange.succeed(decodeMessageHead(octets));
      else exchange.malformed = error;
    }
  }

  #released(exchange: PendingExchange): void {
    this.#byId.delete(exchange.id);
    this.#asked.delete(exchange.id);
    if (this.#byId.size === 0 && this.#queries >= this.#transport.settings.queriesPerSocket) this.close();
  }

  /** An error of a connected socket concerns its server, hence all that wait for it here. */
  #failed(error: Error): void {
    this.close();
    const code = socketErrorCode(error);
    for (const exchange of [...this.#byId.values()]) {
      const text = code === 'refused' ? 'nothing listens there' : error.message;
      exchange.fail(code, text, error);
    }
  }

  closeIfIdleTwice(): void {
    if (this.#byId.size > 0) return;
    if (this.#idle) this.close();
    this.#idle = true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClosed(this);
    this.#socket.close();
  }
}

function serverKey({ address, port }: Endpoint): string {
  return `${address} ${port}`;
}

/** Without the zone of a link-local address. */
function addressOctets(text: string): Uint8Array {
  const address = text.split('%')[0]!;
  return isIPv6(address) ? ipv6FromText(address) : ipv4FromText(address);
}
