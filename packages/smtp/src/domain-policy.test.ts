import { RRType } from '@mailanchor/dns';
import { FakeResolver, type FakeTable } from '@mailanchor/dnssec';
import { describe, expect, test } from 'vitest';
import { type DomainPolicyQuestion, domainPolicy } from './domain-policy.ts';
import { planDestination } from './plan.ts';
import { planRelay } from './plan-relay.ts';
import { shortestTtl } from './shortest-ttl.ts';

const EE = `3 1 1 ${'ab'.repeat(32)}`;
const UNUSABLE = `1 1 1 ${'ab'.repeat(32)}`;

const host = (name: string, tlsa?: string) =>
  `${name}. 300 IN A 192.0.2.1\n${tlsa ? `_25._tcp.${name}. 300 IN TLSA ${tlsa}\n` : ''}`;
const MX = `
  example.org. 300 IN MX 10 a.example.net.
  example.org. 300 IN MX 20 b.example.com.
`;
const BOTH = MX + host('a.example.net', EE) + host('b.example.com', EE);
const SOME = MX + host('a.example.net', EE) + host('b.example.com');
const NONE = MX + host('a.example.net') + host('b.example.com');
const STS = { mx: ['a.example.net', '*.example.com'] };

async function decide(
  zone: string,
  table: Omit<FakeTable, 'zone'> = {},
  question: Omit<DomainPolicyQuestion, 'plan'> = {},
): Promise<string> {
  const resolver = new FakeResolver({ zone, ...table });
  const policy = domainPolicy({
    plan: await planDestination('example.org', { resolver, random: () => 0 }),
    ...question,
  });
  const match = policy.kind === 'secure' ? ` ${policy.match.join(' ')}` : '';
  return `${policy.kind}${match}: ${policy.reason}`;
}

const insecure = { status: { 'example.org': 'insecure' } } as const;
const fails = (...questions: string[]) => ({
  failures: Object.fromEntries(
    questions.map((q) => [q, { status: 'bogus', text: 'signature expired' } as const]),
  ),
});
const sts = { sts: STS };

describe('rule 32: DANE', () => {
  test.each<[string, Promise<string>, string]>([
    ['every host', decide(BOTH), 'dane-only: 2 hosts with usable TLSA records, all signed'],
    [
      'every host, MTA-STS besides',
      decide(BOTH, {}, sts),
      'dane-only: 2 hosts with usable TLSA records, all signed',
    ],
    [
      'some hosts',
      decide(SOME),
      'dane: each host by its own rules: no usable TLSA records for b.example.com',
    ],
    ['insecure MX', decide(BOTH, insecure), 'dane: usable TLSA records, but the MX records are not signed'],
    [
      'one host unusable',
      decide(MX + host('a.example.net', EE) + host('b.example.com', UNUSABLE)),
      'dane: each host by its own rules: no usable TLSA records for b.example.com',
    ],
    [
      'only unusable',
      decide(MX + host('a.example.net', UNUSABLE) + host('b.example.com', UNUSABLE), {}, sts),
      'dane: TLSA records that no sender can use: a.example.net, b.example.com',
    ],
    ['no MX', decide(host('example.org', EE)), 'dane-only: one host with usable TLSA records, all signed'],
    [
      'a host without address does not count',
      decide(MX + host('a.example.net', EE)),
      'dane-only: one host with usable TLSA records, all signed',
    ],
  ])('%s', async (_, answer, expected) => {
    expect(await answer).toBe(expected);
  });
});

describe('rule 32: MTA-STS', () => {
  const all = 'a.example.net *.example.com';
  test.each<[string, Promise<string>, string]>([
    [
      'securely denied',
      decide(NONE, {}, sts),
      `secure ${all}: MTA-STS is enforced; no DANE: no host has signed TLSA records`,
    ],
    [
      'insecurely',
      decide(NONE, { status: { '.': 'insecure' } }, sts),
      `secure ${all}: MTA-STS is enforced; no DANE: no host is in a signed zone`,
    ],
    [
      'some hosts',
      decide(SOME, {}, sts),
      'dane: each host by its own rules: no usable TLSA records for b.example.com',
    ],
    [
      'some hosts, by setting',
      decide(SOME, {}, { ...sts, partialDane: 'sts' }),
      `secure ${all}: MTA-STS is enforced, and only 1 of 2 hosts have TLSA records`,
    ],
    [
      'every host, by setting: DANE',
      decide(BOTH, {}, { ...sts, partialDane: 'sts' }),
      'dane-only: 2 hosts with usable TLSA records, all signed',
    ],
    [
      'insecure MX: a forged host has records too',
      decide(BOTH, insecure, sts),
      `secure ${all}: the MX records are not signed, MTA-STS is enforced`,
    ],
    [
      'no DANE known, one lookup failing: that host is no match',
      decide(NONE, fails('_25._tcp.b.example.com TLSA'), sts),
      'secure a.example.net: MTA-STS is enforced; left out: the TLSA records of b.example.com cannot be trusted: signature expired',
    ],
    [
      'the one that is left not listed',
      decide(NONE, fails('_25._tcp.a.example.net TLSA'), {
        sts: { mx: ['a.example.net', '*.x.example.com'] },
      }),
      'defer: no host that MTA-STS allows can be used: the TLSA records of a.example.net cannot be trusted: signature expired',
    ],
    [
      'MX failing: MTA-STS rescues nothing',
      decide(BOTH, fails('example.org MX'), sts),
      'defer: the MX records cannot be trusted: signature expired',
    ],
    [
      'all hosts failing: nor here',
      decide(BOTH, fails('a.example.net A', 'a.example.net AAAA', '_25._tcp.b.example.com TLSA'), sts),
      'defer: the addresses of a.example.net cannot be trusted (and 1 more): signature expired',
    ],
  ])('%s', async (_, answer, expected) => {
    expect(await answer).toBe(expected);
  });
});

