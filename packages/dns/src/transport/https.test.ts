import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { TEST_CA, testCredentials } from '../../test/certificates.ts';
import { EdnsOptionCode } from '../edns.ts';
import { TransportError } from '../errors.ts';
import { RRType } from '../iana/rr-type.ts';
import type { Message } from '../message.ts';
import { makeQuery, responseTo } from '../message-build.ts';
import { decodeMessage } from '../message-decode.ts';
import { encodeMessage } from '../message-encode.ts';
import { Name } from '../name.ts';
import { recordToText } from '../presentation/rdata-text.ts';
import { parseZoneFile } from '../presentation/zone-file.ts';
import { createHttpsTransport, httpsEndpoint } from './https.ts';
import type { Endpoint, Transport } from './transport.ts';

const query = makeQuery(Name.fromText('example.com'), RRType.TLSA, { do: true });
const soon = { timeoutMs: 200 };
const late = { timeoutMs: 15_000 };
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

type Headers = Record<string, string>;

/** What responses of HTTP/1.1 and HTTP/2 have in common. */
interface FakeResponse {
  readonly writableEnded: boolean;
  writeHead(status: number, headers?: Headers): unknown;
  write(chunk: Uint8Array): boolean;
  end(chunk?: Uint8Array | string): unknown;
  on(event: 'drain' | 'close', listener: () => void): unknown;
}

interface Asked {
  readonly octets: Uint8Array;
  readonly request: Http2ServerRequest | IncomingMessage;
  readonly response: FakeResponse;
}

interface FakeHttps {
  readonly endpoint: Endpoint;
  readonly connections: Socket[];
  readonly versions: string[];
}

const TYPE = { 'content-type': 'application/dns-message' };

function send(response: FakeResponse, status: number, headers: Headers, body?: Uint8Array | string): void {
  response.writeHead(status, headers);
  response.end(body);
}

function reply({ octets, response }: Asked, headers: Headers = {}): void {
  const asked = decodeMessage(octets);
  const answers = parseZoneFile('@ 300 TLSA 3 1 1 aabb', { origin: asked.questions[0]!.name });
  send(response, 200, { ...TYPE, ...headers }, encodeMessage(responseTo(asked, { answers })));
}

type Version = '1.1' | '2.0';

async function serve(version: Version, onQuery: (asked: Asked) => void = reply): Promise<FakeHttps> {
  const connections: Socket[] = [];
  const versions: string[] = [];
  const onRequest = (
    request: Http2ServerRequest | IncomingMessage,
    response: Http2ServerResponse | ServerResponse,
  ) => {
    versions.push(request.httpVersion);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const octets = new Uint8Array(Buffer.concat(chunks));
      onQuery({ octets, request, response: response as FakeResponse });
    });
  };
  const credentials = testCredentials('dns');
  const server =
    version === '2.0' ? createSecureServer(credentials, onRequest) : createServer(credentials, onRequest);
  server.on('secureConnection', (socket) => connections.push(socket));
  server.on('sessionError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  open.push({
    close() {
      for (const socket of connections) socket.destroy();
      server.close();
    },
  });
  return { endpoint: { address: '127.0.0.1', port: bound.port }, connections, versions };
}

function transport(
  url = 'https://dns.example/dns-query?x=1',
  ca: string = TEST_CA,
  idleMs = 10_000,
): Transport {
  const made = createHttpsTransport({ url, ca, idleMs });
  open.push(made);
  return made;
}

async function failure(promise: Promise<Message>): Promise<TransportError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TransportError)) throw new Error(`no TransportError: ${String(error)}`);
  return error;
}

const texts = (message: Message) => message.answers.map(recordToText);
const GOOD = ['example.com. 300 IN TLSA 3 1 1 aabb'];

