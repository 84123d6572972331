import { once } from 'node:events';
import { type AddressInfo, connect, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createEndpoint, type EndpointCounts } from './endpoint.ts';
import { GOOGLE, gzipped } from './samples.fixture.ts';
import type { TakenIn } from './take-in.ts';

let server: Server;
let counts: EndpointCounts;
let take: (octets: Uint8Array) => Promise<readonly TakenIn[]>;
let problems: string[];

const stored = (kind: 'stored' | 'known' | 'full'): TakenIn => ({
  kind,
  organization: 'A',
  reportId: '1',
  domains: [],
  successes: 0,
  failures: 0,
  trusted: true,
  signature: '',
  notes: [],
});

beforeEach(async () => {
  take = async () => [stored('stored')];
  problems = [];
  const made = createEndpoint({
    tls: undefined,
    path: '/tlsrpt',
    take: (octets) => take(octets),
    problem: (text) => problems.push(text),
  });
  ({ server, counts } = made);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(
  () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      (server as unknown as { closeAllConnections(): void }).closeAllConnections();
    }),
);

const port = () => (server.address() as AddressInfo).port;
const post = (init: RequestInit = {}, path = '/tlsrpt') =>
  fetch(`http://127.0.0.1:${port()}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/tlsrpt+gzip' },
    body: new Uint8Array(gzipped(GOOGLE)),
    ...init,
  });

test.each<[TakenIn, number, keyof EndpointCounts]>([
  [stored('stored'), 200, 'stored'],
  [stored('known'), 200, 'known'],
  [stored('full'), 503, 'refused'],
  [{ kind: 'refused', text: 'it is no JSON' }, 400, 'refused'],
])('%o: %i', async (taken, status, count) => {
  take = async () => [taken];
  expect((await post()).status).toBe(status);
  expect(counts[count]).toBe(1);
});

test.each<[string, RequestInit, string, number]>([
  ['another path', {}, '/other', 404],
  ['a path that only begins alike', {}, '/tlsrpt2', 404],
  ['a path below it', {}, '/tlsrpt/x?y', 200],
  ['GET', { method: 'GET', body: null }, '/tlsrpt', 405],
  ['another type', { headers: { 'content-type': 'text/html' } }, '/tlsrpt', 415],
  ['no type', { headers: {} }, '/tlsrpt', 415],
  ['JSON', { headers: { 'content-type': 'application/tlsrpt+json; charset=utf-8' } }, '/tlsrpt', 200],
])('%s', async (_, init, path, status) => {
  const body = init.headers && Object.keys(init.headers).length === 0 ? new Uint8Array(3) : undefined;
  expect((await post({ ...init, ...(body && { body }) }, path)).status).toBe(status);
});

test('the disk is full: to be tried again', async () => {
  take = () => Promise.reject(new Error('no space left'));
  expect((await post()).status).toBe(503);
  expect(counts.failed).toBe(1);
  expect(problems).toEqual(['no space left']);
});

describe('what means no good', () => {
  const raw = async (...texts: (string | Buffer)[]): Promise<string> => {
    const socket = connect(port(), '127.0.0.1');
    socket.on('error', () => {});
    for (const text of texts) socket.write(text);
    let answer = '';
    for await (const chunk of socket) {
      answer += String(chunk);
      if (answer.includes('\r\n\r\n')) break;
    }
    socket.destroy();
    return answer;
  };
  const head = 'POST /tlsrpt HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
  test('a body that says it is large is not read', async () => {
    expect(await raw(`${head}content-length: 1000000000\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
  });
  test('a body that is large and does not say so', async () => {
    const chunk = Buffer.alloc(1_000_000, 'x');
    const chunks = Array.from({ length: 12 }, () =>
      Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
    );
    expect(await raw(`${head}transfer-encoding: chunked\r\n\r\n`, ...chunks)).toMatch(/^HTTP\/1\.1 413 /);
    expect(counts.refused).toBe(1);
  });
  test('a body that breaks off is nobody’s report', async () => {
    let taken = 0;
    take = async () => {
      taken++;
      return [stored('stored')];
    };
    const socket = connect(port(), '127.0.0.1');
    socket.write(`${head}content-length: 100\r\n\r\n{"a":`);
    await new Promise((resolve) => setTimeout(resolve, 30));
    socket.destroy();
    expect((await post()).status).toBe(200);
    expect(taken).toBe(1);
  });
  test('many at a time: some are told to come again', async () => {
    const gate = Promise.withResolvers<void>();
    take = async () => {
      await gate.promise;
      return [stored('stored')];
    };
    let answered = 0;
    const all = Array.from({ length: 40 }, async () => {
      const response = await post();
      answered++;
      return response;
    });
    await vi.waitFor(() => expect(answered).toBe(24), { timeout: 10_000 });
    gate.resolve();
    const statuses = (await Promise.all(all)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBe(16);
    expect(statuses.filter((status) => status === 503).length).toBe(24);
    expect((await post()).status).toBe(200);
  });
  test('nonsense', async () => {
    expect(await raw('hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw(`GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  });
});
