/** The API of PowerDNS as the publisher meets it; the real one is in test/peers. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Name } from '@mailanchor/dns';
import { afterEach, expect, test } from 'vitest';
import { createPowerDnsPublisher } from './powerdns.ts';
import type { TlsaChange } from './publisher.ts';

const tlsa = (first: number) => ({
  usage: 3,
  selector: 1,
  matching: 1,
  data: new Uint8Array(32).fill(first),
});
const [A, B] = [tlsa(0xaa), tlsa(0xbb)];
const text = (first: string) => `3 1 1 ${first.repeat(32)}`;
const owner = Name.fromText('_25._tcp.mx1.example.org');
const change: TlsaChange = {
  zone: Name.fromText('example.org'),
  owner,
  ttl: 60,
  expected: [A],
  add: [B],
  remove: [],
};

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

interface Reply {
  readonly status?: number;
  readonly body?: unknown;
  /** Instead of a reply: the connection is cut, or nothing comes. */
  readonly fault?: 'cut' | 'silent' | 'endless';
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly key: string;
  readonly body: unknown;
}

/** Replies in turn. */
async function scene(replies: readonly Reply[], timeoutMs = 5000) {
  const requests: Request[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    requests.push({
      method: request.method ?? '',
      path: request.url ?? '',
      key: String(request.headers['x-api-key']),
      body: body === '' ? undefined : JSON.parse(body),
    });
    const { status = 200, body: reply, fault } = replies[requests.length - 1] ?? { status: 599 };
    if (fault === 'silent') return;
    if (fault === 'cut') {
      request.socket.destroy();
      return;
    }
    response.writeHead(status, { location: 'http://127.0.0.1:1/' });
    if (fault === 'endless') {
      const more = () => response.write('x'.repeat(1 << 20), () => setImmediate(more));
      response.on('error', () => {});
      more();
      return;
    }
    response.end(reply === undefined ? '' : typeof reply === 'string' ? reply : JSON.stringify(reply));
  });
  server.listen(0, '127.0.0.1');
  open.push(server);
  await once(server, 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const publisher = createPowerDnsPublisher({
    name: 'pdns',
    url,
    apiKey: 'secret',
    serverId: 'localhost',
    timeoutMs,
  });
  const publish = (what = change) => publisher.publish(what, new AbortController().signal);
  return { requests, publisher, publish };
}

const zone = (records: readonly string[], more: object = {}, ttl = 60) => ({
  body: {
    kind: 'Master',
    dnssec: true,
    api_rectify: true,
    rrsets: [
      {
        name: 'example.org.',
        type: 'SOA',
        ttl: 60,
        records: [{ content: 'ns1. h. 1 2 3 4 5', disabled: false }],
      },
      ...(records.length > 0
        ? [
            {
              name: owner.toString(),
              type: 'TLSA',
              ttl,
              records: records.map((content) => ({ content, disabled: false })),
            },
          ]
        : []),
    ],
    ...more,
  },
});
const made = { status: 204 };

test('read, replaced, read again', async () => {
  const { requests, publish } = await scene([zone([text('aa')]), made, zone([text('bb'), text('aa')])]);
  expect(await publish()).toEqual({ kind: 'done' });
  const path = '/api/v1/servers/localhost/zones/example.org.';
  expect(requests.map(({ method, path: at, key }) => [method, at, key])).toEqual([
    ['GET', `${path}?rrset_name=_25._tcp.mx1.example.org.`, 'secret'],
    ['PATCH', path, 'secret'],
    ['GET', `${path}?rrset_name=_25._tcp.mx1.example.org.`, 'secret'],
  ]);
  expect(requests[1]!.body).toEqual({
    rrsets: [
      {
        name: '_25._tcp.mx1.example.org.',
        type: 'TLSA',
        ttl: 60,
        changetype: 'REPLACE',
        records: [text('aa'), text('bb')].map((content) => ({ content, disabled: false })),
      },
    ],
  });
});

test('the last one away is the RRset away', async () => {
  const { requests, publish } = await scene([zone([text('aa')]), made, zone([])]);
  expect(await publish({ ...change, add: [], remove: [A] })).toEqual({ kind: 'done' });
  expect(requests[1]!.body).toEqual({
    rrsets: [{ name: owner.toString(), type: 'TLSA', changetype: 'DELETE' }],
  });
});

