import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TEST_CA, testCredentials } from '../../test/certificates.ts';
import { TransportError } from '../errors.ts';
import { RRType } from '../iana/rr-type.ts';
import type { Message } from '../message.ts';
import { makeQuery, responseTo } from '../message-build.ts';
import { decodeMessage } from '../message-decode.ts';
import { encodeMessage } from '../message-encode.ts';
import { Name } from '../name.ts';
import { createListener, type DnsListener } from '../server/listener.ts';
import type { QueryHandler } from '../server/listener-options.ts';
import { lookUpServer } from './server-lookup.ts';
import { createTlsTransport, type TlsTransportOptions } from './tls.ts';
import type { Transport } from './transport.ts';

const query = makeQuery(Name.fromText('example.com'), RRType.TLSA, { do: true });
const late = { timeoutMs: 15_000 };
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const answer: QueryHandler = (octets, _client, reply) =>
  reply(encodeMessage(responseTo(decodeMessage(octets), { rcode: 3 })));

async function serve(onQuery: QueryHandler = answer, idleMs = 10_000): Promise<DnsListener> {
  const listener = await createListener({
    protocols: ['tls'],
    tls: testCredentials('dns'),
    onQuery,
    limits: { idleMs },
  });
  open.push(listener);
  return listener;
}

function transport(options: TlsTransportOptions = {}): Transport {
  const made = createTlsTransport({ ca: TEST_CA, servername: 'dns.example', ...options });
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

describe('rule 23: DNS over TLS', () => {
  it.each(['dns.example', 'dns.example.', 'DNS.Example', '127.0.0.1', undefined])(
    'asks a server that proves to be %s',
    async (servername) => {
      const listener = await serve();
      const tls = createTlsTransport({ ca: [TEST_CA], ...(servername === undefined ? {} : { servername }) });
      open.push(tls);
      expect(await tls.exchange(query, listener, late)).toMatchObject({ rcode: 3 });
    },
  );

  it.each<readonly [string, TlsTransportOptions]>([
    ['another name', { servername: 'mail.example' }],
    ['a name below', { servername: 'a.dns.example' }],
    ['another address', { servername: '192.0.2.1' }],
    ['an authority that nobody trusts', { ca: testCredentials('other').cert }],
  ])('says nothing to a server that would have to be of %s', async (_what, options) => {
    const listener = await serve();
    expect(await code(transport(options).exchange(query, listener, late))).toBe('untrusted');
    expect(listener.stats.queries.tls).toBe(0);
  });

  it('does not trust the test CA without being told', async () => {
    const listener = await serve();
    const tls = createTlsTransport({ servername: 'dns.example' });
    open.push(tls);
    expect(await code(tls.exchange(query, listener, late))).toBe('untrusted');
  });

  it('pads queries, and keeps one connection for many', async () => {
    const lengths = new Set<number>();
    const listener = await serve((octets, client, reply) => {
      lengths.add(octets.length);
      answer(octets, client, reply);
    });
    const tls = transport();
    const names = Array.from({ length: 40 }, (_, i) => `${'n'.repeat(i + 1)}.example.`);
    const exchanges = names.map((text) =>
      tls.exchange(makeQuery(Name.fromText(text), RRType.A), listener, late),
    );
    const answered = (await Promise.all(exchanges)).map((message) => message.questions[0]!.name.toString());
    expect(answered).toEqual(names);
    expect(lengths).toEqual(new Set([128]));
    expect(listener.stats.queries.tls).toBe(40);
    expect(listener.stats.connections.accepted).toBe(1);
  });

  it('asks again when the server has closed an idle connection', async () => {
    const listener = await serve(answer, 40);
    const tls = transport();
    await tls.exchange(query, listener, late);
    while (listener.stats.connections.open > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await tls.exchange(query, listener, late)).toMatchObject({ rcode: 3 });
    expect(listener.stats.connections.accepted).toBe(2);
  });

  it('gives up in time on a server that never finishes the handshake, and on one that is none', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    open.push({
      close() {
        for (const socket of sockets) socket.destroy();
        silent.close();
      },
    });
    const bound = silent.address();
    if (bound === null || typeof bound === 'string') throw new Error('no port');
    const there = { address: '127.0.0.1', port: bound.port };
    expect(await code(transport().exchange(query, there, { timeoutMs: 100 }))).toBe('timeout');
    silent.on('connection', (socket: Socket) => socket.write('220 mail.example ESMTP\r\n'));
    expect(await code(transport().exchange(query, there, late))).toBe('failed');
  });
});

describe('lookUpServer', () => {
  it('takes addresses as they are and names from the system', async () => {
    expect(await lookUpServer('192.0.2.1')).toEqual(['192.0.2.1']);
    expect(await lookUpServer('[2001:db8::1]')).toEqual(['2001:db8::1']);
    expect(await lookUpServer('localhost')).toContain('127.0.0.1');
    await expect(lookUpServer('a..b')).rejects.toMatchObject({ name: 'TransportError', code: 'unreachable' });
  });
});