describe.each<Version>(['2.0', '1.1'])('rule 23: DNS over HTTPS, HTTP/%s', (version) => {
  it('posts the message, padded and with id 0, and takes the answer', async () => {
    const asked: Asked[] = [];
    const server = await serve(version, (each) => {
      asked.push(each);
      reply(each);
    });
    const https = transport();
    expect(texts(await https.exchange(query, server.endpoint, late))).toEqual(GOOD);
    expect(server.versions).toEqual([version]);
    const { request, octets } = asked[0]!;
    expect(request).toMatchObject({ method: 'POST', url: '/dns-query?x=1' });
    expect(request.headers).toMatchObject({
      'content-type': 'application/dns-message',
      accept: 'application/dns-message',
      'content-length': '128',
    });
    expect(request.headers[':authority'] ?? request.headers.host).toBe('dns.example');
    expect(decodeMessage(octets)).toMatchObject({ id: 0, edns: { do: true } });
    expect(decodeMessage(octets).edns?.options.map(({ code }) => code)).toEqual([EdnsOptionCode.PADDING]);
  });

  it('keeps connections, and keeps answers apart', async () => {
    const server = await serve(version);
    const https = transport();
    for (let round = 0; round < 3; round++) {
      const names = Array.from({ length: 60 }, (_, i) => `n${i}.example.`);
      const exchanges = names.map((text) =>
        https.exchange(makeQuery(Name.fromText(text), RRType.TLSA), server.endpoint, late),
      );
      const answered = (await Promise.all(exchanges)).map((message) => message.questions[0]!.name.toString());
      expect(answered).toEqual(names);
    }
    // HTTP/1.1: as many as may be, and the one that found out.
    expect(server.connections.length).toBeLessThanOrEqual(version === '2.0' ? 1 : 17);
    expect(server.versions.length).toBe(180);
  });

  it.each<readonly [string, string, RegExp, (asked: Asked) => void]>([
    ['answers with another status', 'failed', /status 502/, ({ response }) => send(response, 502, TYPE, 'x')],
    [
      'answers elsewhere',
      'failed',
      /status 307/,
      ({ response }) => send(response, 307, { location: 'https://dns.example/other' }),
    ],
    [
      'answers with a page',
      'malformed',
      /text\/html/,
      ({ response }) => send(response, 200, { 'content-type': 'text/html; charset=utf-8' }, '<html>'),
    ],
    ['answers without a type', 'malformed', /no media type/, ({ response }) => send(response, 200, {}, 'x')],
    ['packs its answer', 'malformed', /packed/, (asked) => reply(asked, { 'content-encoding': 'gzip' })],
    [
      'answers at length',
      'malformed',
      /65535/,
      ({ response }) => {
        response.writeHead(200, TYPE);
        const more = () => {
          while (!response.writableEnded && response.write(new Uint8Array(10_000)));
        };
        response.on('drain', more);
        more();
      },
    ],
    ['answers with nothing', 'malformed', /belong/, ({ response }) => send(response, 200, TYPE)],
    [
      'answers another question',
      'malformed',
      /belong/,
      ({ response }) => {
        const other = responseTo(makeQuery(Name.fromText('other.example'), RRType.TLSA));
        send(response, 200, TYPE, encodeMessage(other));
      },
    ],
    [
      'answers to another id',
      'malformed',
      /belong/,
      ({ octets, response }) => {
        const other = { ...responseTo(decodeMessage(octets)), id: 1 };
        send(response, 200, TYPE, encodeMessage(other));
      },
    ],
    [
      'answers with what does not parse',
      'malformed',
      /OPT/,
      ({ octets, response }) => {
        const cut = encodeMessage(responseTo(decodeMessage(octets)));
        cut[7] = 9;
        send(response, 200, TYPE, cut);
      },
    ],
    ['closes instead', 'closed|failed', /./, ({ request }) => request.socket.destroy()],
    ['says nothing', 'timeout', /200 ms/, () => {}],
    [
      'drips',
      'timeout',
      /200 ms/,
      ({ response }) => {
        response.writeHead(200, TYPE);
        const drip = setInterval(() => response.write(Uint8Array.of(0)), 10);
        response.on('close', () => clearInterval(drip));
      },
    ],
  ])('reports a server that %s: %s', async (_what, code, text, onQuery) => {
    const server = await serve(version, onQuery);
    const error = await failure(
      transport().exchange(query, server.endpoint, code === 'timeout' ? soon : late),
    );
    expect(error.code).toMatch(new RegExp(`^(${code})$`));
    expect(error.message).toMatch(text);
  });

  it('takes the largest message', async () => {
    const rdata = new Uint8Array(65535 - 12 - 17 - 11 - 2 - 10);
    const server = await serve(version, ({ octets, response }) => {
      const asked = decodeMessage(octets);
      const answers = [{ name: asked.questions[0]!.name, type: 65280, class: 1, ttl: 0, rdata }];
      const message = encodeMessage(responseTo(asked, { answers }));
      send(response, 200, { 'content-type': 'Application/DNS-Message; x=y' }, message);
    });
    const message = await transport().exchange(query, server.endpoint, late);
    expect(message.answers[0]?.rdata.length).toBe(rdata.length);
  });

  it('takes from the TTLs what the answer has spent in a cache', async () => {
    let age = '';
    const server = await serve(version, (asked) => reply(asked, { age }));
    const https = transport();
    for (const [given, ttl] of [
      ['0', 300],
      ['100', 200],
      ['301', 0],
      ['-5', 300],
    ] as const) {
      age = given;
      const { answers } = await https.exchange(query, server.endpoint, late);
      expect(answers.map((record) => record.ttl)).toEqual([ttl]);
    }
  });

  it('says nothing to a server that is not who it has to be', async () => {
    const server = await serve(version);
    for (const [url, ca] of [
      ['https://other.example/', TEST_CA],
      ['https://192.0.2.1/', TEST_CA],
      ['https://dns.example/', testCredentials('other').cert],
    ] as const) {
      const error = await failure(transport(url, ca).exchange(query, server.endpoint, late));
      expect(error.code).toBe('untrusted');
    }
    expect(server.versions).toEqual([]);
  });

  it('knows a server by its address', async () => {
    const server = await serve(version);
    const { port } = server.endpoint;
    const https = transport(`https://127.0.0.1:${port}/`);
    expect(texts(await https.exchange(query, server.endpoint, late))).toEqual(GOOD);
  });

  it('asks again on a new connection when one that worked is closed under it, once', async () => {
    let queries = 0;
    const server = await serve(version, (asked) => {
      if (++queries === 2 || queries > 4) asked.request.socket.destroy();
      else reply(asked);
    });
    const https = transport();
    await https.exchange(query, server.endpoint, late);
    expect(texts(await https.exchange(query, server.endpoint, late))).toEqual(GOOD);
    await https.exchange(query, server.endpoint, late);
    expect((await failure(https.exchange(query, server.endpoint, late))).code).toMatch(/closed|failed/);
    expect(queries).toBe(6);
  });

  it('goes on after a deadline, a signal, and stops when closed', async () => {
    const quiet = makeQuery(Name.fromText('quiet.example'), RRType.TLSA);
    const server = await serve(version, (asked) => {
      if (!decodeMessage(asked.octets).questions[0]!.name.equals(quiet.questions[0]!.name)) reply(asked);
    });
    const https = transport();
    expect((await failure(https.exchange(quiet, server.endpoint, soon))).code).toBe('timeout');
    const controller = new AbortController();
    const aborted = failure(https.exchange(quiet, server.endpoint, { ...late, signal: controller.signal }));
    controller.abort();
    expect((await aborted).code).toBe('aborted');
    const waiting = failure(https.exchange(quiet, server.endpoint, late));
    expect(texts(await https.exchange(query, server.endpoint, late))).toEqual(GOOD);
    await https.close();
    expect((await waiting).code).toBe('closed');
    expect((await failure(https.exchange(query, server.endpoint, late))).code).toBe('closed');
  });

  it('lets the process end', async () => {
    const { endpoint } = await serve(version);
    const index = new URL('../index.ts', import.meta.url).href;
    const program = `
      import { createHttpsTransport, makeQuery, Name } from ${JSON.stringify(index)};
      const ca = ${JSON.stringify(TEST_CA)};
      const transport = createHttpsTransport({ url: 'https://dns.example/', ca, idleMs: 3600000 });
      const query = makeQuery(Name.fromText('example.com'), 52);
      const { answers } = await transport.exchange(query, ${JSON.stringify(endpoint)}, { timeoutMs: 3600000 });
      console.log(answers.length);`;
    // Held up by a socket or a timer, the program would be killed and the promise would reject.
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 15_000,
    });
    expect(stdout).toBe('1\n');
  });

  it('closes an idle connection', async () => {
    const server = await serve(version);
    await transport(undefined, undefined, 30).exchange(query, server.endpoint, late);
    const last = server.connections.at(-1)!;
    if (!last.destroyed) await once(last, 'close');
  });
});

describe('httpsEndpoint', () => {
  it.each([
    ['https://dns.example/dns-query', 'dns.example', 443],
    ['https://192.0.2.1:8443/', '192.0.2.1', 8443],
    ['https://[2001:db8::1]/x?y', '2001:db8::1', 443],
  ])('%s', (url, host, port) => {
    expect(httpsEndpoint(url)).toEqual({ host, port });
  });

  it.each([
    'http://dns.example/',
    'dns.example',
    'https://user@dns.example/',
    'https://dns.example/#x',
    'https://',
  ])('refuses %s', (url) => {
    const refused = expect.objectContaining({ name: 'DnsFormatError', code: 'bad-url' });
    expect(() => httpsEndpoint(url)).toThrow(refused);
    expect(() => createHttpsTransport({ url })).toThrow(refused);
  });
});
