import {
  encodeNsec,
  encodeRrsig,
  Name,
  parseRecord,
  type ResourceRecord,
  RRClass,
  RRType,
  TypeBitmap,
} from '@mailanchor/dns';
import type { Resolution, ZoneLink } from '@mailanchor/dnssec';
import { expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { createPaint } from '../terminal/paint.ts';
import { renderChain } from './explain.ts';
import { resolutionJson } from './json.ts';
import { parseQuestionName, parseQuestionType } from './question.ts';
import { renderResolution } from './render.ts';

const paint = createPaint(false);
const name = (text: string) => Name.fromText(text);
const day = 86_400;
const inception = 1_790_000_000;

const record = (text: string): ResourceRecord => parseRecord(text, { origin: Name.root });
const rrsig = (owner: string, typeCovered: number): ResourceRecord => ({
  name: name(owner),
  type: RRType.RRSIG,
  class: RRClass.IN,
  ttl: 300,
  rdata: encodeRrsig({
    typeCovered,
    algorithm: 13,
    labels: 2,
    originalTtl: 300,
    expiration: inception + 14 * day,
    inception,
    keyTag: 4711,
    signer: name('example.org'),
    signature: new Uint8Array(64),
  }),
});

const zone = (text: string, over: Partial<ZoneLink> = {}): ZoneLink => ({
  zone: name(text),
  status: 'secure',
  via: 'ds',
  ds: [{ keyTag: 20326, algorithm: 8, digestType: 2 }],
  keys: [
    { tag: 20326, algorithm: 8, flags: 257, bits: 2048 },
    { tag: 4711, algorithm: 13, flags: 256, bits: 256 },
  ],
  signature: { keyTag: 20326, algorithm: 8, signer: name(text), inception, expiration: inception + 14 * day },
  ...over,
});

const base = {
  name: name('_25._tcp.example.org'),
  type: RRType.TLSA,
  canonicalName: name('tlsa.example.org'),
  aliases: [
    {
      kind: 'CNAME',
      owner: name('_25._tcp.example.org'),
      target: name('tlsa.example.org'),
      status: 'secure',
    },
  ],
  chain: [zone('.', { via: 'anchor' }), zone('example.org')],
} as const;

const tlsa = record('tlsa.example.org. 300 IN TLSA 3 1 1 0011');
const answer: Resolution = {
  ...base,
  kind: 'answer',
  status: 'secure',
  rcode: 0,
  records: [tlsa],
  answer: [
    record('_25._tcp.example.org. 300 IN CNAME tlsa.example.org.'),
    rrsig('_25._tcp.example.org', RRType.CNAME),
    tlsa,
    rrsig('tlsa.example.org', RRType.TLSA),
  ],
  authority: [],
  ttl: 300,
};
const bogus: Resolution = {
  ...base,
  kind: 'failure',
  status: 'bogus',
  rcode: 2,
  records: [],
  answer: [],
  authority: [],
  ttl: 60,
  aliases: [],
  reason: { ede: 7, text: 'signature expired 2026-11-01', zone: name('example.org') },
};

test('JSON: aliases and records, no signatures, absolute names', () => {
  expect(JSON.parse(JSON.stringify(resolutionJson(answer)))).toEqual({
    name: '_25._tcp.example.org.',
    type: 'TLSA',
    status: 'secure',
    rcode: 'NOERROR',
    answers: [
      { name: '_25._tcp.example.org.', type: 'CNAME', ttl: 300, data: 'tlsa.example.org.' },
      { name: 'tlsa.example.org.', type: 'TLSA', ttl: 300, data: '3 1 1 0011' },
    ],
    chain: [
      expect.objectContaining({ zone: '.', via: 'anchor' }),
      {
        zone: 'example.org.',
        status: 'secure',
        via: 'ds',
        ds: [{ keyTag: 20326, algorithm: 8, digestType: 2 }],
        keys: base.chain[1].keys,
        signature: {
          keyTag: 20326,
          algorithm: 8,
          signer: 'example.org.',
          inception: '2026-09-21T14:13:20Z',
          expiration: '2026-10-05T14:13:20Z',
        },
      },
    ],
  });
});

test('JSON with the explanation: aliases with their status, proofs of what is absent', () => {
  expect(JSON.parse(JSON.stringify(resolutionJson(answer, { explain: true })))).toMatchObject({
    aliases: [
      { kind: 'CNAME', owner: '_25._tcp.example.org.', target: 'tlsa.example.org.', status: 'secure' },
    ],
  });
  expect(Object.keys(resolutionJson(answer))).not.toContain('aliases');
});

test('JSON of a failure has its reason', () => {
  expect(JSON.parse(JSON.stringify(resolutionJson(bogus)))).toMatchObject({
    status: 'bogus',
    rcode: 'SERVFAIL',
    answers: [],
    reason: { ede: 7, text: 'signature expired 2026-11-01', zone: 'example.org.' },
  });
});

test('for a person: status, records, reason', () => {
  expect(renderResolution(answer, paint)).toEqual([
    '✔ SECURE _25._tcp.example.org. TLSA  1 record',
    '  _25._tcp.example.org. 300 IN CNAME tlsa.example.org.',
    '  tlsa.example.org. 300 IN TLSA 3 1 1 0011',
  ]);
  expect(renderResolution(bogus, paint)).toEqual([
    '✘ BOGUS _25._tcp.example.org. TLSA  no answer that holds (SERVFAIL)',
    '  signature expired 2026-11-01 (zone example.org.)',
  ]);
});

test('the tree: every zone with its keys and signature, then the answer with its own', () => {
  const tree = renderChain(answer, paint).join('\n');
  expect(tree).toMatch(/^\. {2}secure {2}trust anchor$/m);
  expect(tree).toMatch(/DNSKEY {2}20326 {2}RSASHA256 {2}2048 bits {2}KSK {2}◂ vouched for/);
  expect(tree).toMatch(/^└─ example\.org\. {2}secure$/m);
  expect(tree).toMatch(/^ {3}└─ _25\._tcp\.example\.org\. TLSA {2}secure$/m);
  expect(tree).toMatch(/CNAME {2}_25\._tcp\.example\.org\. → tlsa\.example\.org\. {2}secure/);
  expect(tree).toMatch(
    /RRSIG {3}TLSA of tlsa\.example\.org\. by 4711 of example\.org\. {2}ECDSAP256SHA256 {2}2026-09-21T14:13 to 2026-10-05T14:13/,
  );
});

test('the tree shows what proves that something is absent', () => {
  const nsec: ResourceRecord = {
    name: name('a.example.org'),
    type: RRType.NSEC,
    class: RRClass.IN,
    ttl: 300,
    rdata: encodeNsec({ next: name('z.example.org'), types: TypeBitmap.of([RRType.A, RRType.RRSIG]) }),
  };
  const denial: Resolution = {
    ...base,
    kind: 'nxdomain',
    status: 'secure',
    rcode: 3,
    records: [],
    answer: [],
    authority: [nsec, rrsig('a.example.org', RRType.NSEC)],
    aliases: [],
    ttl: 300,
  };
  const tree = renderChain(denial, paint).join('\n');
  expect(tree).toMatch(/no such name, by:/);
  expect(tree).toMatch(/NSEC {4}a\.example\.org\. → z\.example\.org\. {2}\(A RRSIG\)/);
  expect(tree).toMatch(/RRSIG {3}NSEC of a\.example\.org\. by 4711/);
});

test('a tree with branches: each zone under the one that vouches for it, the answer under its own', () => {
  const proof = [{ name: name('net'), type: RRType.NSEC, class: RRClass.IN, ttl: 300, rdatas: [] }];
  const branched: Resolution = {
    ...answer,
    canonicalName: name('host.example.net'),
    chain: [
      zone('.', { via: 'anchor' }),
      zone('org'),
      zone('example.org'),
      zone('net', {
        status: 'insecure',
        via: 'none',
        ds: [],
        keys: [],
        note: 'NSEC proves that there is no DS',
        proof,
      }),
    ],
  };
  const titles = renderChain(branched, paint).filter(
    (line) => /(secure|anchor)$/.test(line) && !/→|DS/.test(line),
  );
  expect(titles).toEqual([
    '.  secure  trust anchor',
    '├─ org.  secure',
    '│  └─ example.org.  secure',
    '└─ net.  insecure',
    '   └─ _25._tcp.example.org. TLSA  secure',
  ]);
});

test('the tree shows what proves that nobody signs', () => {
  const rdata = encodeNsec({ next: name('z'), types: TypeBitmap.of([RRType.NS]) });
  const proof = [{ name: name('net'), type: RRType.NSEC, class: RRClass.IN, ttl: 300, rdatas: [rdata] }];
  const unsigned = zone('net', { status: 'insecure', via: 'none', ds: [], keys: [], note: 'no DS', proof });
  const insecure: Resolution = { ...answer, chain: [zone('.', { via: 'anchor' }), unsigned] };
  expect(renderChain(insecure, paint).join('\n')).toMatch(/no DS\n.*NSEC {4}net\. → z\. {2}\(NS\)/);
  expect(resolutionJson(insecure, { explain: true })).toMatchObject({
    chain: [{}, { proof: ['net. 300 IN NSEC z. NS'] }],
  });
});

test('the tree ends with what would help, and JSON says it too', () => {
  expect(renderChain(bogus, paint).at(-1)).toMatch(/^What would help: example\.org\. has to be signed anew/);
  expect(resolutionJson(bogus, { explain: true })).toMatchObject({
    reason: { fix: expect.stringContaining('signed anew') },
  });
});

test.each([
  ['example.org', 'example.org.'],
  ['.', '.'],
  ['_25._tcp.bücher.example', '_25._tcp.xn--bcher-kva.example.'],
  ['a\\.b.example', 'a\\.b.example.'],
])('name %s', (text, absolute) => {
  expect(parseQuestionName(text).toString()).toBe(absolute);
});

test.each(['', 'a..b', `${'a'.repeat(64)}.example`, 'a b', '\u00ad'])('no name: %j', (text) => {
  expect(() => parseQuestionName(text)).toThrow(UsageError);
});

test.each([
  ['mx', 15],
  ['TYPE65280', 65280],
])('type %s', (text, type) => {
  expect(parseQuestionType(text)).toBe(type);
});

test.each(['FOO', 'ANY', 'AXFR', 'OPT', 'TYPE0', 'TYPE65536', ''])('no type of data: %s', (text) => {
  expect(() => parseQuestionType(text)).toThrow(UsageError);
});
