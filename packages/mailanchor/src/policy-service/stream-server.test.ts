import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { AccessList, LOOPBACK, type Network } from '../resolver-service/access.ts';
import type { Answer } from './answer.ts';
import { SOCKETMAP } from './socketmap.ts';
import { StreamServer, type StreamServerOptions } from './stream-server.ts';

const DANE: Answer = { status: 'OK', text: 'dane-only', reason: 'signed' };
const QUESTION = '8:policy a,';
const REPLY = '12:OK dane-only,';

let streams: StreamServer | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await streams?.stop(0);
  streams = undefined;
});

async function serve(options: Partial<StreamServerOptions> = {}): Promise<() => Promise<Socket>> {
  streams = new StreamServer({
    answer: () => DANE,
    access: new AccessList(LOOPBACK),
    maxConnections: 100,
    sweepMs: 20,
    ...options,
  });
  const server = streams.create(SOCKETMAP).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return async () => {
    const socket = connect({ host: '127.0.0.1', port });
    sockets.push(socket);
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
}

/** Milliseconds until it is closed. */
async function lifetime(socket: Socket): Promise<number> {
  const began = performance.now();
  socket.resume();
  await once(socket, 'close');
  return performance.now() - began;
}

async function ask(socket: Socket, question = QUESTION): Promise<string> {
  socket.write(question);
  const [reply] = (await once(socket, 'data')) as [Buffer];
  return String(reply);
}

test('who asks nothing is closed after a while, who asks is not', async () => {
  const open = await serve({ idleMs: 500 });
  const busy = await open();
  const idle = await open();
  const gone = lifetime(idle);
  for (let i = 0; i < 16; i++) {
    expect(await ask(busy)).toBe(REPLY);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await gone;
  await expect.poll(() => streams!.counts.closed.idle).toBe(1);
  expect(streams!.open).toBe(1);
});

test('who does not finish a request is closed, whatever it sends in between', async () => {
  const open = await serve({ unfinishedMs: 200 });
  const slow = await open();
  const gone = lifetime(slow);
  const drip = setInterval(() => slow.write('x'), 30);
  slow.write('300:');
  expect(await gone).toBeLessThan(3000);
  clearInterval(drip);
  await expect.poll(() => streams!.counts.closed.unfinished).toBe(1);
});

test('a request that is finished in time is answered, however it comes', async () => {
  const open = await serve({ unfinishedMs: 5_000 });
  const socket = await open();
  for (const octet of QUESTION.slice(0, -1)) socket.write(octet);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(await ask(socket, ',')).toBe(REPLY);
});

test('a lookup takes its time, and nobody is closed for waiting', async () => {
  const open = await serve({
    idleMs: 100,
    unfinishedMs: 100,
    answer: () => new Promise((resolve) => setTimeout(resolve, 400, DANE)),
  });
  expect(await ask(await open())).toBe(REPLY);
});

test('room is made by whoever has been idle longest, not by who asks', async () => {
  const open = await serve({ maxConnections: 20 });
  const busy = [await open(), await open()];
  for (let i = 0; i < 100; i++) {
    await open();
    for (const socket of busy) expect(await ask(socket)).toBe(REPLY);
  }
  await expect.poll(() => streams!.open).toBe(20);
  expect(streams!.counts.closed.evicted).toBe(82);
});

test('limits change while it serves: who may not ask any more is closed', async () => {
  const open = await serve();
  const socket = await open();
  expect(await ask(socket)).toBe(REPLY);
  const elsewhere: Network[] = [{ address: '192.0.2.0', family: 'ipv4', prefix: 24 }];
  streams!.limit({ access: new AccessList(elsewhere), maxConnections: 100 });
  await lifetime(socket);
  await lifetime(await open());
  await expect.poll(() => streams!.counts.closed.refused).toBe(2);
});
