/** Queries to a server that has no HTTP/2: one at a time on a connection, a few connections. */
import { Agent, request } from 'node:https';
import type { Duplex } from 'node:stream';
import { HttpMessage, REQUEST_HEADERS } from './http-message.ts';
import type { PendingExchange } from './pending-exchange.ts';
import { streamErrorCode } from './stream-transport.ts';
import type { TlsConnector } from './tls-connection.ts';
import type { Endpoint } from './transport.ts';

/** Connections to the server; more queries than that wait for each other. */
const CONNECTIONS = 16;

/** Keeps connections open between requests, all of them to one address, with the certificate checked as for HTTP/2. */
class DnsAgent extends Agent {
  readonly #connector: TlsConnector;
  readonly #server: Endpoint;

  constructor(connector: TlsConnector, server: Endpoint, idleMs: number) {
    super({ keepAlive: true, maxSockets: CONNECTIONS, timeout: idleMs });
    this.#connector = connector;
    this.#server = server;
  }

  override createConnection(): Duplex {
    return this.#connector.connect(this.#server, ['http/1.1']);
  }
}

export class Http1Server {
  readonly #agent: Agent;
  readonly #url: URL;

  constructor(connector: TlsConnector, url: URL, server: Endpoint, idleMs: number) {
    this.#agent = new DnsAgent(connector, server, idleMs);
    this.#url = url;
  }

  send(exchange: PendingExchange): void {
    const message = new HttpMessage(exchange);
    const sent = request(this.#url, {
      method: 'POST',
      agent: this.#agent,
      headers: { ...REQUEST_HEADERS, 'content-length': exchange.octets.length },
    });
    let complete = false;
    let givenUp = false;
    exchange.release = () => {
      // Read to its end, the connection is of use again.
      if (!complete) sent.destroy();
    };
    sent.on('response', (response) => {
      message.head(response.statusCode ?? 0, response.headers);
      response.on('data', (chunk: Uint8Array) => message.data(chunk));
      response.on('end', () => {
        complete = response.complete;
        if (complete && !exchange.settled) message.end();
      });
      response.on('error', () => {});
    });
    sent.on('error', (error) => {
      if (exchange.settled) return;
      // A kept connection that the server has closed meanwhile: no failure of the query, once.
      if (sent.reusedSocket && !exchange.retried) {
        exchange.retried = true;
        givenUp = true;
        this.send(exchange);
        return;
      }
      exchange.fail(sent.socket ? streamErrorCode(sent.socket, error) : 'failed', error.message, error);
    });
    sent.on('close', () => {
      if (!givenUp) exchange.fail('closed', 'the HTTPS server ended the query without an answer');
    });
    sent.end(exchange.octets);
  }

  close(): void {
    this.#agent.destroy();
  }
}