test('a signed zone that does not rectify itself is rectified', async () => {
  const replies = [
    zone([text('aa')], { api_rectify: false }),
    made,
    { body: { result: 'Rectified' } },
    zone([text('aa'), text('bb')]),
  ];
  const { requests, publish } = await scene(replies);
  expect(await publish()).toEqual({ kind: 'done' });
  expect([requests[2]!.method, requests[2]!.path]).toEqual([
    'PUT',
    '/api/v1/servers/localhost/zones/example.org./rectify',
  ]);
});

test('a name with a slash goes into a path', async () => {
  const { requests, publish } = await scene([{ status: 404 }]);
  await publish({ ...change, zone: Name.fromText('0/25.2.0.192.in-addr.arpa') });
  expect(requests[0]!.path).toContain('/zones/0=2F25.2.0.192.in-addr.arpa.?');
});

const alias = { name: owner.toString(), type: 'CNAME', records: [{ content: 'a.' }] };
test.each<[string, readonly Reply[], string, RegExp | undefined]>([
  ['it is so already', [zone([text('aa'), text('bb')])], 'unchanged', undefined],
  ['it is another', [zone([text('cc')])], 'conflict', /has 3 1 1 (cc)+ at/],
  ['another TTL is set', [zone([text('aa'), text('bb')], {}, 61)], 'conflict', /has 3 1 1/],
  [
    'overwritten right afterwards',
    [zone([text('aa')]), made, zone([text('cc')])],
    'conflict',
    /has 3 1 1 (cc)+ at/,
  ],
  [
    'disabled records are none',
    [
      zone([], {
        rrsets: [
          {
            name: owner.toString(),
            type: 'TLSA',
            ttl: 60,
            records: [{ content: text('aa'), disabled: true }],
          },
        ],
      }),
    ],
    'conflict',
    /has no TLSA records/,
  ],
  ['an alias', [zone([], { rrsets: [alias] })], 'refused', /is an alias \(CNAME\)/],
  ['signed elsewhere', [zone([text('aa')], { presigned: true })], 'refused', /presigned/],
  ['a secondary', [zone([text('aa')], { kind: 'Slave' })], 'refused', /secondary server/],
  ['another key', [{ status: 401 }], 'refused', /does not take the API key \(401\)/],
  [
    'another zone',
    [{ status: 404, body: { error: 'Not Found' } }],
    'refused',
    /does not have the zone example\.org\. \(404\)/,
  ],
  [
    'it says why not',
    [zone([text('aa')]), { status: 422, body: { error: 'RRset \u001b[31m conflicts' } }],
    'refused',
    /HTTP 422: RRset \\x1b\[31m conflicts/,
  ],
  ['it fails', [zone([text('aa')]), { status: 500 }], 'failed', /HTTP 500/],
  [
    'it fails to rectify',
    [zone([text('aa')], { api_rectify: false }), made, { status: 422 }],
    'failed',
    /changed, but not rectified/,
  ],
  ['cut before', [{ fault: 'cut' }], 'failed', /Nothing was sent to be changed/],
  [
    'cut at the change',
    [zone([text('aa')]), { fault: 'cut' }],
    'failed',
    /Whether it was changed is not known/,
  ],
  [
    'cut afterwards',
    [zone([text('aa')]), made, { fault: 'cut' }],
    'failed',
    /Whether it was changed is not known/,
  ],
  ['refused afterwards', [zone([text('aa')]), made, { status: 401 }], 'failed', /401/],
  ['no zone', [{ body: '<html>' }], 'failed', /no zone/],
  ['records that are none', [zone(['3 1'])], 'failed', /no zone/],
  ['sent elsewhere', [{ status: 302 }], 'failed', /HTTP 302/],
  ['endless', [{ fault: 'endless' }], 'failed', /larger than 32 MB/],
])('%s', async (_, replies, kind, message) => {
  const { publish, requests } = await scene(replies);
  const outcome = await publish();
  expect(outcome.kind).toBe(kind);
  if (message) expect('text' in outcome && outcome.text).toMatch(message);
  expect(requests).toHaveLength(replies.length);
});

test('silence', async () => {
  const { publish } = await scene([{ fault: 'silent' }], 150);
  expect(await publish()).toEqual({
    kind: 'failed',
    text: expect.stringMatching(/no answer within 0\.\d+ s\. Nothing was sent/),
  });
});