describe('rule 32: lookups that fail', () => {
  const timeout = {
    failures: { '_25._tcp.a.example.net TLSA': { status: 'indeterminate', text: 'timed out' } },
  } as const;
  test.each<[string, Promise<string>, string]>([
    [
      'one host of several',
      decide(BOTH, timeout),
      'dane: each host by its own rules: the TLSA records of a.example.net cannot be looked up: timed out',
    ],
    [
      'one host, the other without TLSA',
      decide(SOME, timeout),
      'dane: each host by its own rules: the TLSA records of a.example.net cannot be looked up: timed out',
    ],
    [
      'one host, the other unusable',
      decide(MX + host('a.example.net', EE) + host('b.example.com', UNUSABLE), timeout),
      'dane: each host by its own rules: the TLSA records of a.example.net cannot be looked up: timed out',
    ],
    [
      'the only host with an address',
      decide(MX + host('a.example.net', EE), timeout),
      'defer: the TLSA records of a.example.net cannot be looked up: timed out',
    ],
    [
      'MX',
      decide(BOTH, fails('example.org MX')),
      'defer: the MX records cannot be trusted: signature expired',
    ],
  ])('%s', async (_, answer, expected) => {
    expect(await answer).toBe(expected);
  });

  test('more hosts than are looked up: the rest may have anything', async () => {
    const many = Array.from(
      { length: 100 },
      (_, i) => `example.org. 300 IN MX ${i} h${i}.example.net.\n${host(`h${i}.example.net`, EE)}`,
    );
    expect(await decide(many.join('\n'))).toBe(
      'dane: each host by its own rules: too many MX hosts (and 35 more)',
    );
  });
});

describe('rule 32: nothing to ask for', () => {
  test.each<[string, Promise<string>, string]>([
    ['denied', decide(NONE), 'none: no host has signed TLSA records'],
    ['unsigned', decide(NONE, { status: { '.': 'insecure' } }), 'none: no host is in a signed zone'],
    ['null MX', decide('example.org. 300 IN MX 0 .'), 'none: the domain takes no mail (null MX)'],
    ['no such domain', decide(host('example.net')), 'none: the domain does not exist'],
    ['no addresses', decide(MX), 'none: no mail host has an address'],
    [
      'null MX, and MTA-STS says otherwise: a forger made one of them',
      decide('example.org. 300 IN MX 0 .', insecure, sts),
      'secure a.example.net *.example.com: MTA-STS is enforced; no DANE: the domain takes no mail (null MX)',
    ],
  ])('%s', async (_, answer, expected) => {
    expect(await answer).toBe(expected);
  });
  test('an address', async () => {
    const plan = await planDestination('[192.0.2.1]', { resolver: new FakeResolver({ zone: '' }) });
    expect(domainPolicy({ plan }).kind).toBe('none');
  });
});

test('rule 8: a relay that the sender names is its own host, at its port', async () => {
  const zone = `${MX.replaceAll('example.org', 'relay.example')}${host('relay.example')}_587._tcp.relay.example. 300 IN TLSA ${EE}`;
  const resolver = new FakeResolver({ zone });
  const plan = (port?: number) => planRelay('Relay.Example', { resolver, ...(port && { port }) });
  expect(domainPolicy({ plan: await plan(587) }).kind).toBe('dane-only');
  expect(domainPolicy({ plan: await plan() }).kind).toBe('none');
  expect(resolver.asked.some(({ name }) => name.includes('example.net'))).toBe(false);
});

describe('rule 5: an answer holds no longer than what it rests on', () => {
  /** A resolver whose answers hold for an hour, that to one question for 7 seconds. */
  const after = async (short: string, table: Omit<FakeTable, 'zone'> = {}) => {
    const fake = new FakeResolver({ zone: BOTH, ...table });
    const { resolver, ttl, failed } = shortestTtl({
      resolve: async (name, type, options) => ({
        ...(await fake.resolve(name, type, options)),
        ttl: `${name} ${type}` === short ? 7 : 3600,
      }),
      close: () => {},
    });
    await planDestination('example.org', { resolver });
    return failed() ? 'failed' : ttl();
  };
  test.each([
    ['the MX records', `example.org. ${RRType.MX}`, 7],
    ['an address', `b.example.com. ${RRType.A}`, 7],
    ['that there is no other', `b.example.com. ${RRType.AAAA}`, 7],
    ['TLSA records', `_25._tcp.b.example.com. ${RRType.TLSA}`, 7],
    ['none of it', 'example.net. 1', 3600],
  ])('%s', async (_, short, expected) => {
    expect(await after(short)).toBe(expected);
  });
  test('a failed lookup has none', async () => {
    expect(await after('', fails('_25._tcp.b.example.com TLSA'))).toBe('failed');
  });
  test('nothing asked: for ever', () => {
    expect(shortestTtl(new FakeResolver({ zone: '' })).ttl()).toBe(Number.POSITIVE_INFINITY);
  });
});
