import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { echo, framed, header, StreamReader } from '../../test/ask.ts';
import { TEST_CA, testCredentials } from '../../test/certificates.ts';
import { createListener, type DnsListener } from './listener.ts';
import type { ListenerOptions } from './listener-options.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function listen(options: Partial<ListenerOptions> = {}): Promise<DnsListener> {
  const listener = await createListener({
    protocols: ['udp', 'tls'],
    tls: testCredentials('dns'),
    onQuery: (octets, { protocol }, reply) => reply(protocol === 'tls' ? echo(octets) : new Uint8Array(0)),
    ...options,
  });
  open.push(listener);
  return listener;
}

async function client(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca: TEST_CA, servername: 'dns.example', ...options });
  open.push({ close: () => socket.destroy() });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

describe('TLS', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'answers over %s, many queries on one connection',
    async (version) => {
      const listener = await listen();
      const socket = await client(listener.port, { maxVersion: version, ALPNProtocols: ['dot'] });
      expect(socket.getProtocol()).toBe(version);
      expect(socket.alpnProtocol).toBe('dot');
      const reader = new StreamReader(socket);
      for (let id = 0; id < 300; id++) socket.write(framed(header(id)));
      await reader.until(300);
      expect(reader.ids).toEqual(Array.from({ length: 300 }, (_, i) => i));
      expect(listener.stats.queries).toEqual({ udp: 0, tcp: 0, tls: 300 });
      const closed = once(socket, 'close');
      socket.end();
      await closed;
      await until(() => listener.stats.connections.open === 0);
    },
  );

  it('does not speak TLS 1.1', async () => {
    const listener = await listen();
    const old: ConnectionOptions = {
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT:@SECLEVEL=0',
    };
    await expect(client(listener.port, old)).rejects.toMatchObject({
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    });
    await until(() => listener.stats.connections.open === 0);
    expect(listener.stats.closed.malformed).toBe(1);
  });

  it('takes another certificate for new connections, and refuses one that is none', async () => {
    const listener = await listen();
    const before = await client(listener.port);
    listener.setTls(testCredentials('other'));
    await expect(client(listener.port)).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    const after = await client(listener.port, { servername: 'other.example' });
    expect(() =>
      listener.setTls({ key: testCredentials('dns').key, cert: testCredentials('other').cert }),
    ).toThrow(expect.objectContaining({ name: 'ListenError', code: 'bad-options' }));
    await client(listener.port, { servername: 'other.example' });
    for (const socket of [before, after]) {
      const reader = new StreamReader(socket);
      socket.write(framed(header(3)));
      await reader.until(1);
    }
  });

  it('no TLS on a listener without it', async () => {
    const listener = await listen({ protocols: ['tcp'] });
    expect(() => listener.setTls(testCredentials('dns'))).toThrow(
      expect.objectContaining({ code: 'bad-options' }),
    );
  });

  it('closes what does not begin a handshake, and what does not finish one', async () => {
    const listener = await listen({ limits: { idleMs: 150 } });
    const plain = connectTcp({ port: listener.port, host: '127.0.0.1' });
    const silent = connectTcp({ port: listener.port, host: '127.0.0.1' });
    const gone = [plain, silent].map((socket) => once(socket.on('error', () => {}).resume(), 'close'));
    plain.write(framed(header(1)));
    await Promise.all(gone);
    await until(() => listener.stats.connections.open === 0);
    expect(listener.stats).toMatchObject({ connections: { accepted: 2 }, queries: { tls: 0 } });
  });

  it('bounds connections whose handshake is not finished', async () => {
    const listener = await listen({ limits: { connections: 2 } });
    const sockets = [1, 2, 3].map(() => connectTcp({ port: listener.port, host: '127.0.0.1' }));
    for (const socket of sockets) open.push({ close: () => socket.destroy() });
    await until(() => listener.stats.closed.evicted === 1);
    const socket = await client(listener.port);
    const reader = new StreamReader(socket);
    socket.write(framed(header(1)));
    await reader.until(1);
    expect(listener.stats.connections.open).toBe(2);
  });
});
