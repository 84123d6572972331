import { RRType } from '@mailanchor/dns';
import { FakeResolver, type FakeTable } from '@mailanchor/dnssec';
import { describe, expect, it } from 'vitest';
import { type DestinationPlan, type PlanOptions, planDestination } from './plan.ts';
import type { HostPlan } from './verdict.ts';

const DIGEST = 'ab'.repeat(32);
const EE = `3 1 1 ${DIGEST}`;

/** One signed domain with one signed host, to which each case adds. */
const GOOD = `
  example.org.              300 IN MX   10 mx.example.net.
  mx.example.net.           300 IN A    192.0.2.1
  mx.example.net.           300 IN AAAA 2001:db8::1
  _25._tcp.mx.example.net.  300 IN TLSA ${EE}`;

async function plan(
  zone: string,
  table: Omit<FakeTable, 'zone'> = {},
  options: Partial<PlanOptions> = {},
  domain = 'example.org',
): Promise<{ plan: DestinationPlan; hosts: readonly HostPlan[]; asked: string[] }> {
  const resolver = new FakeResolver({ zone, ...table });
  const result = await planDestination(domain, { resolver, random: () => 0, ...options });
  const asked = resolver.asked.map(({ name, type }) => `${name} ${type}`);
  return { plan: result, hosts: result.kind === 'hosts' ? result.hosts : [], asked };
}

/** The TLSA names asked for, in order. */
const tlsaAsked = (asked: readonly string[]): string[] =>
  asked.filter((question) => question.endsWith(` ${RRType.TLSA}`)).map((question) => question.split(' ')[0]!);

describe('the good case', () => {
  it('is plain frozen data, JSON as it stands', async () => {
    const { plan: result, hosts } = await plan(GOOD);
    expect(result).toEqual({
      kind: 'hosts',
      dns: {
        status: 'secure',
        outcome: 'answer',
        domain: 'example.org',
        expandedDomain: 'example.org',
        aliases: [],
        mx: [{ preference: 10, exchange: 'mx.example.net' }],
      },
      hosts: [
        {
          host: 'mx.example.net',
          preference: 10,
          port: 25,
          policy: 'dane',
          mxStatus: 'secure',
          addressStatus: 'secure',
          addresses: ['2001:db8::1', '192.0.2.1'],
          aliases: [],
          tlsa: {
            status: 'secure',
            base: 'mx.example.net',
            records: [{ usage: 3, selector: 1, matching: 1, data: DIGEST }],
            usable: [{ usage: 3, selector: 1, matching: 1, data: DIGEST }],
            unusable: [],
            ttl: 300,
            questions: [
              {
                base: 'mx.example.net',
                name: '_25._tcp.mx.example.net',
                status: 'secure',
                outcome: 'answer',
                aliases: [],
              },
            ],
          },
          referenceNames: ['mx.example.net', 'example.org'],
        },
      ],
    });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    expect(Object.isFrozen(result)).toBe(true);
    expect(Object.isFrozen(hosts[0]?.tlsa.records)).toBe(true);
  });
});

describe('rule 1: four states, and indeterminate is an error', () => {
  for (const status of ['bogus', 'indeterminate'] as const) {
    it(`MX ${status}: failure`, async () => {
      const { plan: result, asked } = await plan(GOOD, { failures: { 'example.org MX': { status } } });
      expect(result).toMatchObject({ kind: 'failure', dns: { status } });
      expect(asked).toHaveLength(1);
    });
  }
  it('secure and insecure MX are no errors', async () => {
    const { plan: result } = await plan(GOOD, { status: { 'example.org': 'insecure' } });
    expect(result).toMatchObject({ kind: 'hosts', dns: { status: 'insecure' } });
  });
});

