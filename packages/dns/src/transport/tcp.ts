/** Queries over TCP (rfc1035#section-4.2.2, rfc7766). */
import { connect } from 'node:net';
import { encodeMessage } from '../message-encode.ts';
import type { RandomFill } from './random.ts';
import { StreamTransport } from './stream-transport.ts';
import type { Transport } from './transport.ts';

export interface TcpTransportOptions {
  /** Milliseconds after which a connection without a query under way is closed; default 2000. */
  readonly idleMs?: number;
  /** Queries under way on one connection before another is opened; default 100. */
  readonly queriesPerConnection?: number;
  /** Default: the cryptographic generator of node:crypto. */
  readonly random?: RandomFill;
}

/** A transport over TCP alone. */
export function createTcpTransport(options: TcpTransportOptions = {}): Transport {
  return new StreamTransport({
    idleMs: options.idleMs ?? 2000,
    queriesPerConnection: options.queriesPerConnection ?? 100,
    random: options.random,
    connect: ({ address, port }) => connect({ host: address, port, noDelay: true }),
    readyEvent: 'connect',
    encode: (query) => encodeMessage(query),
  });
}
