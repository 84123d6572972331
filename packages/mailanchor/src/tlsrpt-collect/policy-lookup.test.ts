import { FakeResolver, type FakeTable } from '@mailanchor/dnssec';
import { expect, test } from 'vitest';
import type { FoundSts } from '../policy-service/sts-memory.ts';
import { PolicyLookup } from './policy-lookup.ts';

const RECORD = `3 1 1 ${'ab'.repeat(32)}`;
const ZONE = `
  dane.example. 300 IN MX 10 mx1.dane.example.
  dane.example. 300 IN MX 20 mx2.dane.example.
  mx1.dane.example. 300 IN A 192.0.2.1
  mx2.dane.example. 300 IN A 192.0.2.2
  _25._tcp.mx1.dane.example. 300 IN TLSA ${RECORD}
  unusable.example. 300 IN MX 10 mx.unusable.example.
  mx.unusable.example. 300 IN A 192.0.2.1
  _25._tcp.mx.unusable.example. 300 IN TLSA 1 1 1 ${'ab'.repeat(32)}
  unsigned.example. 300 IN MX 10 mx1.dane.example.
  failing.example. 300 IN MX 10 mx.failing.example.
  mx.failing.example. 300 IN A 192.0.2.1
  host.example. 300 IN A 192.0.2.1
  null.example. 300 IN MX 0 .
`;

function lookup(table: Partial<FakeTable> = {}, sts: Record<string, FoundSts> = {}) {
  const resolver = new FakeResolver({
    zone: ZONE,
    status: { 'unsigned.example': 'insecure' },
    failures: { '_25._tcp.mx.failing.example TLSA': { status: 'bogus' } },
    ...table,
  });
  const find = async (domain: string) => sts[domain] ?? { ttl: 300 };
  const policies = new PolicyLookup({ resolver, sts: { find }, timeoutMs: 1_000 });
  return { resolver, find: (domain: string, name: string) => policies.find(domain, { name, port: 25 }) };
}

const STS = { mode: 'enforce', maxAge: 86_400, mx: ['*.dane.example'] } as const;
const TLSA = { type: 'tlsa', domain: 'mx1.dane.example', strings: [RECORD], mxHosts: [] };

test.each<[string, string, object]>([
  ['dane.example', 'mx1.dane.example', { kind: 'tlsa', policy: TLSA, usable: true, secureMx: true }],
  ['dane.example', 'mx2.dane.example', { kind: 'none' }],
  ['dane.example', 'mx9.dane.example', { kind: 'other-host' }],
  ['unusable.example', 'mx.unusable.example', { kind: 'tlsa', usable: false }],
  ['unsigned.example', 'mx1.dane.example', { kind: 'tlsa', usable: true, secureMx: false }],
  ['failing.example', 'mx.failing.example', { kind: 'unknown' }],
  ['host.example', 'host.example', { kind: 'none' }],
  ['null.example', 'mx.null.example', { kind: 'other-host' }],
  ['none.example', 'mx.none.example', { kind: 'other-host' }],
])('%s, %s', async (domain, host, expected) => {
  expect(await lookup().find(domain, host)).toMatchObject(expected);
});

test('MTA-STS where a host has no TLSA records, enforced or not; and before hosts that anybody could have named', async () => {
  const enforced = lookup(
    {},
    { 'dane.example': { sts: STS, ttl: 300 }, 'unsigned.example': { sts: STS, ttl: 300 } },
  );
  expect(await enforced.find('dane.example', 'mx2.dane.example')).toMatchObject({
    kind: 'sts',
    enforced: true,
    policy: { type: 'sts', domain: 'dane.example' },
  });
  expect(await enforced.find('dane.example', 'mx1.dane.example')).toMatchObject({ kind: 'tlsa' });
  expect(await enforced.find('unsigned.example', 'mx1.dane.example')).toMatchObject({
    kind: 'sts',
    enforced: true,
  });
  const testing = lookup({}, { 'dane.example': { unenforced: { ...STS, mode: 'testing' }, ttl: 300 } });
  expect(await testing.find('dane.example', 'mx2.dane.example')).toMatchObject({
    kind: 'sts',
    enforced: false,
  });
  const none = lookup({}, { 'dane.example': { unenforced: { ...STS, mode: 'none' }, ttl: 300 } });
  expect(await none.find('dane.example', 'mx2.dane.example')).toEqual({ kind: 'none' });
});

test('many lines of one domain cost one lookup', async () => {
  const { resolver, find } = lookup();
  await Promise.all(Array.from({ length: 100 }, () => find('dane.example', 'mx1.dane.example')));
  await find('dane.example', 'mx2.dane.example');
  expect(resolver.asked.filter(({ name }) => name === 'dane.example.').length).toBe(1);
});

test('a lookup that fails as a whole', async () => {
  const { find } = lookup({ failures: { 'dane.example MX': { status: 'indeterminate' } } });
  expect(await find('dane.example', 'mx1.dane.example')).toEqual({ kind: 'unknown' });
});