describe('rule 2: absence is an answer, a failed lookup is none', () => {
  it('TLSA NODATA and NXDOMAIN: the host has no DANE', async () => {
    const nxdomain = await plan(GOOD.replace(/.*TLSA.*/, ''));
    expect(nxdomain.hosts[0]).toMatchObject({ policy: 'none', tlsa: { status: 'secure', records: [] } });
    const nodata = await plan(GOOD.replace(`TLSA ${EE}`, 'TXT "x"'));
    expect(nodata.hosts[0]).toMatchObject({ policy: 'none', tlsa: { questions: [{ outcome: 'nodata' }] } });
  });
  const errors: [string, number][] = [
    ['SERVFAIL', 2],
    ['NOTIMP', 4],
    ['REFUSED', 5],
  ];
  for (const [name, rcode] of errors) {
    it(`TLSA ${name}: the host is unreachable`, async () => {
      const failure = { status: 'indeterminate', rcode, text: name } as const;
      const { hosts } = await plan(GOOD, { failures: { '_25._tcp.mx.example.net TLSA': failure } });
      expect(hosts[0]).toMatchObject({
        policy: 'unreachable',
        problem: { stage: 'tlsa', status: 'indeterminate', text: name },
        tlsa: { records: [] },
      });
    });
  }
  it('TLSA timeout: the host is unreachable', async () => {
    const { hosts } = await plan(GOOD, { silent: ['_25._tcp.mx.example.net TLSA'] }, { timeoutMs: 30 });
    expect(hosts[0]).toMatchObject({ policy: 'unreachable', problem: { stage: 'tlsa' } });
  });
  it('TLSA malformed: the host is unreachable', async () => {
    const { hosts } = await plan(GOOD.replace(`TLSA ${EE}`, 'TYPE52 \\# 2 0301'));
    expect(hosts[0]).toMatchObject({
      policy: 'unreachable',
      problem: { stage: 'tlsa', text: expect.stringMatching(/malformed TLSA/) },
    });
  });
  it('MX malformed: failure', async () => {
    const { plan: result } = await plan(GOOD.replace('MX   10 mx.example.net.', 'TYPE15 \\# 2 000a'));
    expect(result).toMatchObject({ kind: 'failure', dns: { status: 'indeterminate' } });
  });
});

describe('rule 3: how far an error reaches', () => {
  const two = `${GOOD}
    example.org.    300 IN MX 20 mx2.example.net.
    mx2.example.net. 300 IN A 192.0.2.2`;
  it("one host's addresses: the other host serves", async () => {
    const { hosts } = await plan(two, { failures: { 'mx.example.net *': { status: 'bogus' } } });
    expect(hosts).toMatchObject([
      { policy: 'unreachable', problem: { stage: 'addresses', status: 'bogus' } },
      { policy: 'none' },
    ]);
  });
  for (const family of ['A', 'AAAA']) {
    it(`${family} fails and the other family is secure: go on with that family`, async () => {
      const failures = { [`mx.example.net ${family}`]: { status: 'indeterminate' } } as const;
      const { hosts } = await plan(GOOD, { failures });
      expect(hosts[0]).toMatchObject({
        policy: 'dane',
        addressStatus: 'secure',
        addresses: [family === 'A' ? '2001:db8::1' : '192.0.2.1'],
      });
    });
  }
  it('A fails and AAAA is proven absent: unreachable', async () => {
    const { hosts, asked } = await plan(GOOD.replace(/.*AAAA.*/, ''), {
      failures: { 'mx.example.net A': { status: 'bogus' } },
    });
    expect(hosts[0]).toMatchObject({
      policy: 'unreachable',
      problem: { stage: 'addresses', status: 'bogus' },
    });
    expect(tlsaAsked(asked)).toEqual([]);
  });
});

