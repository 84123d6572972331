import { readFileSync } from 'node:fs';
import {
  createListener,
  decodeMessage,
  encodeMessage,
  makeQuery,
  Name,
  RRType,
  responseTo,
} from '@mailanchor/dns';
import { expect, test } from 'vitest';
import { UsageError } from './errors.ts';
import { parseServer } from './options/resolver-spec.ts';
import { openServers } from './upstream.ts';

const fixture = (file: string) =>
  readFileSync(new URL(`../../dns/test/fixtures/${file}`, import.meta.url), 'latin1');
const spec = (value: string) => parseServer({ value, from: '--resolver' });
const lookUp = async () => ['127.0.0.1'];

test('plain servers are as they are', async () => {
  expect(await openServers([spec('192.0.2.53')])).toEqual([{ address: '192.0.2.53', port: 53 }]);
});

test('a server known by name: each of its addresses, told apart', async () => {
  const found = await openServers([spec('tls://dns.example')], {
    lookUp: async () => ['192.0.2.1', '2001:db8::1'],
  });
  expect(found.map(({ address, port, label }) => [address, port, label])).toEqual([
    ['192.0.2.1', 853, 'tls://dns.example (192.0.2.1)'],
    ['2001:db8::1', 853, 'tls://dns.example (2001:db8::1)'],
  ]);
});

test('a name without address is a clear error', async () => {
  const failing = openServers([spec('tls://dns.example')], {
    lookUp: () => Promise.reject(new Error('the DNS server "dns.example" has no address')),
  });
  await expect(failing).rejects.toThrow(UsageError);
  await expect(failing).rejects.toThrow(
    /^--resolver: the DNS server "dns\.example" has no address\. Write its/,
  );
});

test('over TLS, to a server whose certificate is for the name, and to no other', async () => {
  const listener = await createListener({
    address: '127.0.0.1',
    port: 0,
    protocols: ['tls'],
    tls: { key: fixture('dns.key.pem'), cert: fixture('dns.pem') },
    onQuery: (octets, _client, reply) => reply(encodeMessage(responseTo(decodeMessage(octets)))),
  });
  try {
    const ask = async (host: string) => {
      const [server] = await openServers([spec(`tls://${host}:${listener.port}`)], {
        lookUp,
        ca: fixture('ca.pem'),
      });
      const query = makeQuery(Name.fromText('example.'), RRType.A);
      try {
        return (await server!.transport!.exchange(query, server!, { timeoutMs: 5000 })).qr;
      } finally {
        await server!.transport!.close();
      }
    };
    expect(await ask('dns.example')).toBe(true);
    await expect(ask('other.example')).rejects.toMatchObject({ code: 'untrusted' });
  } finally {
    await listener.close();
  }
});
