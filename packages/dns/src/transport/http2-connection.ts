/** Queries over one HTTP/2 connection: a stream each (rfc8484#section-5.2). */
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { HttpMessage, REQUEST_HEADERS } from './http-message.ts';
import type { PendingExchange } from './pending-exchange.ts';
import { streamErrorCode } from './stream-transport.ts';

/** Loaded when the first connection is made: it takes a third as long as Node itself, and most users speak no HTTP. */
const http2 = () => process.getBuiltinModule('node:http2');

export interface Http2ConnectionOptions {
  /** A connection under way. */
  readonly socket: TLSSocket;
  readonly url: URL;
  readonly idleMs: number;
  /** Sends an exchange on another connection. */
  readonly again: (exchange: PendingExchange) => void;
  /** The server has no HTTP/2. */
  readonly onHttp1: () => void;
  readonly onClosed: (connection: Http2Connection) => void;
}

/** Streams a connection is used for before it gives way to another: ids of streams end one day. */
const MAX_STREAMS = 1_000_000;

export class Http2Connection {
  readonly #options: Http2ConnectionOptions;
  readonly #underWay = new Set<PendingExchange>();
  #session: ClientHttp2Session | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #streams = 0;
  #responses = 0;
  /** A query here met its deadline: no further one is sent. */
  #stale = false;
  #closed = false;

  constructor(options: Http2ConnectionOptions) {
    this.#options = options;
    const { socket } = options;
    socket.unref();
    socket.on('secureConnect', () => this.#secured());
    socket.on('error', (error) => this.#ended(error));
    socket.on('close', () => this.#ended(undefined));
  }

  get usable(): boolean {
    return !this.#closed && !this.#stale && this.#streams < MAX_STREAMS;
  }

  send(exchange: PendingExchange): void {
    clearTimeout(this.#idleTimer);
    this.#underWay.add(exchange);
    exchange.release = (settled) => this.#released(settled);
    if (this.#session !== undefined) this.#request(this.#session, exchange);
  }

  #secured(): void {
    const { socket, url, onHttp1 } = this.#options;
    if (socket.alpnProtocol !== 'h2') {
      onHttp1();
      this.#sendAgain([...this.#underWay]);
      this.close();
      return;
    }
    const session = http2().connect(url.origin, {
      createConnection: () => socket,
      settings: { enablePush: false },
    });
    session.unref();
    this.#session = session;
    session.on('error', (error) => this.#ended(error));
    // No more here; what is under way may finish.
    session.on('goaway', () => {
      this.#stale = true;
    });
    session.on('close', () => this.#ended(undefined));
    for (const exchange of this.#underWay) this.#request(session, exchange);
  }

  #request(session: ClientHttp2Session, exchange: PendingExchange): void {
    this.#streams++;
    const { url } = this.#options;
    let stream: ClientHttp2Stream;
    try {
      stream = session.request({
        ...REQUEST_HEADERS,
        ':method': 'POST',
        ':scheme': 'https',
        ':authority': url.host,
        ':path': `${url.pathname}${url.search}`,
        'content-length': exchange.octets.length,
      });
    } catch (error) {
      this.#lost(exchange, error instanceof Error ? error : undefined);
      return;
    }
    const message = new HttpMessage(exchange);
    exchange.release = (settled) => {
      stream.close(http2().constants.NGHTTP2_CANCEL);
      this.#released(settled);
    };
    stream.on('response', (headers: IncomingHttpHeaders & IncomingHttpStatusHeader) => {
      this.#responses++;
      message.head(headers[':status'] ?? 0, headers);
    });
    stream.on('data', (chunk: Uint8Array) => message.data(chunk));
    stream.on('end', () => {
      if (message.begun && stream.rstCode === http2().constants.NGHTTP2_NO_ERROR && !exchange.settled)
        message.end();
    });
    stream.on('error', (error) => this.#lost(exchange, error));
    stream.on('close', () => this.#lost(exchange, undefined));
    stream.end(exchange.octets);
  }

  #released(exchange: PendingExchange): void {
    this.#underWay.delete(exchange);
    if (performance.now() >= exchange.deadline) this.#stale = true;
    if (this.#underWay.size > 0 || this.#closed) return;
    if (this.#stale) this.close();
    else this.#idleTimer = setTimeout(() => this.close(), this.#options.idleMs).unref();
  }

  /** A connection that worked may end just as a query goes out: that is no failure of the query, once. */
  #lost(exchange: PendingExchange, error: Error | undefined): void {
    if (exchange.settled || !this.#underWay.has(exchange)) return;
    if (this.#responses > 0 && !exchange.retried) {
      exchange.retried = true;
      this.#stale = true;
      this.#sendAgain([exchange]);
    } else if (error) {
      exchange.fail(streamErrorCode(this.#options.socket, error), error.message, error);
    } else {
      exchange.fail('closed', 'the HTTPS server ended the query without an answer');
    }
  }

  #sendAgain(exchanges: readonly PendingExchange[]): void {
    for (const exchange of exchanges) {
      this.#underWay.delete(exchange);
      exchange.release = undefined;
      this.#options.again(exchange);
    }
  }

  #ended(error: Error | undefined): void {
    if (this.#closed) return;
    this.close();
    for (const exchange of [...this.#underWay]) this.#lost(exchange, error);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#idleTimer);
    this.#options.onClosed(this);
    this.#session?.destroy();
    this.#options.socket.destroy();
  }
}
