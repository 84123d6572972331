import {
  encodeA,
  encodeSingleName,
  type Message,
  Name,
  type ResourceRecord,
  RRType,
  responseTo,
} from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { holds, type Setup, twins, verdict, worldOf } from '../../test/signed-network/cases.ts';
import {
  additionals,
  all,
  answers,
  both,
  header,
  nothing,
  on,
  plus,
} from '../../test/signed-network/forge.ts';
import { World } from '../../test/signed-network/world.ts';
import { TTL } from '../../test/signed-network/zone.ts';
import { DEFAULT_BUDGETS } from '../budget.ts';

const name = (text: string) => Name.fromText(text);
const SERVERS = ['192.0.2.21', '192.0.2.22'];
const setup: Setup = {
  zones: [
    { name: 'example.', text: 'www A 192.0.2.80\n_25._tcp.mail TLSA 3 1 1 00', servers: SERVERS },
    { name: 'plain.', text: 'www A 192.0.2.81', keys: [] },
  ],
  ask: 'www.example. A',
};
const record = (owner: string, type: number, rdata: Uint8Array): ResourceRecord => ({
  name: name(owner),
  type,
  class: 1,
  ttl: TTL,
  rdata,
});
const referral = (
  query: Message,
  zone: string,
  server: string,
  ...glue: readonly ResourceRecord[]
): Message =>
  responseTo(query, {
    authorities: [record(zone, RRType.NS, encodeSingleName(name(server)))],
    additionals: glue,
  });

