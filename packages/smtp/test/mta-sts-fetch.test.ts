/** Fetching a policy from a server on loopback: what counts, what does not, and that our own network is left alone. */
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type PolicyFetchOptions, policyFetcher } from '../src/mta-sts/fetch.ts';
import { makeCertificate } from './certificates.ts';

const HOST = 'mta-sts.example.org';
const root = makeCertificate({ cn: 'Policy CA', ca: true });
const good = makeCertificate({ cn: HOST, names: [HOST], issuer: root });
const wrong = makeCertificate({ cn: 'www.example.org', names: ['www.example.org'], issuer: root });
const expired = makeCertificate({ cn: HOST, names: [HOST], issuer: root, notAfter: '2021-01-01T00:00:00Z' });
/** As the test certificates have it. */
const END = '2049-01-01T00:00:00Z';
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function ask(
  answer: RequestListener,
  {
    certificate = good,
    timeoutMs = 5_000,
    addresses = ['127.0.0.1'],
    ...more
  }: PolicyFetchOptions & {
    certificate?: typeof good;
    timeoutMs?: number;
    addresses?: string[];
  } = {},
): Promise<string> {
  const server = createServer({ key: certificate.key, cert: certificate.pem }, answer);
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const fetch = policyFetcher({ ca: [root.pem], port, privateAddresses: true, ...more });
  const outcome = await fetch({ host: HOST, addresses, timeoutMs });
  if (outcome.kind === 'fetched') expect(outcome.certificateUntil).toBe(END);
  return outcome.kind === 'fetched' ? `fetched ${outcome.body}` : `${outcome.stage}: ${outcome.text}`;
}

const plain = { 'content-type': 'text/plain; charset=utf-8' };

test('a policy, asked for by name and path', async () => {
  const seen = await ask((request, response) => {
    response.writeHead(200, plain).end(`${request.headers.host} ${request.method} ${request.url}`);
  });
  expect(seen).toBe(`fetched ${HOST} GET /.well-known/mta-sts.txt`);
});

test.each<[string, RequestListener, RegExp]>([
  [
    'a redirect',
    (_, response) => response.writeHead(302, { location: 'https://a.example/' }).end(),
    /^status: .*302.*redirects/,
  ],
  ['404', (_, response) => response.writeHead(404, plain).end('no'), /^status: .*404/],
  ['no media type', (_, response) => response.writeHead(200).end('x'), /^media-type: /],
  [
    'html',
    (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('x'),
    /^media-type: .*text\/html/,
  ],
  ['too much', (_, response) => response.writeHead(200, plain).end('x'.repeat(65_537)), /^size: /],
  [
    'broken off',
    (request, response) => {
      response.writeHead(200, { ...plain, 'content-length': '10' }).write('x');
      request.socket.destroySoon();
    },
    /^connection: /,
  ],
])('%s', async (_, answer, expected) => expect(await ask(answer)).toMatch(expected));

test.each([
  ['for another name', wrong, /^certificate: /],
  ['that has expired', expired, /^certificate: /],
  ['of nobody known', makeCertificate({ cn: HOST, names: [HOST] }), /^certificate: /],
])('a certificate %s', async (_, certificate, expected) => {
  expect(await ask((__, response) => response.end('x'), { certificate })).toMatch(expected);
});

test('silence, and octets that never end, have one limit of time', async () => {
  expect(await ask(() => {}, { timeoutMs: 100 })).toMatch(/^time: /);
  const trickle: RequestListener = (_, response) => {
    response.writeHead(200, plain);
    const timer = setInterval(() => response.write('x'), 10);
    response.once('close', () => clearInterval(timer));
  };
  expect(await ask(trickle, { timeoutMs: 150 })).toMatch(/^time: /);
});

test('addresses of our own network are not asked', async () => {
  let asked = false;
  const answer: RequestListener = (_, response) => {
    asked = true;
    response.writeHead(200, plain).end('x');
  };
  expect(await ask(answer, { privateAddresses: false })).toMatch(/^address: .*no address on the Internet/);
  expect(await ask(answer, { addresses: [] })).toMatch(/^address: .*has no address$/);
  expect(asked).toBe(false);
});

test('the next address where one does not answer; an abort ends it', async () => {
  const answer: RequestListener = (_, response) => response.writeHead(200, plain).end('x');
  expect(await ask(answer, { addresses: ['127.0.0.99', '127.0.0.1'] })).toBe('fetched x');
  const fetch = policyFetcher({ privateAddresses: true, port: 1 });
  await expect(
    fetch({
      host: HOST,
      addresses: ['127.0.0.1'],
      timeoutMs: 100,
      signal: AbortSignal.abort(new Error('stop')),
    }),
  ).rejects.toThrow('stop');
});
