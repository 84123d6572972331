import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { type FakeServer, type FakeServerOptions, framed, startFakeServer } from '../../test/fake-server.ts';
import { TransportError } from '../errors.ts';
import { RRType } from '../iana/rr-type.ts';
import type { Message } from '../message.ts';
import { makeQuery, responseTo } from '../message-build.ts';
import { decodeMessage } from '../message-decode.ts';
import { encodeMessage } from '../message-encode.ts';
import { Name } from '../name.ts';
import { createTcpTransport, type TcpTransportOptions } from './tcp.ts';
import type { Transport } from './transport.ts';

const query = makeQuery(Name.fromText('example.com'), RRType.TLSA);
const soon = { timeoutMs: 150 };
const late = { timeoutMs: 15_000 };

const respond = (octets: Uint8Array, rcode = 3) =>
  encodeMessage(responseTo(decodeMessage(octets), { rcode }));

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function serve(options: FakeServerOptions): Promise<FakeServer> {
  const server = await startFakeServer(options);
  open.push(server);
  return server;
}

function transport(options: TcpTransportOptions = {}): Transport {
  const made = createTcpTransport(options);
  open.push(made);
  return made;
}

async function code(promise: Promise<Message>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TransportError)) throw new Error(`no TransportError: ${String(error)}`);
  return error.code;
}