describe('rule 4: aliases', () => {
  const ALIAS = `
    example.org.       300 IN MX    10 alias.example.net.
    alias.example.net. 300 IN CNAME real.example.com.
    real.example.com.  300 IN A     192.0.2.1`;
  it('an error anywhere is an error of the lookup', async () => {
    const { hosts } = await plan(ALIAS, { failures: { 'real.example.com *': { status: 'bogus' } } });
    expect(hosts[0]).toMatchObject({ policy: 'unreachable', problem: { status: 'bogus' } });
  });
  it('an insecure link makes all after it insecure', async () => {
    const { hosts } = await plan(ALIAS, { status: { 'example.net': 'insecure' } });
    expect(hosts[0]).toMatchObject({ policy: 'none', addressStatus: 'insecure' });
  });
  it('a loop is an error', async () => {
    const { hosts } = await plan(ALIAS.replace('real.example.com.\n', 'alias.example.net.\n'));
    expect(hosts[0]).toMatchObject({ policy: 'unreachable', problem: { stage: 'addresses' } });
  });
  it('a DNAME counts as the CNAME it makes', async () => {
    const { hosts } = await plan(`
      example.org.      300 IN MX    10 mx.tree.example.net.
      tree.example.net. 300 IN DNAME example.com.
      mx.example.com.   300 IN A     192.0.2.1
      _25._tcp.mx.example.com. 300 IN TLSA ${EE}`);
    expect(hosts[0]).toMatchObject({ policy: 'dane', tlsa: { base: 'mx.example.com' } });
  });
});

describe('rule 5: no answer is kept beyond the lookup', () => {
  it('what the zone says now counts: each plan asks anew', async () => {
    const first = new FakeResolver({ zone: GOOD });
    const questions = async (resolver: FakeResolver): Promise<number> => {
      await planDestination('example.org', { resolver, random: () => 0 });
      return resolver.asked.length;
    };
    const once = await questions(first);
    expect(await questions(first)).toBe(2 * once);
    const later = await plan(GOOD.replace(DIGEST, 'cd'.repeat(32)));
    expect(later.hosts[0]?.tlsa.records).toEqual([
      { usage: 3, selector: 1, matching: 1, data: 'cd'.repeat(32) },
    ]);
  });
});

describe('rule 6: address literals, MX that names an address, null MX', () => {
  for (const literal of ['[192.0.2.1]', '[IPv6:2001:db8::1]', '[ipv6:2001:db8::1]']) {
    it(`${literal}: DANE does not apply, nothing is asked`, async () => {
      const { plan: result, asked } = await plan(GOOD, {}, {}, literal);
      expect(result).toMatchObject({ kind: 'address-literal' });
      expect(asked).toEqual([]);
    });
  }
  for (const address of ['192.0.2.1.', '2001:db8::1.']) {
    it(`MX ${address}: no DANE, no lookup`, async () => {
      const { hosts, asked } = await plan(`example.org. 300 IN MX 10 ${address}`);
      expect(hosts[0]).toMatchObject({ policy: 'none', addresses: [], tlsa: { status: 'not-asked' } });
      expect(asked).toHaveLength(1);
    });
  }
  it('`0 .` alone: permanent, no attempt', async () => {
    const { plan: result, asked } = await plan('example.org. 300 IN MX 0 .');
    expect(result).toMatchObject({ kind: 'null-mx', dns: { status: 'secure' } });
    expect(asked).toHaveLength(1);
  });
  it('`0 .` beside others is ignored', async () => {
    const { hosts, plan: result } = await plan(`${GOOD}\nexample.org. 300 IN MX 0 .`);
    expect(hosts.map(({ host }) => host)).toEqual(['mx.example.net']);
    expect(result).toMatchObject({ dns: { mx: [{ exchange: '.' }, { exchange: 'mx.example.net' }] } });
  });
  it('a domain that does not exist: permanent', async () => {
    expect((await plan(GOOD, {}, {}, 'none.example')).plan.kind).toBe('no-such-domain');
  });
});

