/**
 * DNS over HTTPS (RFC 8484): POST, over HTTP/2 where the server has it, else over HTTP/1.1. The server's certificate has to be for the
 * URL's host. Nothing is followed, nothing unpacked, and no more read than a DNS message can have.
 *
 * The endpoint says where the server is, the URL who it has to be: how its address was found need not be trusted. `lookUpServer` finds
 * it; `httpsEndpoint` gives the port.
 */
import { DnsFormatError } from '../errors.ts';
import type { Message } from '../message.ts';
import { encodeMessage } from '../message-encode.ts';
import { Http1Server } from './http1-server.ts';
import { Http2Connection } from './http2-connection.ts';
import { QUERY_PADDING_BLOCK, withPadding } from './padding.ts';
import { ExchangeTable, type PendingExchange } from './pending-exchange.ts';
import { TlsConnector } from './tls-connection.ts';
import type { Endpoint, ExchangeOptions, Transport } from './transport.ts';

/** Port of HTTPS. */
export const HTTPS_PORT = 443;

export interface HttpsTransportOptions {
  /** `https://HOST[:PORT]/PATH`, no template. The host is what the certificate has to be for. */
  readonly url: string;
  /** PEM of the certification authorities that are believed, and no others. Default: those of Node and those of the system. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Milliseconds after which a connection without a query under way is closed; default 10 000. */
  readonly idleMs?: number;
}

/** Host (no brackets) and port of a DNS over HTTPS server. Throws `DnsFormatError` 'bad-url'. */
export function httpsEndpoint(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = parseUrl(url);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? HTTPS_PORT : Number(port) };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.hash !== '')
    throw new DnsFormatError('bad-url', `expected https://HOST/PATH, found "${text}"`);
  return url;
}

/** A transport over HTTPS alone. A server whose certificate does not convince is 'untrusted'. Throws `DnsFormatError` 'bad-url'. */
export function createHttpsTransport(options: HttpsTransportOptions): Transport {
  return new HttpsTransport(options);
}

class HttpsTransport implements Transport {
  readonly #table = new ExchangeTable();
  readonly #url: URL;
  readonly #idleMs: number;
  readonly #connector: TlsConnector;
  readonly #http2 = new Map<string, Http2Connection>();
  /** Servers that have chosen HTTP/1.1. */
  readonly #http1 = new Map<string, Http1Server>();

  constructor(options: HttpsTransportOptions) {
    this.#url = parseUrl(options.url);
    this.#idleMs = options.idleMs ?? 10_000;
    const { host } = httpsEndpoint(options.url);
    const ca = options.ca === undefined ? {} : { ca: options.ca };
    this.#connector = new TlsConnector({ servername: host, ...ca });
  }

  exchange(query: Message, server: Endpoint, options: ExchangeOptions): Promise<Message> {
    return this.#table.open(server, options, (exchange) => {
      if (query.questions.length !== 1)
        throw new DnsFormatError('bad-query', 'a query has exactly one question');
      // rfc8484#section-4.1: always the same id, for the sake of caches.
      exchange.id = 0;
      exchange.octets = encodeMessage(withPadding({ ...query, id: 0 }, QUERY_PADDING_BLOCK));
      this.#send(exchange);
    });
  }

  #send(exchange: PendingExchange): void {
    const { server } = exchange;
    const key = `${server.address} ${server.port}`;
    const http1 = this.#http1.get(key);
    if (http1 !== undefined) {
      http1.send(exchange);
      return;
    }
    let connection = this.#http2.get(key);
    if (connection === undefined || !connection.usable) {
      connection = new Http2Connection({
        socket: this.#connector.connect(server, ['h2', 'http/1.1']),
        url: this.#url,
        idleMs: this.#idleMs,
        again: (unsent) => this.#send(unsent),
        onHttp1: () => {
          if (!this.#http1.has(key))
            this.#http1.set(key, new Http1Server(this.#connector, this.#url, server, this.#idleMs));
        },
        onClosed: (closed) => {
          if (this.#http2.get(key) === closed) this.#http2.delete(key);
        },
      });
      this.#http2.set(key, connection);
    }
    connection.send(exchange);
  }

  close(): void {
    this.#table.close();
    for (const connection of [...this.#http2.values()]) connection.close();
    for (const server of this.#http1.values()) server.close();
    this.#http1.clear();
  }
}
