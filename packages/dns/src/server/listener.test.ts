import { once } from 'node:events';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { answerOf, echo, framed, header, StreamReader, tcpClient, udpClient } from '../../test/ask.ts';
import { RRType } from '../iana/rr-type.ts';
import { makeQuery, responseTo } from '../message-build.ts';
import { decodeMessage } from '../message-decode.ts';
import { encodeMessage } from '../message-encode.ts';
import { Name } from '../name.ts';
import { createTransport } from '../transport/udp-tcp.ts';
import { createListener, type DnsListener } from './listener.ts';
import type { DnsClient, ListenerOptions, Reply } from './listener-options.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function listen(options: Partial<ListenerOptions> = {}): Promise<DnsListener> {
  const listener = await createListener({
    protocols: ['udp', 'tcp'],
    onQuery: (octets, _client, reply) => reply(echo(octets)),
    ...options,
  });
  open.push(listener);
  return listener;
}

async function udp(port: number, address?: string) {
  const socket = await udpClient(port, address);
  open.push(socket);
  return socket;
}

async function tcp(port: number) {
  const socket = await tcpClient(port);
  open.push({ close: () => socket.destroy() });
  return { socket, reader: new StreamReader(socket) };
}

describe('createListener', () => {
  it('listens on one port for UDP and TCP, and says who asks', async () => {
    const clients: DnsClient[] = [];
    const listener = await listen({
      onQuery: (octets, client, reply) => {
        clients.push(client);
        reply(echo(octets));
      },
    });
    expect(listener).toMatchObject({ address: '127.0.0.1', port: expect.any(Number) });
    const socket = await udp(listener.port);
    expect(await answerOf(socket, header(7))).toEqual(echo(header(7)));
    const stream = await tcp(listener.port);
    stream.socket.write(framed(header(8)));
    await stream.reader.until(1);
    expect(stream.reader.messages).toEqual([echo(header(8))]);
    expect(clients).toEqual([
      { address: '127.0.0.1', port: socket.address().port, protocol: 'udp' },
      { address: '127.0.0.1', port: stream.socket.localPort, protocol: 'tcp' },
    ]);
    expect(listener.stats).toMatchObject({
      queries: { udp: 1, tcp: 1, tls: 0 },
      answers: { udp: 1, tcp: 1, tls: 0 },
      dropped: 0,
      connections: { open: 1, accepted: 1 },
    });
  });

  it('serves our own transport, TCP where UDP has no room', async () => {
    const listener = await listen({
      onQuery: (octets, { protocol }, reply) => {
        const response = responseTo(decodeMessage(octets), { rcode: 3 });
        reply(encodeMessage({ ...response, tc: protocol === 'udp' }));
      },
    });
    const transport = createTransport();
    open.push(transport);
    const query = makeQuery(Name.fromText('example.com'), RRType.TLSA);
    expect(await transport.exchange(query, listener, { timeoutMs: 15_000 })).toMatchObject({
      rcode: 3,
      tc: false,
    });
    expect(listener.stats.queries).toEqual({ udp: 1, tcp: 1, tls: 0 });
  });

  it('speaks IPv6', async (context) => {
    const listener = await listen({ address: '::1' }).catch(() => undefined);
    if (listener === undefined) return context.skip('no IPv6 on loopback');
    const socket = await udp(listener.port, '::1');
    expect(await answerOf(socket, header(1))).toEqual(echo(header(1)));
  });

  it('answers each its own, in any order and later', async () => {
    const held: (() => void)[] = [];
    let onThree = () => {};
    const three = new Promise<void>((resolve) => {
      onThree = resolve;
    });
    const listener = await listen({
      onQuery: (octets, _client, reply) => {
        held.unshift(() => reply(echo(octets)));
        if (held.length === 3) onThree();
      },
    });
    const sockets = await Promise.all([1, 2, 3].map(() => udp(listener.port)));
    const answers = sockets.map((socket, i) => answerOf(socket, header(i)));
    await three;
    for (const each of held) each();
    expect(await Promise.all(answers)).toEqual([0, 1, 2].map((id) => echo(header(id))));
  });

  it('lets several listeners share a port where all agree, and none where not', async () => {
    const first = await listen({ reusePort: true });
    const second = await listen({ reusePort: true, port: first.port });
    expect(second.port).toBe(first.port);
    await expect(listen({ port: first.port })).rejects.toMatchObject({ name: 'ListenError', code: 'in-use' });
  });

  it.each<readonly [string, string, Partial<ListenerOptions>]>([
    ['a name', 'bad-options', { address: 'localhost' }],
    ['no protocol', 'bad-options', { protocols: [] }],
    ['TCP and TLS on one port', 'bad-options', { protocols: ['tcp', 'tls'] }],
    ['TLS without a certificate', 'bad-options', { protocols: ['tls'] }],
    ['TLS with what is no certificate', 'failed', { protocols: ['tls'], tls: { key: 'k', cert: 'c' } }],
    ['an address of somebody else', 'no-address', { address: '192.0.2.1' }],
    ['no inherited sockets', 'bad-options', { fds: [] }],
    ['a file descriptor that is not open', 'bad-options', { fds: [9999] }],
  ])('refuses %s: %s', async (_what, code, options) => {
    await expect(listen(options)).rejects.toMatchObject({ name: 'ListenError', code });
  });

  it('closes what it opened when one of its sockets cannot be', async () => {
    const holder = await listen({ protocols: ['tcp'] });
    await expect(listen({ port: holder.port })).rejects.toMatchObject({ code: 'in-use' });
    // UDP was open for a moment: it is free again.
    expect((await listen({ protocols: ['udp'], port: holder.port })).port).toBe(holder.port);
  });

  it('drops answers that come after the end, and more than one', async () => {
    const replies: Reply[] = [];
    const listener = await listen({ onQuery: (_octets, _client, reply) => replies.push(reply) });
    const stream = await tcp(listener.port);
    const socket = await udp(listener.port);
    const answer = once(socket, 'message');
    stream.socket.write(framed(header(1)));
    stream.socket.write(framed(header(2)));
    await waitFor(() => replies.length === 2);
    socket.send(header(3));
    await waitFor(() => replies.length === 3);
    replies[1]!(echo(header(2)));
    replies[1]!(echo(header(2)));
    replies[0]!(echo(header(1)));
    replies[2]!(echo(header(3)));
    await stream.reader.until(2);
    await answer;
    const ended = once(stream.socket, 'close');
    stream.socket.write(framed(header(4)));
    await waitFor(() => replies.length === 4);
    await listener.close();
    stream.socket.end();
    await ended;
    for (const reply of replies) reply(echo(header(4)));
    expect(stream.reader.ids).toEqual([2, 1]);
    await listener.close();
  });

  it('tells of a handler that throws, and goes on', async () => {
    const errors: unknown[] = [];
    const listener = await listen({
      onError: (error) => errors.push(error),
      onQuery: (octets, _client, reply) => {
        if (octets[1] === 1) throw new Error('handler');
        reply(echo(octets));
      },
    });
    const socket = await udp(listener.port);
    socket.send(header(1));
    expect(await answerOf(socket, header(2))).toEqual(echo(header(2)));
    expect(errors).toEqual([new Error('handler')]);
  });

  it('serves only whom it is to serve', async () => {
    const listener = await listen({ allow: (address) => address !== '127.0.0.1' });
    const socket = await udp(listener.port);
    socket.send(header(1));
    const stream = await tcp(listener.port);
    await once(stream.socket.resume(), 'end');
    await waitFor(() => listener.stats.dropped === 1);
    expect(listener.stats).toMatchObject({ queries: { udp: 0, tcp: 0 }, closed: { refused: 1 } });
  });
});