describe('rule 7: order', () => {
  const MANY = `
    example.org. 300 IN MX 20 c.example.net.
    example.org. 300 IN MX 10 a.example.net.
    example.org. 300 IN MX 10 b.example.net.
    example.org. 300 IN MX 30 d.example.net.
    _25._tcp.d.example.net. 300 IN TLSA ${EE}`;
  const order = async (random: () => number, ownHosts: string[] = []) =>
    (await plan(MANY, {}, { random, ownHosts })).hosts.map(({ host }) => host.slice(0, 1)).join('');
  const sequence =
    (...values: number[]) =>
    () =>
      values.shift() ?? 0;
  it('by preference, equal ones shuffled; TLSA does not reorder', async () => {
    expect(await order(sequence(0.1, 0.5, 0.9, 0.1))).toBe('abcd');
    expect(await order(sequence(0.9, 0.5, 0.1, 0.9))).toBe('bacd');
    const seen = new Set<string>();
    for (let i = 0; i < 64; i++) seen.add(await order(Math.random));
    expect([...seen].sort()).toEqual(['abcd', 'bacd']);
  });
  it('own host, and hosts of the same or a worse preference, are dropped', async () => {
    expect(await order(() => 0, ['c.example.net'])).toMatch(/^(ab|ba)$/);
    expect(await order(() => 0, ['A.EXAMPLE.NET'])).toBe('');
  });
  it('a host named twice is tried once, at its best preference', async () => {
    const { hosts } = await plan(`${GOOD}\nexample.org. 300 IN MX 5 MX.example.net.`);
    expect(hosts).toMatchObject([{ host: 'mx.example.net', preference: 5 }]);
  });
});

describe('rule 8: no MX', () => {
  const DIRECT = `
    example.org.             300 IN A    192.0.2.1
    _25._tcp.example.org.    300 IN TLSA ${EE}`;
  it('the domain itself is the host', async () => {
    const { hosts } = await plan(DIRECT);
    expect(hosts).toMatchObject([
      {
        host: 'example.org',
        preference: null,
        policy: 'dane',
        mxStatus: 'secure',
        referenceNames: ['example.org'],
      },
    ]);
  });
  it('insecurely denied: still the host, without TLSA', async () => {
    const { hosts } = await plan(DIRECT, { status: { 'example.org': 'insecure' } });
    expect(hosts).toMatchObject([{ host: 'example.org', policy: 'none' }]);
  });
});

describe('rule 9: addresses first, TLSA after', () => {
  it('both address types are asked before TLSA', async () => {
    const { asked } = await plan(GOOD);
    const types = asked.map((question) => Number(question.split(' ')[1]));
    expect(types.slice(1, 3).sort()).toEqual([RRType.A, RRType.AAAA]);
    expect(types[3]).toBe(RRType.TLSA);
  });
  it('no address: unreachable, no TLSA asked', async () => {
    const { hosts, asked } = await plan(GOOD.replace(/.* IN A.*/g, ''));
    expect(hosts[0]).toMatchObject({
      policy: 'unreachable',
      problem: { stage: 'no-address', status: 'secure' },
    });
    expect(tlsaAsked(asked)).toEqual([]);
  });
  it('insecure addresses: no TLSA asked', async () => {
    const { hosts, asked } = await plan(GOOD, { status: { 'example.net': 'insecure' } });
    expect(hosts[0]).toMatchObject({
      policy: 'none',
      addressStatus: 'insecure',
      tlsa: { status: 'not-asked' },
    });
    expect(tlsaAsked(asked)).toEqual([]);
  });
});

