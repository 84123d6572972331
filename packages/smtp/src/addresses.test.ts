import { Name, RRType } from '@mailanchor/dns';
import { FakeResolver, type Resolution, type Resolver } from '@mailanchor/dnssec';
import { describe, expect, it } from 'vitest';
import { lookupAddresses } from './addresses.ts';
import { deadlineAfter } from './deadline.ts';
import { lookup } from './lookup.ts';

const host = Name.fromText('mx.example.net');
const ZONE = `
  mx.example.net. 300 IN A    192.0.2.1
  mx.example.net. 300 IN AAAA 2001:db8::1`;

/** One table for each family. */
function perFamily(v4: FakeResolver, v6: FakeResolver): Resolver {
  return {
    resolve: (name, type, options): Promise<Resolution> =>
      (type === RRType.A ? v4 : v6).resolve(name, type, options),
    close() {},
  };
}

const secure = () => new FakeResolver({ zone: ZONE });
const insecure = () => new FakeResolver({ zone: ZONE, status: { 'example.net': 'insecure' } });
const bogus = () => new FakeResolver({ zone: ZONE, failures: { 'mx.example.net *': { status: 'bogus' } } });
const lost = () =>
  new FakeResolver({ zone: ZONE, failures: { 'mx.example.net *': { status: 'indeterminate' } } });
const absent = () => new FakeResolver({ zone: 'mx.example.net. 300 IN TXT "x"' });
const oddity = () => new FakeResolver({ zone: 'mx.example.net. 300 IN TYPE1 \\# 3 c00002' });

describe('rule 3: both families together', () => {
  const cases: [string, FakeResolver, FakeResolver, object][] = [
    [
      'secure, secure',
      secure(),
      secure(),
      { kind: 'found', status: 'secure', addresses: ['2001:db8::1', '192.0.2.1'] },
    ],
    ['secure, insecure', secure(), insecure(), { kind: 'found', status: 'secure' }],
    ['insecure, secure', insecure(), secure(), { kind: 'found', status: 'secure' }],
    ['insecure, insecure', insecure(), insecure(), { kind: 'found', status: 'insecure' }],
    ['secure, bogus', secure(), bogus(), { kind: 'found', status: 'secure', addresses: ['192.0.2.1'] }],
    ['bogus, secure', bogus(), secure(), { kind: 'found', status: 'secure', addresses: ['2001:db8::1'] }],
    ['bogus, lost', bogus(), lost(), { kind: 'failure', status: 'bogus' }],
    ['lost, bogus', lost(), bogus(), { kind: 'failure', status: 'bogus' }],
    ['lost, absent', lost(), absent(), { kind: 'failure', status: 'indeterminate' }],
    ['absent, absent', absent(), absent(), { kind: 'none', status: 'secure' }],
    ['unreadable, absent', oddity(), absent(), { kind: 'none' }],
  ];
  for (const [title, v4, v6, expected] of cases) {
    it(`A, AAAA: ${title}`, async () => {
      const context = { resolver: perFamily(v4, v6), deadline: deadlineAfter(1_000) };
      expect(await lookupAddresses(context, host)).toMatchObject(expected);
    });
  }
});

describe('lookup', () => {
  it('asks nothing when no time is left', async () => {
    const resolver = secure();
    const resolution = await lookup({ resolver, deadline: deadlineAfter(0) }, host, RRType.A);
    expect(resolution).toMatchObject({ kind: 'failure', status: 'indeterminate' });
    expect(resolver.asked).toEqual([]);
  });

  it('does not wait for a resolver that never ends', async () => {
    const resolver = { resolve: () => new Promise<never>(() => {}), close() {} };
    const resolution = await lookup({ resolver, deadline: deadlineAfter(1) }, host, RRType.A);
    expect(resolution).toMatchObject({ kind: 'failure', reason: { text: 'the lookup took too long' } });
  });
});
