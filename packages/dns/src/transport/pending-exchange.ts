/** An exchange that waits for its response: settled once, by a response, a deadline, a signal, or the end of its transport. */
import { isIP } from 'node:net';
import { DnsFormatError, TransportError, type TransportErrorCode } from '../errors.ts';
import type { Message } from '../message.ts';
import type { ServerCookies } from './client-cookies.ts';
import { type Deadline, Deadlines } from './deadlines.ts';
import type { Endpoint, ExchangeOptions } from './transport.ts';

/** What the exchanges of one transport share. */
export class ExchangeTable {
  readonly deadlines = new Deadlines();
  readonly #pending = new Set<PendingExchange>();
  /** One listener a signal: thousands of exchanges may share it. */
  readonly #bySignal = new Map<AbortSignal, { exchanges: Set<PendingExchange>; listener: () => void }>();
  #closed = false;

  /**
   * A new exchange; `start` sends it. Rejects at once where the signal has fired or the transport is closed; whatever `start`
   * throws rejects too.
   */
  open(
    server: Endpoint,
    options: ExchangeOptions,
    start: (exchange: PendingExchange) => void,
  ): Promise<Message> {
    return new Promise((resolve, reject) => {
      const exchange = new PendingExchange(this, server, options, resolve, reject);
      this.#pending.add(exchange);
      if (this.#closed) return exchange.fail('closed', 'transport is closed');
      const { signal } = options;
      if (signal?.aborted) return exchange.fail('aborted', 'query was aborted', signal.reason);
      if (signal) this.#watch(signal, exchange);
      this.deadlines.add(exchange);
      try {
        checkEndpoint(server);
        start(exchange);
      } catch (cause) {
        exchange.fail('failed', `query could not be sent: ${describe(cause)}`, cause);
      }
    });
  }

  #watch(signal: AbortSignal, exchange: PendingExchange): void {
    let watched = this.#bySignal.get(signal);
    if (watched === undefined) {
      const exchanges = new Set<PendingExchange>();
      const listener = () => {
        for (const each of [...exchanges]) each.fail('aborted', 'query was aborted', signal.reason);
      };
      watched = { exchanges, listener };
      this.#bySignal.set(signal, watched);
      signal.addEventListener('abort', listener);
    }
    watched.exchanges.add(exchange);
  }

  settled(exchange: PendingExchange): void {
    this.#pending.delete(exchange);
    this.deadlines.remove(exchange);
    const { signal } = exchange;
    if (signal === undefined) return;
    const watched = this.#bySignal.get(signal);
    if (!watched?.exchanges.delete(exchange) || watched.exchanges.size > 0) return;
    signal.removeEventListener('abort', watched.listener);
    this.#bySignal.delete(signal);
  }

  /** Exchanges under way reject with 'closed', as do all later ones. */
  close(): void {
    this.#closed = true;
    for (const exchange of [...this.#pending]) exchange.fail('closed', 'transport is closed');
  }
}

/** The address seen to be one last: the next packet often goes there too, and Node reads addresses with a regular expression. */
let checkedAddress = '';

/** Names are refused: looking one up would be a query outside of all proof. */
function checkEndpoint({ address, port }: Endpoint): void {
  if (address !== checkedAddress) {
    if (isIP(address) === 0) throw new DnsFormatError('bad-endpoint', `"${address}" is no IP address`);
    checkedAddress = address;
  }
  if (!Number.isInteger(port) || port < 1 || port > 0xffff)
    throw new DnsFormatError('bad-endpoint', `${port} is no port`);
}

export class PendingExchange implements Deadline {
  readonly server: Endpoint;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  heapIndex = -1;
  settled = false;
  /** The query's id on its socket. */
  id = -1;
  /** The query in wire form. */
  octets: Uint8Array = EMPTY;
  /** Says what came but could not be used, for the error at the deadline. */
  malformed: Error | undefined;
  /** It was sent once more already: its connection had been closed, or its server had wanted a cookie. */
  retried = false;
  /** Over UDP: the query without cookie, and the cookies of its server. */
  cookies: { readonly query: Message; readonly cookies: ServerCookies } | undefined;
  /** Frees the id; set by the socket that carries the exchange. */
  release: ((exchange: PendingExchange) => void) | undefined;
  readonly #table: ExchangeTable;
  readonly #timeoutMs: number;
  readonly #resolve: (message: Message) => void;
  readonly #reject: (error: TransportError) => void;

  constructor(
    table: ExchangeTable,
    server: Endpoint,
    options: ExchangeOptions,
    resolve: (message: Message) => void,
    reject: (error: TransportError) => void,
  ) {
    this.#table = table;
    this.server = server;
    this.#timeoutMs = options.timeoutMs;
    this.deadline = performance.now() + options.timeoutMs;
    this.signal = options.signal;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  #settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.#table.settled(this);
    this.release?.(this);
    return true;
  }

  succeed(message: Message): void {
    if (this.#settle()) this.#resolve(message);
  }

  fail(code: TransportErrorCode, message: string, cause?: unknown): void {
    if (!this.#settle()) return;
    const { address, port } = this.server;
    const text = `${message} (server ${address} port ${port})`;
    this.#reject(new TransportError(code, text, cause === undefined ? undefined : { cause }));
  }

  expire(): void {
    if (this.malformed) this.fail('malformed', this.malformed.message, this.malformed);
    else this.fail('timeout', `no response within ${Math.round(this.#timeoutMs)} ms`);
  }
}

const EMPTY = new Uint8Array(0);

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code for an error of a socket. */
export function socketErrorCode(error: Error): TransportErrorCode {
  switch ('code' in error ? error.code : undefined) {
    case 'ECONNREFUSED':
      return 'refused';
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'ENETDOWN':
    case 'EADDRNOTAVAIL':
    case 'EINVAL':
    case 'EACCES':
    case 'EPERM':
      return 'unreachable';
    case 'EMSGSIZE':
      return 'too-large';
    case 'ETIMEDOUT':
      return 'timeout';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'closed';
    default:
      return 'failed';
  }
}
