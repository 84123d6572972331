import { encodeA, encodeSingleName, Name, type ResourceRecord, RRType } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { holds, type Setup, twins, worldOf } from '../../test/signed-network/cases.ts';
import {
  answers,
  authorities,
  both,
  header,
  instead,
  on,
  plus,
  unsigned,
  without,
} from '../../test/signed-network/forge.ts';
import type { World, WorldOptions, WorldZone } from '../../test/signed-network/world.ts';
import { TTL } from '../../test/signed-network/zone.ts';

const name = (text: string) => Name.fromText(text);
const [FIRST, SECOND] = ['203.0.113.1', '203.0.113.2'] as const;
const endpoint = (address: string) => ({ address, port: 53 });
const zones: readonly WorldZone[] = [
  { name: '.' },
  { name: 'example.', text: 'www A 192.0.2.80\n*.wild A 192.0.2.82\nalias CNAME www.plain.' },
  { name: 'plain.', text: 'www A 192.0.2.81', keys: [] },
];
/** Two resolvers that know every zone. */
function forwarders(world: World): void {
  for (const address of [FIRST, SECOND])
    for (const { name: zone } of zones) world.network.serve(address, world.zone(zone));
}
const options: WorldOptions = { mode: { kind: 'forward', servers: [endpoint(FIRST), endpoint(SECOND)] } };
const ask = (asked: string): Setup => ({ zones, ask: asked, options, change: forwarders });
const Q = ask('www.example. A');
const strip = (server?: string) => (world: World) =>
  world.network.mutate(
    (message) => ({
      ...message,
      answers: without('DNSKEY', 'DS')(unsigned(message.answers)),
      authorities: without('NSEC', 'NSEC3', 'DS')(unsigned(message.authorities)),
    }),
    server,
  );
/** As a resolver does that does not know DO: DNSSEC types only where they are asked for, without signatures. */
const plainAnswers = (server?: string) => (world: World) =>
  world.network.mutate(
    (message) => ({
      ...message,
      ad: true,
      answers: unsigned(message.answers),
      authorities: without('NSEC', 'NSEC3')(unsigned(message.authorities)),
    }),
    server,
  );

