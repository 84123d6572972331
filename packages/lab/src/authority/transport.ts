/**
 * A `Transport` that asks an `AuthorityNetwork` in process: resolvers and checks are tested without sockets, with the same zones
 * and the same faults. Messages still go through the codec, as over the wire.
 */
import {
  decodeMessage,
  type Endpoint,
  type ExchangeOptions,
  encodeMessage,
  type Message,
  type Transport,
  TransportError,
} from '@mailanchor/dns';
import type { AuthorityNetwork } from './network.ts';

export interface AuthorityTransportOptions {
  /** Told of every query before it is answered. */
  readonly onQuery?: (query: Message, server: Endpoint) => void;
}

/**
 * Ports are not looked at. A silent server and a response with a wrong id are 'timeout' at once: no time passes here. An address
 * without server is 'refused'. Truncation is not seen: it is what TCP repairs.
 */
export function createAuthorityTransport(
  network: AuthorityNetwork,
  options: AuthorityTransportOptions = {},
): Transport {
  let nextId = 1;
  let closed = false;
  return {
    async exchange(query: Message, server: Endpoint, { signal }: ExchangeOptions): Promise<Message> {
      if (closed) throw new TransportError('closed', 'the transport is closed');
      if (signal?.aborted)
        throw new TransportError('aborted', 'the exchange was aborted', { cause: signal.reason });
      options.onQuery?.(query, server);
      const sent = decodeMessage(encodeMessage({ ...query, id: nextId }));
      nextId = (nextId + 1) & 0xffff;
      const reply = network.respond(server.address, sent);
      if (!reply) throw new TransportError('refused', `nothing answers at ${server.address}`);
      if (reply.kind === 'silence' || reply.message.id !== sent.id)
        throw new TransportError('timeout', `no answer from ${server.address}`);
      return decodeMessage(encodeMessage(reply.message));
    },
    close() {
      closed = true;
    },
  };
}