describe('rule 11: iterating', () => {
  test('rule 11: priming, referral, answer; each question once', async () => {
    const world = worldOf(setup);
    await world.ask('www.example.');
    expect(world.network.log()).toEqual([
      'NS . @192.0.2.1',
      'A example. @192.0.2.1',
      'A www.example. @192.0.2.21',
      'DNSKEY . @192.0.2.1',
      'DNSKEY example. @192.0.2.21',
    ]);
    await world.ask('_25._tcp.mail.example.', 'TLSA');
    expect(world.network.log()).toEqual([
      'A mail.example. @192.0.2.21',
      'TLSA _25._tcp.mail.example. @192.0.2.21',
    ]);
  });

  test('rule 11: DS is asked at the parent', async () => {
    const world = worldOf(setup);
    expect(await verdict(world, 'example. DS')).toBe('answer secure');
    expect(world.network.log().filter((line) => line.startsWith('DS'))).toEqual(['DS example. @192.0.2.1']);
  });

  test('rule 11: queries have DO and EDNS of 1232 octets, no RD, no CD', async () => {
    const world = worldOf(setup);
    await world.ask('www.example.');
    for (const { query } of world.network.asked)
      expect(query).toMatchObject({
        rd: false,
        cd: false,
        ad: false,
        edns: { do: true, udpPayloadSize: 1232 },
      });
  });

  const failing: readonly [string, (world: World) => void][] = [
    ['silent', (world) => world.network.silence(SERVERS[0]!)],
    ['refusing', (world) => world.network.refuse(SERVERS[0]!)],
    ['SERVFAIL', (world) => world.network.refuse(SERVERS[0]!, 2)],
    ['NOTIMP', (world) => world.network.refuse(SERVERS[0]!, 4)],
    [
      'FORMERR to everything',
      (world) => world.network.mutate((_, query) => ({ ...responseTo(query, { rcode: 1 }) }), SERVERS[0]),
    ],
    [
      'lame: refers to the root',
      (world) => world.network.mutate((_, query) => referral(query, '.', 'ns1.'), SERVERS[0]),
    ],
    [
      'lame: refers to the zone itself',
      (world) => world.network.mutate((_, query) => referral(query, 'example.', 'ns1.example.'), SERVERS[0]),
    ],
    [
      'lame: refers to another zone',
      (world) => world.network.mutate((_, query) => referral(query, 'plain.', 'ns1.plain.'), SERVERS[0]),
    ],
  ];
  for (const [title, change] of failing) {
    twins(`rule 11: one server ${title}`, setup, 'answer secure', change, 'answer secure');
  }
  // In an unsigned zone nothing but the other server contradicts what it says.
  const unsigned: Setup = {
    zones: [{ name: 'plain.', text: 'www A 192.0.2.81', keys: [], servers: SERVERS }],
    ask: 'www.plain. A',
  };
  const empty = (world: World, server: string) =>
    world.network.mutate((_, query) => responseTo(query, { ra: true }), server);
  for (const server of SERVERS)
    twins(
      `rule 11: ${server} is a resolver with an empty cache`,
      unsigned,
      'answer insecure',
      (world) => empty(world, server),
      'answer insecure',
    );
  twins(
    'rule 11: each server has nothing to say',
    unsigned,
    'answer insecure',
    (world) => SERVERS.forEach((server) => void empty(world, server)),
    'nodata insecure',
  );
  holds(
    'rule 11: every server silent',
    { ...setup, change: (world) => SERVERS.forEach((server) => void world.network.silence(server)) },
    'failure indeterminate',
  );
  holds(
    'rule 11: every server refusing',
    { ...setup, change: (world) => SERVERS.forEach((server) => void world.network.refuse(server)) },
    'failure indeterminate',
  );
  holds(
    'rule 11: the root silent',
    { ...setup, change: (world) => world.network.silence('192.0.2.1') },
    'failure indeterminate',
  );

  test('rule 11: a server that does not answer is asked last from then on', async () => {
    const world = worldOf(setup);
    world.network.silence(SERVERS[0]!);
    for (const label of ['a', 'b', 'c']) await world.ask(`${label}.www.example.`);
    world.network.log();
    await world.ask('ns1.example.');
    expect(world.network.log()).toEqual([`A ns1.example. @${SERVERS[1]}`]);
  });

  test('rule 11: referral loops end', async () => {
    const world = worldOf(setup);
    // Each answer refers one label further down, to the same server, and never says anything.
    const deep = name(`${'a.'.repeat(100)}plain.`);
    world.network.mutate((_, query) => {
      const asked = query.questions[0]!.name;
      const depth = Math.min(asked.labelCount, deep.labelCount);
      return referral(
        query,
        asked.ancestor(depth).toString(),
        'ns1.plain.',
        record('ns1.plain.', RRType.A, encodeA('192.0.2.3')),
      );
    }, '192.0.2.3');
    const resolution = await world.resolver.resolve(deep, RRType.A);
    expect(resolution).toMatchObject({ status: 'indeterminate', rcode: 2 });
    expect(world.network.asked.length).toBeLessThanOrEqual(DEFAULT_BUDGETS.upstreamQueriesPerName + 5);
  });

  test('rule 11: two zones whose servers lie in each other', async () => {
    const world = worldOf({
      zones: [
        { name: 'one.', text: '@ NS ns.two.', keys: [] },
        { name: 'two.', text: '@ NS ns.one.', keys: [] },
      ],
      ask: '',
    });
    expect(await world.ask('www.one.')).toMatchObject({ status: 'indeterminate' });
    expect(world.network.asked.length).toBeLessThan(20);
  });

  test('rule 11: a server without glue is looked up', async () => {
    const world = worldOf({
      zones: [
        { name: 'example.', text: '@ NS ns1.plain.\nwww A 192.0.2.80', servers: ['192.0.2.3'] },
        setup.zones[1]!,
      ],
      ask: '',
    });
    expect(await world.ask('www.example.')).toMatchObject({ kind: 'answer', status: 'secure' });
  });

  test('rule 11: where no server of a zone is any good, its parent is asked again', async () => {
    const world = worldOf({ zones: [{ name: 'plain.', text: 'www A 192.0.2.81', keys: [] }], ask: '' });
    // The zone moves: for a while its parent tells an address where nobody is any more, and nobody of its servers' names.
    world.network.mutate(
      both(additionals((records) => records.map((each) => ({ ...each, rdata: encodeA('198.51.100.1') })))),
      '192.0.2.1',
    );
    expect(await verdict(world, 'www.plain. A')).toBe('failure indeterminate');
    world.network.heal();
    world.pass(5);
    expect(await verdict(world, 'www.plain. A')).toBe('answer insecure');
  });

  test('rule 11: glue is no data', async () => {
    const world = worldOf({ zones: [{ name: 'plain.', text: 'www A 192.0.2.81', keys: [] }], ask: '' });
    world.network.mutate(additionals(plus(record('www.plain.', RRType.A, encodeA('192.0.2.66')))));
    await world.ask('other.plain.');
    world.network.log();
    expect(await world.ask('www.plain.')).toMatchObject({ records: [{ rdata: encodeA('192.0.2.81') }] });
    expect(world.network.log()).toContain('A www.plain. @192.0.2.2');
  });

  test("rule 11: glue of names outside of the server's zone is not taken", async () => {
    const world = worldOf({
      zones: [
        { name: 'plain.', keys: [] },
        { name: 'victim.', text: 'ns A 192.0.2.3', keys: [] },
      ],
      ask: '',
    });
    world.network.mutate(
      (_, query) =>
        query.questions[0]!.name.isBelow(name('plain.'))
          ? referral(query, 'sub.plain.', 'ns.victim.', record('ns.victim.', RRType.A, encodeA('192.0.2.66')))
          : undefined,
      '192.0.2.2',
    );
    await world.ask('www.sub.plain.');
    expect(world.network.asked.map(({ server }) => server)).not.toContain('192.0.2.66');
    expect(world.network.asked.map(({ server }) => server)).toContain('192.0.2.3');
  });

  test('rule 11: addresses of both families', async () => {
    const world = worldOf({
      ...setup,
      options: {
        families: { ipv4: false, ipv6: true },
        rootHints: [{ name: name('ns1.'), addresses: ['192.0.2.1', '2001:db8::1'] }],
      },
    });
    await world.ask('www.example.');
    expect(world.network.asked.length).toBeGreaterThan(0);
    expect(world.network.asked.every(({ server }) => server.includes(':'))).toBe(true);
  });

  test('rule 11: empty non-terminals between zones', async () => {
    const zones = [{ name: 'example.' }, { name: 'a.b.c.example.', text: 'www A 192.0.2.1' }];
    expect(await verdict(worldOf({ zones, ask: '' }), 'www.a.b.c.example. A')).toBe('answer secure');
    expect(await verdict(worldOf({ zones, ask: '' }), 'b.c.example. A')).toBe('nodata secure');
  });
});

