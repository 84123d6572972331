/** UDP first, TCP where the response is truncated (rfc7766, rfc6891#section-6.2.5): the transport for ordinary servers. */
import type { Message } from '../message.ts';
import { createTcpTransport, type TcpTransportOptions } from './tcp.ts';
import type { Endpoint, ExchangeOptions, Transport } from './transport.ts';
import { createUdpTransport, type UdpTransportOptions } from './udp.ts';

export interface TransportOptions {
  /** How UDP is done, or what does it in its place. */
  readonly udp?: UdpTransportOptions | Transport;
  /** How TCP is done, or what does it in its place. */
  readonly tcp?: TcpTransportOptions | Transport;
}

/**
 * Asks over UDP and, where the response has TC set, again over TCP within what is left of the time. A truncated response over UDP
 * is never a result: if TCP fails, the exchange fails as TCP did. The size of UDP responses is the query's
 * `edns.udpPayloadSize`, 1232 by default.
 */
export function createTransport(options: TransportOptions = {}): Transport {
  const udp = isTransport(options.udp) ? options.udp : createUdpTransport(options.udp);
  const tcp = isTransport(options.tcp) ? options.tcp : createTcpTransport(options.tcp);
  return {
    exchange(query: Message, server: Endpoint, limits: ExchangeOptions): Promise<Message> {
      const start = performance.now();
      return udp.exchange(query, server, limits).then((response) => {
        if (!response.tc) return response;
        const timeoutMs = Math.max(0, limits.timeoutMs - (performance.now() - start));
        return tcp.exchange(query, server, { ...limits, timeoutMs });
      });
    },
    async close(): Promise<void> {
      await udp.close();
      await tcp.close();
    },
  };
}

function isTransport(value: object | undefined): value is Transport {
  return value !== undefined && 'exchange' in value;
}
