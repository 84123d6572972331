/** Queries over UDP (rfc1035#section-4.2.1). The path of nearly every query: little is done and little allocated for each. */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { handOver, isQuery, type ListenerContext, plainAddress } from './listener-options.ts';

/** Octets of datagrams that the kernel holds while we are busy; it may grant less. */
const RECEIVE_BUFFER_OCTETS = 4 * 1024 * 1024;
/** Octets of answers that Node holds while the kernel takes none; beyond, answers are dropped, as the kernel would. */
const MAX_QUEUED_OCTETS = 1024 * 1024;
/** Answers between two looks at that queue. */
const ANSWERS_A_LOOK = 16;

export function createUdpSocket(type: 'udp4' | 'udp6', reusePort = false): Socket {
  return createSocket({
    type,
    reusePort,
    ipv6Only: type === 'udp6',
    recvBufferSize: RECEIVE_BUFFER_OCTETS,
    // Everything here is an address: answered at once, where Node's own lookup would wait for the next turn.
    lookup: (address, _options, callback) => callback(null, address, address.includes(':') ? 6 : 4),
  });
}

export function bindUdp(address: string, port: number, reusePort: boolean): Promise<Socket> {
  const socket = createUdpSocket(isIPv6(address) ? 'udp6' : 'udp4', reusePort);
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      socket.close();
      reject(error);
    };
    socket.once('error', failed);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

/** Serves a bound socket; returns what closes it. */
export function serveUdp(socket: Socket, context: ListenerContext): () => Promise<void> {
  const { allow, counters } = context;
  let closed = false;
  let answers = 0;
  let full = false;

  const send = (octets: Uint8Array, port: number, address: string): void => {
    if (closed || octets.length === 0) return;
    if (full || ++answers % ANSWERS_A_LOOK === 0) full = socket.getSendQueueSize() > MAX_QUEUED_OCTETS;
    if (full) {
      counters.dropped++;
      return;
    }
    counters.answers.udp++;
    // Without a callback: a client that is gone is nobody's error, and nothing waits.
    socket.send(octets, port, address);
  };

  socket.on('error', context.onError);
  socket.on('message', (octets, { address: from, port }) => {
    const address = plainAddress(from);
    // Nothing can be sent to port 0.
    if (!isQuery(octets) || port === 0 || (allow !== undefined && !allow(address))) {
      counters.dropped++;
      return;
    }
    handOver(context, octets, { address, port, protocol: 'udp' }, (reply) => send(reply, port, from));
  });

  return () => {
    closed = true;
    return new Promise((resolve) => {
      socket.close(() => resolve());
    });
  };
}