describe('rule 10: TLSA base domain', () => {
  const CHAIN = `
    example.org.         300 IN MX    10 mx.example.org.
    mx.example.org.      300 IN CNAME middle.example.net.
    middle.example.net.  300 IN CNAME real.example.com.
    real.example.com.    300 IN A     192.0.2.1`;
  const tlsa = (...names: string[]) => names.map((name) => `\n_25._tcp.${name}. 300 IN TLSA ${EE}`).join('');

  it('not an alias and secure: the host', async () => {
    expect((await plan(GOOD)).hosts[0]?.tlsa.base).toBe('mx.example.net');
  });
  it('alias secure all the way: the expanded name first', async () => {
    const { hosts, asked } = await plan(CHAIN + tlsa('real.example.com', 'mx.example.org'));
    expect(hosts[0]).toMatchObject({ policy: 'dane', tlsa: { base: 'real.example.com' } });
    expect(tlsaAsked(asked)).toEqual(['_25._tcp.real.example.com.']);
  });
  it('alias secure all the way, nothing at the expanded name: the original', async () => {
    const { hosts, asked } = await plan(CHAIN + tlsa('mx.example.org'));
    expect(hosts[0]).toMatchObject({ policy: 'dane', tlsa: { base: 'mx.example.org' } });
    expect(tlsaAsked(asked)).toEqual(['_25._tcp.real.example.com.', '_25._tcp.mx.example.org.']);
  });
  it('never a name in the middle', async () => {
    const { hosts, asked } = await plan(CHAIN + tlsa('middle.example.net'));
    expect(hosts[0]).toMatchObject({ policy: 'none' });
    expect(tlsaAsked(asked)).not.toContain('_25._tcp.middle.example.net.');
  });
  it('alias secure, target insecure: the original only', async () => {
    const { hosts, asked } = await plan(CHAIN + tlsa('real.example.com', 'mx.example.org'), {
      status: { 'example.com': 'insecure' },
    });
    expect(hosts[0]).toMatchObject({
      policy: 'dane',
      addressStatus: 'insecure',
      tlsa: { base: 'mx.example.org' },
      referenceNames: ['mx.example.org', 'example.org'],
    });
    expect(tlsaAsked(asked)).toEqual(['_25._tcp.mx.example.org.']);
  });
  it('first link secure, second insecure: the original, since its own zone is signed', async () => {
    const { hosts } = await plan(CHAIN + tlsa('mx.example.org'), { status: { 'example.net': 'insecure' } });
    expect(hosts[0]).toMatchObject({ policy: 'dane', tlsa: { base: 'mx.example.org' } });
  });
  it('alias insecure: none', async () => {
    const { hosts, asked } = await plan(CHAIN + tlsa('real.example.com', 'mx.example.org'), {
      status: { 'mx.example.org': 'insecure' },
    });
    expect(hosts[0]).toMatchObject({ policy: 'none', tlsa: { status: 'not-asked', base: null } });
    expect(tlsaAsked(asked)).toEqual([]);
  });
});

describe('rule 11: the second candidate only after a secure absence or an insecure answer', () => {
  const ALIAS = `
    example.org.             300 IN MX    10 mx.example.org.
    mx.example.org.          300 IN CNAME real.example.com.
    real.example.com.        300 IN A     192.0.2.1
    _25._tcp.mx.example.org. 300 IN TLSA  ${EE}`;
  for (const status of ['bogus', 'indeterminate'] as const) {
    it(`first ${status}: the host is unreachable, the second is not asked`, async () => {
      const failures = { '_25._tcp.real.example.com TLSA': { status } } as const;
      const { hosts, asked } = await plan(ALIAS, { failures });
      expect(hosts[0]).toMatchObject({ policy: 'unreachable', problem: { stage: 'tlsa', status } });
      expect(tlsaAsked(asked)).toEqual(['_25._tcp.real.example.com.']);
    });
  }
  it('first insecure: the second', async () => {
    const { hosts } = await plan(`${ALIAS}\n_25._tcp.real.example.com. 300 IN TLSA ${EE}`, {
      status: { '_25._tcp.real.example.com': 'insecure' },
    });
    expect(hosts[0]).toMatchObject({ policy: 'dane', tlsa: { base: 'mx.example.org' } });
  });
  it('first absent, second bogus: unreachable', async () => {
    const failures = { '_25._tcp.mx.example.org TLSA': { status: 'bogus' } } as const;
    const { hosts } = await plan(ALIAS, { failures });
    expect(hosts[0]).toMatchObject({ policy: 'unreachable', problem: { stage: 'tlsa', status: 'bogus' } });
  });
});

