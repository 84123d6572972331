import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { answerOf, echo, framed, header, StreamReader, tcpClient, udpClient } from '../../test/ask.ts';
import { concatOctets } from '../octets.ts';
import { createListener, type DnsListener } from './listener.ts';
import type { ListenerLimits, ListenerOptions, Reply } from './listener-options.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function listen(
  limits: Partial<ListenerLimits>,
  options: Partial<ListenerOptions> = {},
): Promise<DnsListener> {
  const listener = await createListener({
    protocols: ['udp', 'tcp'],
    onQuery: (octets, _client, reply) => reply(echo(octets)),
    limits,
    ...options,
  });
  open.push(listener);
  return listener;
}

async function connect(port: number): Promise<Socket> {
  const socket = await tcpClient(port);
  open.push({ close: () => socket.destroy() });
  return socket;
}

/** Polls between turns of the event loop; the test's time is the limit. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

const queries = (from: number, count: number) =>
  concatOctets(Array.from({ length: count }, (_, i) => framed(header(from + i))));

describe('pipelining', () => {
  it('answers thousands of queries sent in one go', async () => {
    const listener = await listen({});
    const socket = await connect(listener.port);
    const reader = new StreamReader(socket);
    socket.write(queries(0, 5000));
    await reader.until(5000);
    expect(reader.ids).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });

  it('takes no more than it may have under way, and goes on when some are answered', async () => {
    const held: (() => void)[] = [];
    const listener = await listen(
      { pipelined: 3 },
      { onQuery: (octets, _client, reply) => held.push(() => reply(echo(octets))) },
    );
    const socket = await connect(listener.port);
    const reader = new StreamReader(socket);
    socket.write(queries(0, 8));
    await until(() => held.length === 3);
    // Others are served meanwhile, and after their turn still no more was taken.
    const other = await connect(listener.port);
    other.write(framed(header(100)));
    await until(() => held.length === 4);
    expect(listener.stats.queries.tcp).toBe(4);
    held.pop()!();
    for (let answered = 0; answered < 8; answered++) {
      await until(() => held.length > 0);
      expect(held.length).toBeLessThanOrEqual(3);
      held.pop()!();
    }
    await reader.until(8);
    expect(reader.ids.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('a query without an answer gives its place back', async () => {
    const listener = await listen(
      { pipelined: 1 },
      { onQuery: (octets, _client, reply) => reply(octets[1] === 1 ? new Uint8Array(0) : echo(octets)) },
    );
    const socket = await connect(listener.port);
    const reader = new StreamReader(socket);
    socket.write(queries(1, 2));
    await reader.until(1);
    expect(reader.ids).toEqual([2]);
  });

  it('answers a client that has closed its side', async () => {
    let reply: (() => void) | undefined;
    const listener = await listen(
      {},
      {
        onQuery: (octets, _client, send) => {
          reply = () => send(echo(octets));
        },
      },
    );
    const socket = await connect(listener.port);
    const reader = new StreamReader(socket);
    socket.end(framed(header(5)));
    await until(() => reply !== undefined);
    reply?.();
    await once(socket, 'close');
    expect(reader.ids).toEqual([5]);
  });
});

describe('clients that want too much', () => {
  it('one that never reads is asked no more, then closed, and what is held for it is bounded', async () => {
    const answer = new Uint8Array(60_000);
    answer[2] = 0x80;
    const listener = await listen(
      { unreadOctets: 140_000, idleMs: 200 },
      { onQuery: (_octets, _client, reply) => reply(answer) },
    );
    const socket = await connect(listener.port);
    socket.pause();
    for (let i = 0; i < 50; i++) socket.write(queries(0, 100));
    await until(() => listener.stats.closed.idle === 1);
    // What the kernel's buffers hold, of 5000.
    expect(listener.stats.queries.tcp).toBeGreaterThan(0);
    expect(listener.stats.queries.tcp).toBeLessThan(1000);
    expect(listener.stats.closed.unread).toBe(0);
  });

  it('answers that were under way and are not read close the connection', async () => {
    const replies: Reply[] = [];
    const listener = await listen(
      { unreadOctets: 100_000, pipelined: 1000 },
      {
        onQuery: (_octets, _client, reply) => replies.push(reply),
      },
    );
    const socket = await connect(listener.port);
    socket.pause();
    socket.write(queries(0, 1000));
    await until(() => replies.length === 1000);
    const answer = new Uint8Array(60_000);
    for (const reply of replies) reply(answer);
    expect(listener.stats.closed.unread).toBe(1);
    await until(() => listener.stats.connections.open === 0);
  });

  it('idle ones, ones that drip, and ones that never begin are closed', async () => {
    const listener = await listen({ idleMs: 150 });
    const silent = await connect(listener.port);
    const dripping = await connect(listener.port);
    const asking = await connect(listener.port);
    const reader = new StreamReader(asking);
    const query = framed(header(1));
    // An octet that comes too late is answered by a reset: closed is closed.
    const dripped = new Promise((resolve) => dripping.on('error', () => {}).once('close', resolve));
    // A query that says it has 1000 octets, one of them at a time.
    dripping.write(Uint8Array.of(1000 >> 8, 1000 & 0xff));
    const drip = setInterval(() => dripping.write(Uint8Array.of(0)), 10);
    const ask = setInterval(() => asking.write(query), 50);
    try {
      dripping.resume();
      await Promise.all([once(silent.resume(), 'end'), dripped]);
    } finally {
      clearInterval(drip);
      clearInterval(ask);
    }
    expect(listener.stats.closed.idle).toBe(2);
    const answers = reader.messages.length;
    asking.write(query);
    await reader.until(answers + 1);
  });

  it('queries that are never answered keep a connection for so long and no longer', async () => {
    const listener = await listen({ idleMs: 40, stalledMs: 300 }, { onQuery: () => {} });
    const socket = await connect(listener.port);
    const begin = performance.now();
    socket.write(framed(header(1)));
    await once(socket.resume(), 'end');
    expect(performance.now() - begin).toBeGreaterThan(250);
    expect(listener.stats.closed.idle).toBe(1);
  });

  it('no client has more connections than its share', async () => {
    const listener = await listen({ connectionsPerClient: 3 });
    const sockets = [];
    for (let i = 0; i < 3; i++) sockets.push(await connect(listener.port));
    const fourth = await connect(listener.port);
    await once(fourth.resume(), 'end');
    expect(listener.stats).toMatchObject({ connections: { open: 3, accepted: 3 }, closed: { refused: 1 } });
    sockets[0]!.destroy();
    await until(() => listener.stats.connections.open === 2);
    const fifth = await connect(listener.port);
    const reader = new StreamReader(fifth);
    fifth.write(framed(header(1)));
    await reader.until(1);
  });

  it('where all places are taken, the longest idle gives way, never one that waits for an answer', async () => {
    const held: Reply[] = [];
    const listener = await listen(
      { connections: 3 },
      { onQuery: (octets, _client, reply) => (octets[1] === 9 ? held.push(reply) : reply(echo(octets))) },
    );
    const waiting = await connect(listener.port);
    waiting.write(framed(header(9)));
    await until(() => held.length === 1);
    const first = await connect(listener.port);
    const second = await connect(listener.port);
    const ask = async (socket: Socket) => {
      const answer = once(socket, 'data');
      socket.write(framed(header(1)));
      await answer;
    };
    await ask(second);
    await ask(first);
    const gone = once(second.resume(), 'end');
    const third = await connect(listener.port);
    await gone;
    await ask(third);
    await ask(first);
    expect(listener.stats).toMatchObject({ closed: { evicted: 1, refused: 0 }, connections: { open: 3 } });
    // All wait: nobody gives way.
    for (const socket of [first, third]) socket.write(framed(header(9)));
    await until(() => held.length === 3);
    const fourth = await connect(listener.port);
    await once(fourth.resume(), 'end');
    expect(listener.stats.closed).toMatchObject({ evicted: 1, refused: 1 });
  });

  it('a flood of connections leaves others served', async () => {
    const listener = await listen({ connections: 300, connectionsPerClient: 10_000 });
    const socket = await udp(listener);
    const flood: Socket[] = [];
    for (let i = 0; i < 30; i++) {
      flood.push(...(await Promise.all(Array.from({ length: 40 }, () => connect(listener.port)))));
      expect(await answerOf(socket, header(i))).toEqual(echo(header(i)));
      const good = await connect(listener.port);
      const reader = new StreamReader(good);
      good.write(framed(header(i)));
      await reader.until(1);
      good.destroy();
    }
    expect(flood.length).toBe(1200);
    expect(listener.stats.connections.open).toBeLessThanOrEqual(300 + 1);
    expect(listener.stats.closed.evicted).toBeGreaterThan(800);
  });
});

async function udp(listener: DnsListener) {
  const socket = await udpClient(listener.port);
  open.push(socket);
  return socket;
}
