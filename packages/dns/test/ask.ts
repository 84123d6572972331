/** The client's side of a listener under test: sockets that do exactly what the test says. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { framed } from './fake-server.ts';

/** A query header without a question, padded to twelve octets; the id tells queries apart. */
export function header(id: number, ...rest: readonly number[]): Uint8Array {
  return Uint8Array.of(id >> 8, id & 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...rest);
}

/** The query as an answer to itself. */
export function echo(octets: Uint8Array): Uint8Array {
  const answer = Uint8Array.from(octets);
  answer[2]! |= 0x80;
  return answer;
}

export async function udpClient(port: number, address = '127.0.0.1'): Promise<UdpSocket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.connect(port, address);
  await once(socket, 'connect');
  return socket;
}

export async function answerOf(socket: UdpSocket, query: Uint8Array): Promise<Uint8Array> {
  const answer = once(socket, 'message');
  socket.send(query);
  const [octets] = (await answer) as [Buffer];
  return Uint8Array.from(octets);
}

export async function tcpClient(port: number, address = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ host: address, port, allowHalfOpen: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Collects the messages that a stream brings. */
export class StreamReader {
  readonly messages: Uint8Array[] = [];
  #pending = Buffer.alloc(0);
  #waiting: { count: number; resolve: () => void }[] = [];

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#pending = Buffer.concat([this.#pending, chunk]);
      while (this.#pending.length >= 2 && this.#pending.length >= 2 + this.#pending.readUInt16BE()) {
        const end = 2 + this.#pending.readUInt16BE();
        this.messages.push(Uint8Array.from(this.#pending.subarray(2, end)));
        this.#pending = this.#pending.subarray(end);
      }
      for (const { count, resolve } of this.#waiting) if (this.messages.length >= count) resolve();
      this.#waiting = this.#waiting.filter(({ count }) => count > this.messages.length);
    });
  }

  /** Resolves when that many messages have come in all. */
  until(count: number): Promise<void> {
    if (this.messages.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  get ids(): number[] {
    return this.messages.map((octets) => (octets[0]! << 8) | octets[1]!);
  }
}

export { framed };