describe('TCP', () => {
  it('brings back the response, in whatever pieces it comes', async () => {
    const { endpoint } = await serve({
      tcp: (octets, _send, socket) => {
        socket.setNoDelay(true);
        for (const octet of framed(respond(octets))) socket.write(Uint8Array.of(octet));
      },
    });
    expect(await transport().exchange(query, endpoint, late)).toMatchObject({ rcode: 3 });
  });

  it('takes several messages from one piece, empty ones in between', async () => {
    const held: Uint8Array[] = [];
    const { endpoint } = await serve({
      tcp: (octets, _send, socket) => {
        held.push(framed(respond(octets)));
        if (held.length === 3) socket.write(Buffer.concat(held.flatMap((each) => [Buffer.of(0, 0), each])));
      },
    });
    const tcp = transport();
    const exchanges = [1, 2, 3].map(() => tcp.exchange(query, endpoint, late));
    expect((await Promise.all(exchanges)).map(({ rcode }) => rcode)).toEqual([3, 3, 3]);
  });

  it('pipelines on one connection and takes answers in any order', async () => {
    const held: (() => void)[] = [];
    const server = await serve({
      tcp: (octets, send) => {
        held.unshift(() => send(respond(octets)));
        if (held.length === 50) for (const reply of held) reply();
      },
    });
    const tcp = transport();
    const names = Array.from({ length: 50 }, (_, i) => `n${i}.example.`);
    const exchanges = names.map((text) =>
      tcp.exchange(makeQuery(Name.fromText(text), RRType.A), server.endpoint, late),
    );
    const answered = (await Promise.all(exchanges)).map((message) => message.questions[0]!.name.toString());
    expect(answered).toEqual(names);
    expect(server.connections.length).toBe(1);
  });

  it('opens another connection when one is full', async () => {
    const held: (() => void)[] = [];
    const server = await serve({
      tcp: (octets, send) => {
        held.push(() => send(respond(octets)));
        if (held.length === 6) for (const reply of held) reply();
      },
    });
    const tcp = transport({ queriesPerConnection: 2 });
    await Promise.all([1, 2, 3, 4, 5, 6].map(() => tcp.exchange(query, server.endpoint, late)));
    expect(server.connections.length).toBe(3);
  });

  it('keeps a connection for the next query and closes it when idle', async () => {
    const server = await serve({ tcp: (octets, send) => send(respond(octets)) });
    const tcp = transport({ idleMs: 20 });
    await tcp.exchange(query, server.endpoint, late);
    await tcp.exchange(query, server.endpoint, late);
    expect(server.connections.length).toBe(1);
    await once(server.connections[0]!, 'close');
    await tcp.exchange(query, server.endpoint, late);
    expect(server.connections.length).toBe(2);
  });

  it('asks again on a new connection when one that worked is closed under it', async () => {
    let messages = 0;
    const server = await serve({
      tcp: (octets, send, socket) => {
        if (++messages === 2) socket.destroy();
        else send(respond(octets));
      },
    });
    const tcp = transport();
    await tcp.exchange(query, server.endpoint, late);
    expect(await tcp.exchange(query, server.endpoint, late)).toMatchObject({ rcode: 3 });
    expect(server.connections.length).toBe(2);
  });

  it('asks again only once, whatever else the new connection does', async () => {
    const bad = makeQuery(Name.fromText('bad.example'), RRType.A);
    let seen = 0;
    let onSecond = () => {};
    const second = new Promise<void>((resolve) => {
      onSecond = resolve;
    });
    const server = await serve({
      tcp: (octets, send, socket) => {
        if (decodeMessage(octets).questions[0]!.name.equals(bad.questions[0]!.name)) {
          seen++;
          if (seen === 1) socket.destroy();
          else if (seen === 2) onSecond();
          else send(respond(octets));
          return;
        }
        send(respond(octets));
        if (seen > 0) socket.end();
      },
    });
    const tcp = transport();
    await tcp.exchange(query, server.endpoint, late);
    const unlucky = code(tcp.exchange(bad, server.endpoint, late));
    await second;
    await tcp.exchange(query, server.endpoint, late);
    expect(await unlucky).toBe('closed');
    expect(seen).toBe(2);
  });

  it.each<readonly [string, string, NonNullable<FakeServerOptions['tcp']>]>([
    ['closes at once', 'closed', (_octets, _send, socket) => socket.end()],
    ['resets', 'closed', (_octets, _send, socket) => socket.resetAndDestroy()],
    [
      'closes within the message',
      'closed',
      (octets, _send, socket) => socket.end(framed(respond(octets)).subarray(0, 20)),
    ],
    [
      'sends garbage of the right id',
      'malformed',
      (octets, send) => send(Uint8Array.of(...octets.subarray(0, 2), 0x80, 0, 0, 1, 0xff, 0xff)),
    ],
    [
      'sends a message that does not parse',
      'malformed',
      (octets, send) => {
        const whole = respond(octets);
        whole[7] = 9;
        send(whole);
      },
    ],
    [
      'answers another question',
      'malformed',
      (octets, send) => {
        const other = responseTo(makeQuery(Name.fromText('other.example'), RRType.TLSA));
        send(encodeMessage({ ...other, id: decodeMessage(octets).id }));
      },
    ],
    ['says nothing', 'timeout', () => {}],
    [
      'answers to other ids only',
      'timeout',
      (octets, send) => send(Uint8Array.of(octets[0]! ^ 1, ...respond(octets).subarray(1))),
    ],
  ])('reports a server that %s: %s', async (_what, expected, tcp) => {
    const { endpoint } = await serve({ tcp });
    expect(await code(transport().exchange(query, endpoint, expected === 'timeout' ? soon : late))).toBe(
      expected,
    );
  });

  it('gives a server that drips octets no more than the time', async () => {
    const server = await serve({
      tcp: (octets, _send, socket) => {
        const pieces = [...framed(respond(octets)), ...new Array(1000).fill(0)];
        const drip = setInterval(() => socket.write(Uint8Array.of(pieces.shift() ?? 0)), 10);
        socket.on('close', () => clearInterval(drip));
      },
    });
    const tcp = transport({ idleMs: 3_600_000 });
    expect(await code(tcp.exchange(query, server.endpoint, soon))).toBe('timeout');
    // And does not keep such a connection; whether the server sees an end or a reset is no matter.
    const connection = server.connections[0]!;
    connection.on('error', () => {});
    await new Promise((resolve) =>
      connection.destroyed ? resolve(undefined) : connection.once('close', resolve),
    );
  });

  it('takes the largest message', async () => {
    const rdata = new Uint8Array(65535 - 12 - 17 - 11 - 2 - 10);
    const { endpoint } = await serve({
      tcp: (octets, send) => {
        const answers = [{ name: Name.fromText('example.com'), type: 65280, class: 1, ttl: 0, rdata }];
        send(encodeMessage(responseTo(decodeMessage(octets), { answers })));
      },
    });
    const message = await transport().exchange(query, endpoint, late);
    expect(message.answers[0]?.rdata.length).toBe(rdata.length);
  });

  it('learns at once that nothing listens', async () => {
    const server = await startFakeServer({});
    await server.close();
    expect(await code(transport().exchange(query, server.endpoint, late))).toBe('refused');
  });

  it('does not look names up', async () => {
    expect(await code(transport().exchange(query, { address: 'localhost', port: 53 }, late))).toBe('failed');
  });

  it('stops when a signal says so, and when closed', async () => {
    const { endpoint } = await serve({});
    const tcp = transport();
    const controller = new AbortController();
    const aborted = tcp.exchange(query, endpoint, { ...late, signal: controller.signal });
    controller.abort();
    expect(await code(aborted)).toBe('aborted');
    const waiting = tcp.exchange(query, endpoint, late);
    await tcp.close();
    expect(await code(waiting)).toBe('closed');
    expect(await code(tcp.exchange(query, endpoint, late))).toBe('closed');
  });
});