describe('rule 15: without EDNS', () => {
  const noEdns = (server?: string) => (world: World) =>
    world.network.mutate((message, query) => {
      const { edns: _, ...rest } = message;
      return query.edns ? { ...rest, rcode: 1, answers: [], authorities: [], additionals: [] } : rest;
    }, server);
  twins(
    'rule 15: an unsigned zone answers all the same',
    { ...setup, ask: 'www.plain. A' },
    'answer insecure',
    noEdns('192.0.2.3'),
    'answer insecure',
  );
  twins(
    'rule 15: a signed zone does not become insecure',
    setup,
    'answer secure',
    all(noEdns(SERVERS[0]), noEdns(SERVERS[1])),
    'failure bogus',
  );
  twins('rule 15: nor does all below a parent', setup, 'answer secure', noEdns(), 'failure bogus');
  twins(
    'rule 15: one server without it, one with',
    setup,
    'answer secure',
    noEdns(SERVERS[0]),
    'answer secure',
  );
});

describe('rule 15: truncated', () => {
  const cut = (server?: string) => (world: World) =>
    world.network.mutate((message) => ({ ...message, tc: true, answers: [], authorities: [] }), server);
  twins(
    'rule 15: one server, truncated over TCP as well',
    setup,
    'answer secure',
    cut(SERVERS[0]),
    'answer secure',
  );
  twins(
    'rule 15: an unsigned zone: what is cut off is not absent',
    { ...setup, ask: 'www.plain. A' },
    'answer insecure',
    cut('192.0.2.3'),
    'failure indeterminate',
  );
});

