/** A server on loopback, UDP and TCP on one port, whose every packet the test decides. */
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Endpoint } from '@mailanchor/dns';

export interface FakeServerOptions {
  readonly address?: string;
  /** Called for each datagram; `reply` sends one back from the server's port. */
  readonly udp?: (octets: Uint8Array, reply: (octets: Uint8Array) => void, from: RemoteInfo) => void;
  /** Called for each message of a connection; `send` writes a message with its length, `socket` is for anything else. */
  readonly tcp?: (octets: Uint8Array, send: (octets: Uint8Array) => void, socket: Socket) => void;
}

export interface FakeServer {
  readonly endpoint: Endpoint;
  /** TCP connections accepted so far. */
  readonly connections: Socket[];
  close(): Promise<void>;
}

export async function startFakeServer(options: FakeServerOptions): Promise<FakeServer> {
  const address = options.address ?? '127.0.0.1';
  const connections: Socket[] = [];
  const tcp = createServer((socket) => {
    connections.push(socket);
    socket.on('error', () => socket.destroy());
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE()) {
        const end = 2 + pending.readUInt16BE();
        const message = new Uint8Array(pending.subarray(2, end));
        pending = pending.subarray(end);
        options.tcp?.(message, (octets) => socket.write(framed(octets)), socket);
      }
    });
  });
  tcp.listen(0, address);
  await once(tcp, 'listening');
  const bound = tcp.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (octets, from) => {
    options.udp?.(new Uint8Array(octets), (reply) => udp.send(reply, from.port, from.address), from);
  });
  udp.bind(bound.port, address);
  await once(udp, 'listening');
  return {
    endpoint: { address, port: bound.port },
    connections,
    async close() {
      for (const socket of connections) socket.destroy();
      udp.close();
      tcp.close();
      await once(tcp, 'close');
    },
  };
}

/** With the two octets of length that TCP wants (rfc1035#section-4.2.2). */
export function framed(octets: Uint8Array): Uint8Array {
  return Uint8Array.of(octets.length >> 8, octets.length & 0xff, ...octets);
}