describe('rule 12: the TLSA name', () => {
  it('has the real port', async () => {
    const { asked } = await plan(GOOD, {}, { port: 2525 });
    expect(tlsaAsked(asked)).toEqual(['_2525._tcp.mx.example.net.']);
  });
  const SHARED = `${GOOD.replace(`TLSA ${EE}`, 'CNAME shared.example.com.')}
    shared.example.com. 300 IN TLSA ${EE}`;
  it('may be an alias; the base domain does not change', async () => {
    const { hosts } = await plan(SHARED);
    expect(hosts[0]).toMatchObject({
      policy: 'dane',
      tlsa: {
        base: 'mx.example.net',
        questions: [{ aliases: [{ target: 'shared.example.com', status: 'secure' }] }],
      },
      referenceNames: ['mx.example.net', 'example.org'],
    });
  });
  it('an insecure link and it is no TLSA', async () => {
    const { hosts } = await plan(SHARED, { status: { 'example.com': 'insecure' } });
    expect(hosts[0]).toMatchObject({ policy: 'none', tlsa: { status: 'insecure', records: [] } });
  });
  it('too long for a name: no record can be there', async () => {
    const long = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(55)}`;
    const { hosts } = await plan(`example.org. 300 IN MX 10 ${long}.\n${long}. 300 IN A 192.0.2.1`);
    expect(hosts[0]).toMatchObject({ policy: 'none', tlsa: { questions: [] } });
  });
});

describe('rule 15: zero usable records is a state of its own', () => {
  it('secure records, none usable', async () => {
    const { hosts } = await plan(GOOD.replace(EE, `1 1 1 ${DIGEST}`));
    expect(hosts[0]).toMatchObject({
      policy: 'dane-unusable',
      tlsa: { usable: [], unusable: [{ record: 0, why: expect.stringMatching(/usage 1/) }] },
    });
  });
  it('one usable record is enough', async () => {
    const { hosts } = await plan(`${GOOD}\n_25._tcp.mx.example.net. 300 IN TLSA 3 1 1 abcd`);
    expect(hosts[0]).toMatchObject({ policy: 'dane', tlsa: { usable: [{}], unusable: [{ record: 1 }] } });
  });
});

describe('rule 21: reference names', () => {
  // The example of rfc7672#section-3.2.2.
  const RFC = `
    exchange.example.org.           300 IN CNAME mail.example.org.
    mail.example.org.               300 IN CNAME example.com.
    example.com.                    300 IN MX    10 mx10.example.com.
    example.com.                    300 IN MX    15 mx15.example.com.
    example.com.                    300 IN MX    20 mx20.example.com.
    mx10.example.com.               300 IN A     192.0.2.10
    _25._tcp.mx10.example.com.      300 IN TLSA  2 0 1 ${DIGEST}
    mx15.example.com.               300 IN CNAME mxbackup.example.com.
    mxbackup.example.com.           300 IN A     192.0.2.15
    _25._tcp.mx15.example.com.      300 IN TLSA  2 0 1 ${DIGEST}
    mx20.example.com.               300 IN CNAME mxbackup.example.net.
    mxbackup.example.net.           300 IN A     198.51.100.20
    _25._tcp.mxbackup.example.net.  300 IN TLSA  2 0 1 ${DIGEST}`;
  it('the example of RFC 7672', async () => {
    const { hosts, plan: result } = await plan(RFC, {}, {}, 'exchange.example.org');
    expect(hosts.map(({ host, tlsa, referenceNames }) => [host, tlsa.base, ...referenceNames])).toEqual([
      ['mx10.example.com', 'mx10.example.com', 'mx10.example.com', 'exchange.example.org', 'example.com'],
      ['mx15.example.com', 'mx15.example.com', 'mx15.example.com', 'exchange.example.org', 'example.com'],
      [
        'mx20.example.com',
        'mxbackup.example.net',
        'mxbackup.example.net',
        'exchange.example.org',
        'example.com',
      ],
    ]);
    expect(result).toMatchObject({ dns: { domain: 'exchange.example.org', expandedDomain: 'example.com' } });
  });
  it('insecure MX: the MX host only, and the status says so', async () => {
    const { hosts } = await plan(GOOD, { status: { 'example.org': 'insecure' } });
    expect(hosts[0]).toMatchObject({
      policy: 'dane',
      mxStatus: 'insecure',
      referenceNames: ['mx.example.net'],
    });
  });
  it('an insecure alias of the domain makes the MX insecure', async () => {
    const zone = `${GOOD}\nalias.example. 300 IN CNAME example.org.`;
    const { hosts } = await plan(zone, { status: { 'alias.example': 'insecure' } }, {}, 'alias.example');
    expect(hosts[0]).toMatchObject({ mxStatus: 'insecure', referenceNames: ['mx.example.net'] });
  });
  it('no MX and an expanded base: also the original next hop', async () => {
    const { hosts } = await plan(`
      example.org.               300 IN CNAME real.example.com.
      real.example.com.          300 IN A     192.0.2.1
      _25._tcp.real.example.com. 300 IN TLSA  ${EE}`);
    expect(hosts[0]).toMatchObject({
      host: 'example.org',
      preference: null,
      tlsa: { base: 'real.example.com' },
      referenceNames: ['real.example.com', 'example.org'],
    });
  });
});

describe('insecure MX by setting', () => {
  it('`may`: no TLSA is asked for', async () => {
    const { hosts, asked } = await plan(
      GOOD,
      { status: { 'example.org': 'insecure' } },
      { insecureMx: 'may' },
    );
    expect(hosts[0]).toMatchObject({
      policy: 'none',
      addressStatus: 'secure',
      tlsa: { status: 'not-asked' },
    });
    expect(tlsaAsked(asked)).toEqual([]);
  });
  it('`may` does not touch a secure MX', async () => {
    expect((await plan(GOOD, {}, { insecureMx: 'may' })).hosts[0]?.policy).toBe('dane');
  });
});

describe('bounds', () => {
  it('a destination of many hosts is looked up in part, and the rest is not called unprotected', async () => {
    const many = Array.from({ length: 100 }, (_, i) => `example.org. 300 IN MX ${i} h${i}.example.net.`);
    const { hosts } = await plan(many.join('\n'));
    expect(hosts).toHaveLength(100);
    expect(hosts[99]).toMatchObject({
      policy: 'unreachable',
      problem: { stage: 'limit', status: 'indeterminate' },
    });
  });
  it('the deadline ends every lookup as an error', async () => {
    const silent = ['mx.example.net A', 'mx.example.net AAAA'];
    const { hosts } = await plan(GOOD, { silent }, { timeoutMs: 20 });
    expect(hosts[0]).toMatchObject({
      policy: 'unreachable',
      problem: { stage: 'addresses', status: 'indeterminate' },
    });
  });
  it('a resolver that throws is an error of the lookup', async () => {
    const resolver = { resolve: () => Promise.reject(new Error('broken')), close() {} };
    const result = await planDestination('example.org', { resolver });
    expect(result).toMatchObject({ kind: 'failure', dns: { reason: { text: 'broken' } } });
  });
  it('abort rejects at once', async () => {
    const resolver = new FakeResolver({ zone: GOOD, silent: ['example.org MX'] });
    const stop = new AbortController();
    const pending = planDestination('example.org', { resolver, signal: stop.signal });
    stop.abort(new Error('stop'));
    await expect(pending).rejects.toThrow('stop');
  });
  for (const bad of [
    '',
    '.',
    'a..b',
    '[1.2.3]',
    'user@example.org',
    'exa mple.org',
    `${'a'.repeat(64)}.org`,
  ]) {
    it(`no destination: "${bad}"`, async () => {
      await expect(plan(GOOD, {}, {}, bad)).rejects.toMatchObject({ code: 'bad-target' });
    });
  }
});
