/**
 * DNS over TLS (RFC 7858), strict: the server's certificate has to be for the name it is known by, or nothing is asked
 * (rfc8310#section-5). Queries are padded (RFC 7830).
 *
 * The endpoint says where the server is, `servername` who it has to be: how the address of a server known by name was found need not be
 * trusted. `lookUpServer` finds it.
 */
import { encodeMessage } from '../message-encode.ts';
import { QUERY_PADDING_BLOCK, withPadding } from './padding.ts';
import { StreamTransport } from './stream-transport.ts';
import type { TcpTransportOptions } from './tcp.ts';
import { TlsConnector, type TlsServerOptions } from './tls-connection.ts';
import type { Transport } from './transport.ts';

/** Port of DNS over TLS (rfc7858#section-3.1). */
export const TLS_PORT = 853;

export interface TlsTransportOptions extends TlsServerOptions, TcpTransportOptions {
  /** Milliseconds after which a connection without a query under way is closed; default 10 000 (rfc7858#section-3.4). */
  readonly idleMs?: number;
  /** Octets that the length of a query is made a multiple of; default 128; 1 for none. */
  readonly paddingBlock?: number;
}

/** A transport over TLS alone. A server whose certificate does not convince is 'untrusted'. */
export function createTlsTransport(options: TlsTransportOptions = {}): Transport {
  const connector = new TlsConnector(options);
  const block = options.paddingBlock ?? QUERY_PADDING_BLOCK;
  return new StreamTransport({
    idleMs: options.idleMs ?? 10_000,
    queriesPerConnection: options.queriesPerConnection ?? 100,
    random: options.random,
    connect: (server) => connector.connect(server, ['dot']),
    readyEvent: 'secureConnect',
    encode: (query) => encodeMessage(block > 1 ? withPadding(query, block) : query),
  });
}