/** Polls between turns of the event loop; the test's time is the limit. */
async function waitFor(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

describe('garbage', () => {
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 1400 }),
    fc.uint8Array({ minLength: 12, maxLength: 60 }).map(echo),
  );
  const isQuery = (octets: Uint8Array) => octets.length >= 12 && octets[2]! < 0x80;

  it('over UDP: only queries are handed over, and the next is answered', async () => {
    const handed: Uint8Array[] = [];
    const listener = await listen({
      onQuery: (octets, _client, reply) => {
        handed.push(Uint8Array.from(octets));
        reply(echo(octets));
      },
    });
    const socket = await udp(listener.port);
    const property = fc.asyncProperty(fc.array(garbage, { maxLength: 5 }), async (datagrams) => {
      handed.length = 0;
      const queries = datagrams.filter(isQuery);
      const last = header(0xabcd, 1, 2, 3);
      const arrived = new Promise<void>((resolve) => {
        let left = queries.length + 1;
        socket.removeAllListeners('message').on('message', () => --left === 0 && resolve());
      });
      for (const datagram of datagrams) socket.send(datagram);
      socket.send(last);
      await arrived;
      expect(handed).toEqual([...queries, last].map((octets) => Uint8Array.from(octets)));
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it('over TCP: such a stream is closed or waited for, others are served', async () => {
    const listener = await listen({ limits: { connectionsPerClient: 1000 } });
    const good = await tcp(listener.port);
    let asked = 0;
    const property = fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (octets) => {
      const bad = await tcp(listener.port);
      const done = once(bad.socket.resume(), 'close');
      bad.socket.end(octets);
      good.socket.write(framed(header(++asked)));
      await good.reader.until(asked);
      await done;
    });
    await fc.assert(property, { numRuns: 200 });
    expect(good.reader.ids).toEqual(Array.from({ length: asked }, (_, i) => i + 1));
    await waitFor(() => listener.stats.connections.open === 1);
  });
});
