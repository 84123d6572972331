/**
 * How long a check takes, in round trips: everything that can run at the same time does, so that it is the length of the longest chain of
 * questions that need each other's answers (MX, addresses, TLSA, session), and no more.
 */
import { FakeResolver, type Resolver } from '@mailanchor/dnssec';
import { describe, expect, it } from 'vitest';
import { checkDestination } from '../src/check-destination.ts';
import type { CheckOptions } from '../src/check-options.ts';
import type { OpenSession } from '../src/session.ts';
import type { DomainCheck } from '../src/verdict.ts';
import { VirtualTime } from './virtual-time.ts';
import { ee, intermediate, leaf, NOW } from './world.ts';

/** Milliseconds that a name server, and a mail server, is away. */
type Distances = Readonly<Record<string, number>>;

const ZONE = `
  example.org.     300 IN MX 10 mx1.example.net.
  example.org.     300 IN MX 20 mx2.example.com.
  mx1.example.net. 300 IN A 192.0.2.1
  mx1.example.net. 300 IN AAAA 2001:db8::1
  mx2.example.com. 300 IN A 192.0.2.2
  mx2.example.com. 300 IN AAAA 2001:db8::2
  _25._tcp.mx1.example.net. 300 IN TLSA ${ee(leaf)}
  _25._tcp.mx2.example.com. 300 IN TLSA ${ee(leaf)}`;

/** Round trips of SMTP with STARTTLS: TCP, greeting, EHLO, STARTTLS, TLS 1.3, EHLO, QUIT. */
const SESSION_TRIPS = 7;

interface Run {
  readonly took: number;
  readonly check: DomainCheck;
  readonly lookups: number;
  readonly sessions: number;
}

async function run(distances: Distances, options: Partial<CheckOptions> = {}, zone = ZONE): Promise<Run> {
  const time = new VirtualTime();
  const table = new FakeResolver({ zone });
  let lookups = 0;
  let sessions = 0;
  const distance = (place: string): number => {
    const known = Object.keys(distances).find((end) => place === end || place.endsWith(`.${end}`));
    return known === undefined ? 1 : distances[known]!;
  };
  const resolver: Resolver = {
    async resolve(name, type, more) {
      lookups++;
      await time.sleep(distance(name.toString().slice(0, -1)));
      return table.resolve(name, type, more);
    },
    async close() {},
  };
  const openSession: OpenSession = async ({ address, onConnect }) => {
    sessions++;
    const away = distance(address);
    await time.sleep(away);
    onConnect?.();
    await time.sleep(away * (SESSION_TRIPS - 1));
    return {
      kind: 'established',
      text: 'TLS established',
      starttls: true,
      tls: { protocol: 'TLSv1.3', cipher: 'x', servername: null },
      chain: [leaf.der, intermediate.der],
      capabilities: [],
      durationMs: 0,
    };
  };
  const check = await time.run(
    checkDestination('example.org', { resolver, openSession, clock: () => NOW, probes: false, ...options }),
  );
  return { took: time.now, check, lookups, sessions };
}

/** MX, then A and AAAA together, then TLSA. */
const DNS_TRIPS = 3;

describe('the time of one check: two hosts, four addresses', () => {
  it('all alike: one chain of questions', async () => {
    const { took, check, lookups, sessions } = await run({});
    expect(check.verdict).toBe('protected');
    // MX, two families and TLSA of each host; MTA-STS and TLSRPT.
    expect([lookups, sessions]).toEqual([7 + 2, 4]);
    expect(took).toBe(DNS_TRIPS + SESSION_TRIPS);
  });

  const slow: [string, Distances, number][] = [
    ['one address is far', { '192.0.2.2': 100 }, DNS_TRIPS + 100 * SESSION_TRIPS],
    [
      'all addresses are far',
      { '192.0.2.1': 50, '192.0.2.2': 50, '2001:db8::1': 50, '2001:db8::2': 50 },
      DNS_TRIPS + 50 * SESSION_TRIPS,
    ],
    ['the name servers of one host are far', { 'example.com': 40 }, 1 + 2 * 40 + SESSION_TRIPS],
    [
      'the name servers of one host and an address of the other',
      { 'example.com': 40, '192.0.2.1': 10 },
      1 + 2 * 40 + SESSION_TRIPS,
    ],
    ['the name servers of the domain are far', { 'example.org': 30 }, 30 + 2 + SESSION_TRIPS],
  ];
  for (const [title, distances, expected] of slow) {
    it(`${title}: the length of the slowest path`, async () => {
      const { took, check } = await run(distances);
      expect(check.verdict).toBe('protected');
      expect(took).toBe(expected);
    });
  }

  it('the other kind of certificate is asked for beside: one round trip more, that of the first connection', async () => {
    const { took, sessions } = await run({ '192.0.2.2': 100 }, { probes: true });
    expect(sessions).toBe(8);
    expect(took).toBe(DNS_TRIPS + 100 * (SESSION_TRIPS + 1));
  });

  it('eight hosts take no longer than one', async () => {
    const hosts = Array.from({ length: 8 }, (_, i) => `h${i}.example.net`);
    const zone = hosts
      .map(
        (host, i) => `example.org. 300 IN MX ${i} ${host}.
          ${host}. 300 IN A 192.0.2.${10 + i}
          _25._tcp.${host}. 300 IN TLSA ${ee(leaf)}`,
      )
      .join('\n');
    const { took, check } = await run({}, {}, zone);
    expect(check.hosts).toHaveLength(8);
    expect(took).toBe(DNS_TRIPS + SESSION_TRIPS);
  });
});