describe('rule 10: forwarding', () => {
  const verdicts: readonly [string, string][] = [
    ['www.example. A', 'answer secure'],
    ['www.example. TLSA', 'nodata secure'],
    ['q.example. A', 'nxdomain secure'],
    ['q.wild.example. A', 'answer secure'],
    ['alias.example. A', 'answer insecure'],
    ['www.plain. A', 'answer insecure'],
    ['q.plain. A', 'nxdomain insecure'],
    ['example. DS', 'answer secure'],
  ];
  for (const [asked, expected] of verdicts) holds(`rule 10: ${asked}`, ask(asked), expected);

  test('rule 10: asked with RD, CD and DO, and of the forwarders alone', async () => {
    const world = worldOf(Q);
    await world.ask('www.example.');
    expect(world.network.asked.length).toBeGreaterThan(0);
    for (const { query, server } of world.network.asked) {
      expect(query).toMatchObject({ rd: true, cd: true, ad: false, edns: { do: true } });
      expect([FIRST, SECOND]).toContain(server);
    }
  });

  const forged = both(
    header({ ad: true }),
    answers(unsigned, (records) => records.map((record) => ({ ...record, rdata: encodeA('192.0.2.66') }))),
  );
  twins('rule 10: AD is not believed', Q, 'answer secure', on(Q.ask, forged), 'failure bogus');
  twins(
    'rule 10: no AD is no matter',
    Q,
    'answer secure',
    (world) => world.network.mutate(header({ ad: false })),
    'answer secure',
  );
  for (const [title, change] of [
    ['strips everything', strip],
    ['does not know DO', plainAnswers],
  ] as const) {
    twins(`rule 10: one that ${title}`, Q, 'answer secure', change(FIRST), 'answer secure');
    twins(`rule 10: all that ${title}`, Q, 'answer secure', change(), 'failure bogus');
    twins(
      `rule 10: unsigned zones through one that ${title} are not insecure`,
      ask('www.plain. A'),
      'answer insecure',
      change(),
      'failure bogus',
    );
    test(`rule 10: one that ${title} is named`, async () => {
      const world = worldOf(Q);
      change()(world);
      const resolution = await world.ask('www.example.');
      expect(resolution.kind === 'failure' && resolution.reason.text).toMatch(/203\.0\.113\.[12]#53/);
    });
  }

  const failing: readonly [string, (world: World) => void][] = [
    ['silent', (world) => world.network.silence(FIRST)],
    ['refusing', (world) => world.network.refuse(FIRST)],
    ['SERVFAIL', (world) => world.network.refuse(FIRST, 2)],
    ['forging', on(Q.ask, forged, FIRST)],
  ];
  for (const [title, change] of failing)
    twins(`rule 10: one ${title}, the other good`, Q, 'answer secure', change, 'answer secure');
  holds(
    'rule 10: all silent',
    {
      ...Q,
      change: (world) => {
        forwarders(world);
        world.network.mutate(() => 'silent');
      },
    },
    'failure indeterminate',
  );
  test('rule 10: all refusing: their code is told', async () => {
    const world = worldOf(Q);
    for (const server of [FIRST, SECOND]) world.network.refuse(server);
    expect(await world.ask('www.example.')).toMatchObject({
      status: 'indeterminate',
      rcode: 5,
      reason: { ede: 23 },
    });
  });
});

describe('forward zones', () => {
  const record = (owner: string, type: number, rdata: Uint8Array): ResourceRecord => ({
    name: name(owner),
    type,
    class: 1,
    ttl: TTL,
    rdata,
  });
  const inside: readonly WorldZone[] = [
    ...zones,
    { name: 'corp.plain.', text: 'www A 198.51.100.1', keys: [] },
  ];
  const routed = (more: Partial<Setup> = {}): Setup => ({
    zones: inside,
    ask: '',
    options: { forwardZones: [{ zone: name('corp.plain.'), servers: [endpoint(FIRST)] }] },
    change: (world) => world.network.serve(FIRST, world.zone('corp.plain.')),
    ...more,
  });
  const addressesOf = async (world: World, asked: string) =>
    (await world.ask(asked)).records.map(({ rdata }) => [...rdata].join('.'));

  test('the longest zone decides who is asked', async () => {
    const world = worldOf(routed());
    expect(await addressesOf(world, 'www.corp.plain.')).toEqual(['198.51.100.1']);
    const asked = world.network.asked.filter((query) => query.name.isBelow(name('corp.plain.')));
    expect(asked.map(({ server, query }) => [server, query.rd])).toEqual([[FIRST, true]]);
    expect(await addressesOf(world, 'www.plain.')).toEqual(['192.0.2.81']);
  });

  test('MaginotDNS: a forwarder is not believed of what lies outside its zone', async () => {
    const world = worldOf(routed());
    const poison = [
      record('www.plain.', RRType.A, encodeA('192.0.2.66')),
      record('www.example.', RRType.A, encodeA('192.0.2.66')),
    ];
    on(
      'www.corp.plain. A',
      both(
        answers((records) => [
          record('www.corp.plain.', RRType.CNAME, encodeSingleName(name('www.plain.'))),
          ...records.slice(1),
          ...poison,
        ]),
        authorities(
          plus(
            record('plain.', RRType.NS, encodeSingleName(name('ns.corp.plain.'))),
            record('.', RRType.NS, encodeSingleName(name('ns.corp.plain.'))),
          ),
        ),
        (message) => ({ ...message, additionals: [record('ns.corp.plain.', RRType.A, encodeA(FIRST))] }),
      ),
      FIRST,
    )(world);
    expect(await addressesOf(world, 'www.corp.plain.')).toEqual(['192.0.2.81']);
    expect(await addressesOf(world, 'www.plain.')).toEqual(['192.0.2.81']);
    expect(await addressesOf(world, 'www.example.')).toEqual(['192.0.2.80']);
    const others = world.network.asked.filter(
      ({ server, name: owner }) => server === FIRST && !owner.isAtOrBelow(name('corp.plain.')),
    );
    expect(others).toEqual([]);
  });

  test('MaginotDNS: a server of the Internet is not believed of a forwarded zone', async () => {
    const world = worldOf(routed());
    on(
      'www.plain. A',
      answers(
        instead(
          record('www.plain.', RRType.CNAME, encodeSingleName(name('www.corp.example.'))),
          record('www.corp.example.', RRType.CNAME, encodeSingleName(name('www.corp.plain.'))),
          record('www.corp.plain.', RRType.A, encodeA('192.0.2.66')),
        ),
      ),
    )(world);
    await world.ask('www.plain.');
    expect(await addressesOf(world, 'www.corp.plain.')).toEqual(['198.51.100.1']);
  });

  test('MaginotDNS: a parent that is iterated does not speak for a forwarded zone below it', async () => {
    const world = worldOf(routed());
    on(
      'x.plain. A',
      answers(
        instead(
          record('x.plain.', RRType.CNAME, encodeSingleName(name('www.corp.plain.'))),
          record('www.corp.plain.', RRType.A, encodeA('192.0.2.66')),
        ),
      ),
      '192.0.2.3',
    )(world);
    expect(await addressesOf(world, 'x.plain.')).toEqual(['198.51.100.1']);
    expect(await addressesOf(world, 'www.corp.plain.')).toEqual(['198.51.100.1']);
  });
});
