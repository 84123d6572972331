/** An `AuthorityNetwork` on loopback: UDP and TCP at each of its addresses, all on one port (rfc1035#section-4.2, rfc7766). */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { DnsFormatError, decodeMessage, encodeMessage, type Message, Rcode } from '@mailanchor/dns';
import { type Listen, type Listener, openPort } from '../port.ts';
import type { AuthorityNetwork } from './network.ts';

/** Octets of a response over UDP to a query without EDNS (rfc1035#section-4.2.1), and the most that we send (rfc9715). */
const UDP_OCTETS = { plain: 512, most: 1232 };
/** Milliseconds after which an idle TCP connection is closed. */
const TCP_IDLE_MS = 5000;

export interface DnsServers {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves all addresses that the network has now. `port` 0: one that is free on all of them. Rejects with `LabError`. */
export async function serveDns(network: AuthorityNetwork, port = 0): Promise<DnsServers> {
  const listens = network.addresses.flatMap((address): Listen[] => [
    (wanted) => listenUdp(network, address, wanted),
    (wanted) => listenTcp(network, address, wanted),
  ]);
  const open = await openPort(listens, port);
  return {
    port: open.port,
    async close() {
      await Promise.all(open.listeners.map((listener) => listener.close()));
    },
  };
}

/** The octets to send back; undefined for silence. */
function respond(
  network: AuthorityNetwork,
  address: string,
  octets: Uint8Array,
  udp: boolean,
): Uint8Array | undefined {
  let query: Message;
  try {
    query = decodeMessage(octets);
  } catch (error) {
    if (!(error instanceof DnsFormatError)) throw error;
    return formatError(octets);
  }
  // A response is never answered: two servers would talk for ever.
  if (query.qr) return undefined;
  const reply = network.respond(address, query);
  if (reply?.kind !== 'message') return undefined;
  if (!udp) return encodeMessage(reply.message);
  if (reply.truncated)
    return encodeMessage({ ...reply.message, tc: true, answers: [], authorities: [], additionals: [] });
  const wanted = query.edns?.udpPayloadSize ?? UDP_OCTETS.plain;
  return encodeMessage(reply.message, {
    maxOctets: Math.min(Math.max(wanted, UDP_OCTETS.plain), UDP_OCTETS.most),
  });
}

/** A header alone, with the id of what did not parse. */
function formatError(octets: Uint8Array): Uint8Array | undefined {
  if (octets.length < 12 || octets[2]! & 0x80) return undefined;
  return Uint8Array.of(octets[0]!, octets[1]!, 0x80, Rcode.FORMERR, 0, 0, 0, 0, 0, 0, 0, 0);
}

function listenUdp(network: AuthorityNetwork, address: string, port: number): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const socket: UdpSocket = createSocket('udp4');
    socket.once('error', reject);
    socket.on('message', (octets, peer) => {
      const reply = respond(network, address, octets, true);
      // The client may be gone: nobody to tell.
      if (reply) socket.send(reply, peer.port, peer.address, () => {});
    });
    socket.bind(port, address, () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve({
        port: socket.address().port,
        close: () => new Promise((done) => socket.close(() => done())),
      });
    });
  });
}

function listenTcp(network: AuthorityNetwork, address: string, port: number): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {});
      socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
      serveTcp(network, address, socket);
    });
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      const bound = server.address();
      resolve({
        port: typeof bound === 'object' && bound ? bound.port : port,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}

/** Each message has its length before it, two octets (rfc1035#section-4.2.2). */
function serveTcp(network: AuthorityNetwork, address: string, socket: Socket): void {
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const length = pending.readUInt16BE(0);
      const reply = respond(network, address, pending.subarray(2, 2 + length), false);
      pending = pending.subarray(2 + length);
      if (reply) socket.write(Buffer.concat([Uint8Array.of(reply.length >> 8, reply.length & 0xff), reply]));
    }
  });
}
