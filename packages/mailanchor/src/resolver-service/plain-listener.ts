/** A stand-in for `createListener` of `@mailanchor/dns`. */
import { createSocket } from 'node:dgram';
import { createServer, isIP, type Socket } from 'node:net';
import type { Client } from './service.ts';

export interface ListenerOptions {
  readonly address: string;
  readonly port: number;
  readonly onQuery: (octets: Uint8Array, client: Client, reply: (octets: Uint8Array) => void) => void;
}

export interface DnsListener {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

export async function createListener({ address, port, onQuery }: ListenerOptions): Promise<DnsListener> {
  const udp = createSocket({
    type: isIP(address) === 6 ? 'udp6' : 'udp4',
    lookup: (host, _options, done) => done(null, host, isIP(host)),
  });
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject);
    udp.bind({ address, port }, () => resolve());
  });
  udp.on('message', (octets, from) => {
    onQuery(octets, { address: from.address, protocol: 'udp' }, (response) =>
      udp.send(response, from.port, from.address),
    );
  });
  const bound = udp.address().port;
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    let buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      buffer = Buffer.concat([buffer, chunk]);
      while (buffer.length >= 2 && buffer.length >= 2 + buffer.readUInt16BE(0)) {
        const octets = buffer.subarray(2, 2 + buffer.readUInt16BE(0));
        buffer = buffer.subarray(2 + octets.length);
        onQuery(octets, { address: socket.remoteAddress ?? '', protocol: 'tcp' }, (response) => {
          const framed = Buffer.alloc(response.length + 2);
          framed.writeUInt16BE(response.length);
          framed.set(response, 2);
          socket.write(framed);
        });
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    tcp.once('error', reject);
    tcp.listen({ host: address, port: bound }, () => resolve());
  });
  return {
    address,
    port: bound,
    close: async () => {
      udp.close();
      for (const socket of sockets) socket.destroy();
      tcp.close();
    },
  };
}