describe('rule 22: less of the name', () => {
  const zones = [
    { name: 'example.', text: 'a.b.www A 192.0.2.80\n_25._tcp.mail TLSA 3 1 1 00' },
    { name: 'sub.www.example.', text: 'a.b A 192.0.2.9' },
  ];
  const told = async (
    mode: 'on' | 'relaxed' | 'off',
    asked: string,
    change: (world: World) => void = () => {},
  ) => {
    const world = new World(zones, { qnameMinimisation: mode });
    change(world);
    expect(await verdict(world, asked)).toMatch(/^answer secure$/);
    return world.network.log().filter((line) => /^A /.test(line));
  };
  const cases: readonly ['on' | 'relaxed' | 'off', string, string[]][] = [
    ['off', 'a.b.www.example. A', ['A a.b.www.example. @192.0.2.1', 'A a.b.www.example. @192.0.2.2']],
    [
      'relaxed',
      'a.b.www.example. A',
      [
        'A example. @192.0.2.1',
        'A www.example. @192.0.2.2',
        'A b.www.example. @192.0.2.2',
        'A a.b.www.example. @192.0.2.2',
      ],
    ],
    [
      'on',
      'a.b.sub.www.example. A',
      [
        'A example. @192.0.2.1',
        'A www.example. @192.0.2.2',
        'A sub.www.example. @192.0.2.2',
        'A b.sub.www.example. @192.0.2.3',
        'A a.b.sub.www.example. @192.0.2.3',
      ],
    ],
    [
      'relaxed',
      'a.b.sub.www.example. A',
      [
        'A example. @192.0.2.1',
        'A www.example. @192.0.2.2',
        'A sub.www.example. @192.0.2.2',
        'A a.b.sub.www.example. @192.0.2.3',
      ],
    ],
  ];
  test.each(cases)('rule 22: %s: %s', async (mode, asked, expected) => {
    expect(await told(mode, asked)).toEqual(expected);
  });
  test('rule 22: a server that denies what lies above is asked for the whole', async () => {
    const wrong = on('www.example. A', both(header({ rcode: 3 }), answers(nothing)));
    expect(await told('relaxed', 'a.b.www.example. A', wrong)).toContain('A a.b.www.example. @192.0.2.2');
  });
  test('rule 22: a server that fails on what lies above is asked for the whole', async () => {
    const refuses = on('www.example. A', header({ rcode: 5 }));
    expect(await told('relaxed', 'a.b.www.example. A', refuses)).toContain('A a.b.www.example. @192.0.2.2');
  });
  const lostAt = (server: string) => on('www.example. A', () => 'silent', server);
  test('rule 22: a server that is silent about what lies above is asked for that once, and is not forgotten', async () => {
    expect(await told('relaxed', 'a.b.www.example. A', lostAt('192.0.2.2'))).toEqual([
      'A example. @192.0.2.1',
      'A www.example. @192.0.2.2',
      'A a.b.www.example. @192.0.2.2',
    ]);
  });
  test.each([
    ['relaxed', ['A c.www.example. @192.0.2.2']],
    ['on', ['A www.example. @192.0.2.2', 'A c.www.example. @192.0.2.2']],
  ] as const)('rule 22: %s: the next names of that zone', async (mode, expected) => {
    const world = new World(zones, { qnameMinimisation: mode });
    lostAt('192.0.2.2')(world);
    await verdict(world, 'a.b.www.example. A');
    world.network.log();
    await verdict(world, 'c.www.example. A');
    expect(world.network.log()).toEqual(expected);
    world.network.heal();
    world.pass(901);
    await verdict(world, 'd.e.www.example. A');
    expect(world.network.log()).toContain('A www.example. @192.0.2.2');
  });
});
