/** Reports by HTTPS to servers of a CA of our own, good ones and hostile ones. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import { FakeResolver } from '@mailanchor/dnssec';
import { issueCertificate, Seed, toPem } from '@mailanchor/lab';
import { type PostOutcome, reportPoster } from '@mailanchor/smtp';
import { afterAll, expect, test } from 'vitest';

const seed = new Seed('tlsrpt-post');
const dates = { notBefore: Date.now() - 86_400_000, notAfter: Date.now() + 86_400_000 };
const root = issueCertificate(seed, 'root', { subject: 'Report CA', ca: true, ...dates });
const pem = (der: KeyLike) => der.export({ type: 'pkcs8', format: 'pem' }).toString();
type KeyLike = (typeof root)['key']['privateKey'];

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});

type Handler = Parameters<typeof createServer>[1];

async function serve(handler: Handler, name = 'reports.example'): Promise<number> {
  const leaf = issueCertificate(seed, name, { subject: name, names: [name], issuer: root, ...dates });
  const server = createServer({ cert: toPem([leaf]), key: pem(leaf.key.privateKey) }, handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const resolver = new FakeResolver({
  zone: `reports.example. 300 IN A 127.0.0.1
         two.example. 300 IN A 127.0.0.9
         two.example. 300 IN A 127.0.0.1
         other.example. 300 IN A 127.0.0.1`,
  failures: { 'broken.example *': { status: 'bogus', text: 'signature expired' } },
});
const REPORT = gzipSync('{"organization-name":"x"}');

const post = (url: string, more: Partial<Parameters<typeof reportPoster>[0]> = {}): Promise<PostOutcome> =>
  reportPoster({ resolver, ca: [toPem([root])], privateAddresses: true, timeoutMs: 5_000, ...more })({
    url,
    report: REPORT,
  });

test('rfc8460#section-5.4: the report arrives, as what it is', async () => {
  const requests: unknown[] = [];
  const port = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = gunzipSync(Buffer.concat(chunks)).toString();
      const { host, 'content-type': type } = request.headers;
      requests.push({ method: request.method, url: request.url, host, type, body });
      response.writeHead(201).end();
    });
  });
  const outcome = await post(`https://reports.example:${port}/v1/tlsrpt?key=1#part`);
  expect(outcome).toEqual({ kind: 'accepted', text: 'the server answers 201' });
  expect(requests).toEqual([
    {
      method: 'POST',
      url: '/v1/tlsrpt?key=1',
      host: `reports.example:${port}`,
      type: 'application/tlsrpt+gzip',
      body: '{"organization-name":"x"}',
    },
  ]);
});

test.each<[number, boolean]>([
  [200, true],
  [202, true],
  [204, true],
  [301, false],
  [400, false],
  [403, false],
  [404, false],
  [413, false],
  [408, true],
  [429, true],
  [500, true],
  [503, true],
])('an answer of %i', async (status, good) => {
  const port = await serve((_, response) => {
    response.writeHead(status, { location: 'https://other.example/', 'retry-after': '120' }).end();
  });
  const outcome = await post(`https://reports.example:${port}/`);
  if (status < 300) expect(outcome).toMatchObject({ kind: 'accepted' });
  else expect(outcome).toMatchObject({ kind: 'failed', stage: 'status', again: good, retryAfterMs: 120_000 });
});

test('redirects are not followed', async () => {
  let asked = 0;
  const elsewhere = await serve((_, response) => {
    asked++;
    response.end();
  }, 'other.example');
  const port = await serve((_, response) => {
    response.writeHead(307, { location: `https://other.example:${elsewhere}/` }).end();
  });
  const outcome = await post(`https://reports.example:${port}/`);
  expect(outcome).toMatchObject({
    text: 'the server answers 307, and redirects are not followed',
    again: false,
  });
  expect(asked).toBe(0);
});

test('a server that never answers costs no more than the time set', async () => {
  const port = await serve(() => {});
  const began = performance.now();
  const outcome = await post(`https://reports.example:${port}/`, { timeoutMs: 300 });
  expect(outcome).toMatchObject({ stage: 'time', again: true });
  expect(performance.now() - began).toBeLessThan(3_000);
});

test('of an endless answer nothing but the head is read', async () => {
  let written = 0;
  const port = await serve((_, response) => {
    response.writeHead(200);
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536;
    };
    response.on('drain', more);
    more();
  });
  const before = written;
  expect(await post(`https://reports.example:${port}/`)).toMatchObject({ kind: 'accepted' });
  expect(written - before).toBeLessThan(64 * 1024 * 1024);
});

test('a stop ends it at once', async () => {
  const stop = new AbortController();
  const port = await serve(() => stop.abort(new Error('stopped')));
  const posting = reportPoster({ resolver, ca: [toPem([root])], privateAddresses: true })({
    url: `https://reports.example:${port}/`,
    report: REPORT,
    signal: stop.signal,
  });
  await expect(posting).rejects.toThrow('stopped');
});

test('the next address is tried where nothing listens at the first', async () => {
  const port = await serve((_, response) => response.end(), 'two.example');
  expect(await post(`https://two.example:${port}/`)).toMatchObject({ kind: 'accepted' });
});

test.each<[string, string, object]>([
  ['a certificate of another name', 'https://other.example:PORT/', { stage: 'certificate', again: true }],
  [
    'a lookup that fails',
    'https://broken.example:PORT/',
    { stage: 'address', text: expect.stringContaining('signature expired'), again: true },
  ],
  ['a name without address', 'https://nowhere.example:PORT/', { stage: 'address', again: true }],
  ['cleartext', 'http://reports.example:PORT/', { stage: 'url', again: false }],
  ['a password', 'https://user:pass@reports.example:PORT/', { stage: 'url', again: false }],
  ["another service's port", 'https://reports.example:25/', { stage: 'url', again: false }],
  ['no URL', 'https://', { stage: 'url', again: false }],
])('refused or failed: %s', async (_, url, expected) => {
  const port = await serve((__, response) => response.end());
  expect(await post(url.replace('PORT', String(port)))).toMatchObject({ kind: 'failed', ...expected });
});

test.each([
  'https://reports.example:PORT/',
  'https://127.0.0.1:PORT/',
  'https://[::1]:PORT/',
  'https://0x7f.1:PORT/',
])('no address of our own network is connected to: %s', async (url) => {
  let asked = 0;
  const port = await serve((_, response) => {
    asked++;
    response.end();
  });
  const outcome = await post(url.replace('PORT', String(port)), { privateAddresses: false });
  expect(outcome).toMatchObject({ kind: 'failed', stage: 'address', again: false });
  expect(asked).toBe(0);
});

test('a server of a public CA is none of ours: without our CA it is refused', async () => {
  const port = await serve((_, response) => response.end());
  const poster = reportPoster({ resolver, privateAddresses: true });
  expect(await poster({ url: `https://reports.example:${port}/`, report: REPORT })).toMatchObject({
    stage: 'certificate',
  });
});
