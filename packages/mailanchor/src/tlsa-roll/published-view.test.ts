/** What a server's answer shows of a place, and what it does not. */
import { encodeSoa, encodeTlsa, Name, Rcode, type ResourceRecord, RRClass, RRType } from '@mailanchor/dns';
import type { HostPlan, ServerAnswer, ZoneInspection, ZoneInspector } from '@mailanchor/smtp';
import { expect, test } from 'vitest';
import { publishedView } from './published-view.ts';
import { adHocHost } from './settings.ts';

const ZONE = Name.fromText('example');
const OWNER = Name.fromText('_25._tcp.mx1.example');
const TLSA = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(32) };
const server = { name: Name.fromText('ns1.example'), address: '192.0.2.53', listedBy: 'both' } as const;
const record = (name: Name, type: number, rdata: Uint8Array): ResourceRecord => ({
  name,
  type,
  class: RRClass.IN,
  ttl: 300,
  rdata,
});
const soa = record(
  ZONE,
  RRType.SOA,
  encodeSoa({
    mname: server.name,
    rname: ZONE,
    serial: 1,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 60,
  }),
);
const spoken = {
  authoritative: true,
  status: 'secure',
  ttl: 300,
  signatures: [],
  nsec3Iterations: 0,
} as const;

const own: ServerAnswer = {
  ...spoken,
  server,
  name: OWNER,
  type: RRType.TLSA,
  outcome: 'answer',
  records: [record(OWNER, RRType.TLSA, encodeTlsa(TLSA))],
};
const asked = { server, name: OWNER, type: RRType.TLSA } as const;

/** One place, from one server's answer and more of its zone. */
async function seen(answer: ServerAnswer | undefined, more: Partial<ZoneInspection> = {}) {
  const zone: ZoneInspection = {
    zone: ZONE,
    parent: Name.root,
    status: 'secure',
    parentStatus: 'secure',
    servers: [server],
    listed: { zone: [server.name], parent: [server.name] },
    addressless: [],
    ds: [],
    answers: [
      { ...spoken, server, name: ZONE, type: RRType.SOA, outcome: 'answer', records: [soa] },
      ...(answer ? [answer] : []),
    ],
    ...more,
  };
  const inspector: Pick<ZoneInspector, 'inspect'> = { inspect: async () => ({ zones: [zone], leftOut: [] }) };
  const question = {
    base: 'mx1.example',
    name: '_25._tcp.mx1.example',
    status: 'secure',
    outcome: 'answer',
    aliases: [],
  };
  const plan = { host: 'mx1.example', port: 25, policy: 'dane', tlsa: { questions: [question] } };
  const [place] = await publishedView(adHocHost('mx1.example', 25), [plan as unknown as HostPlan], {
    inspector,
    timeoutMs: 1000,
    signal: new AbortController().signal,
  });
  return place!.sight;
}

const shows: [string, ServerAnswer | undefined, unknown][] = [
  ['an answer', own, { kind: 'records', records: [TLSA], ttl: 300 }],
  [
    'a denial, for its negative TTL',
    { ...own, outcome: 'nodata', records: [], ttl: 0 },
    { kind: 'records', records: [], ttl: 60 },
  ],
  ['an answer that could not be validated', { ...own, status: 'indeterminate' }, { kind: 'failed' }],
  ['an answer of a server that is not of the zone', { ...own, authoritative: false }, { kind: 'failed' }],
  [
    'an alias that came meanwhile',
    { ...own, outcome: 'alias' },
    { kind: 'failed', text: 'has an alias there' },
  ],
  [
    'a refusal',
    { ...asked, outcome: 'refused', rcode: Rcode.REFUSED },
    { kind: 'failed', text: 'answers REFUSED' },
  ],
  ['a referral', { ...asked, outcome: 'referral' }, { kind: 'failed', text: 'sends elsewhere' }],
  ['silence', { ...asked, outcome: 'silent', text: 'timeout' }, { kind: 'failed', text: 'timeout' }],
  ['a server that is not asked', { ...asked, outcome: 'not-asked', text: 'no route' }, { kind: 'failed' }],
  ['a server without the zone', undefined, { kind: 'failed', text: 'does not have the zone' }],
  [
    'records that cannot be read',
    { ...own, records: [record(OWNER, RRType.TLSA, Uint8Array.of(3))] },
    { kind: 'failed', text: expect.stringContaining('cannot be read') },
  ],
];
test.each(shows)('%s', async (_, answer, expected) => {
  const { servers, problem } = await seen(answer);
  expect(problem).toBeUndefined();
  expect(servers).toEqual([expect.objectContaining(expected as object)]);
});

test.each<[string, ServerAnswer | undefined, Partial<ZoneInspection>, RegExp]>([
  ['a bogus answer', { ...own, status: 'bogus' }, {}, /ns1\.example \(192\.0\.2\.53\) answers is bogus/],
  ['an unsigned answer', { ...own, status: 'insecure' }, {}, /is not signed/],
  ['an unsigned zone', own, { status: 'insecure' }, /is not signed/],
  ['a bogus zone', own, { status: 'bogus' }, /is bogus/],
])('%s is a fault of the place', async (_, answer, more, words) => {
  expect((await seen(answer, more)).problem).toMatch(words);
});

test('servers without an address, or beyond those that are asked, are not seen', async () => {
  const { servers } = await seen(own, {
    addressless: [Name.fromText('ns9.example')],
    leftOut: '3 name servers',
  });
  expect(servers.map(({ server: name, kind }) => [name, kind])).toEqual([
    ['ns1.example (192.0.2.53)', 'records'],
    ['ns9.example', 'failed'],
    ['further servers of example.', 'failed'],
  ]);
});
