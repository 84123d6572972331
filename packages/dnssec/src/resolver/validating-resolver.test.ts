import { Name, RRType, rrTypeToText } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { type Setup, secureUnless, twins, verdict, worldOf } from '../../test/signed-network/cases.ts';
import {
  all,
  answers,
  authorities,
  both,
  flipped,
  header,
  instead,
  nothing,
  on,
  unsigned,
} from '../../test/signed-network/forge.ts';
import { World } from '../../test/signed-network/world.ts';
import { createResolver } from './validating-resolver.ts';

const name = (text: string) => Name.fromText(text);
const TEXT = 'www A 192.0.2.80\nmail A 192.0.2.81\nalias CNAME www\n*.wild A 192.0.2.82';
const SERVERS = ['192.0.2.21', '192.0.2.22'];
const setup: Setup = {
  zones: [
    { name: 'example.', text: TEXT, servers: SERVERS },
    { name: 'plain.', text: TEXT, keys: [] },
  ],
  ask: 'www.example. A',
};

describe('rule 3: four states', () => {
  const states: readonly [string, (world: World) => void, object][] = [
    ['secure', () => {}, { kind: 'answer', status: 'secure', rcode: 0 }],
    [
      'bogus',
      on(setup.ask, answers(unsigned)),
      {
        kind: 'failure',
        status: 'bogus',
        rcode: 2,
        records: [],
        answer: [],
        authority: [],
        reason: { ede: 10 },
      },
    ],
    [
      'indeterminate',
      all(on(setup.ask, () => 'silent')),
      {
        kind: 'failure',
        status: 'indeterminate',
        rcode: 2,
        records: [],
        answer: [],
        authority: [],
        reason: { ede: 22 },
      },
    ],
    [
      'refused',
      on(setup.ask, header({ rcode: 5 })),
      { kind: 'failure', status: 'indeterminate', rcode: 5, reason: { ede: 23 } },
    ],
  ];
  test.each(states)('rule 3: %s', async (_, change, expected) => {
    const world = worldOf(setup);
    change(world);
    expect(await world.ask('www.example.')).toMatchObject(expected);
  });

  test('a clock that was ahead and is set back leaves nothing behind', async () => {
    const world = worldOf(setup);
    const day = 86_400;
    expect(await world.ask('www.example.')).toMatchObject({ status: 'secure' });
    world.pass(400 * day);
    expect(await world.ask('www.example.')).toMatchObject({ status: 'bogus' });
    world.pass(-400 * day);
    expect(await world.ask('www.example.')).toMatchObject({ status: 'secure' });
    // Nor does what was answered then outlive its TTL.
    world.pass(day);
    await world.ask('mail.example.');
    world.pass(-day);
    world.network.log();
    await world.ask('mail.example.');
    expect(world.network.log().some((line) => line.startsWith('A mail.example.'))).toBe(true);
  });

  test('rule 3: insecure', async () => {
    const answer = await worldOf(setup).ask('www.plain.');
    expect(answer).toMatchObject({ kind: 'answer', status: 'insecure' });
    expect(answer.chain.map(({ zone, status, via, note }) => [String(zone), status, via, note])).toEqual([
      ['.', 'secure', 'anchor', undefined],
      ['plain.', 'insecure', 'none', 'NSEC proves that there is no DS'],
    ]);
  });

  test('rule 26: the chain tells zones, DS, keys, signatures', async () => {
    const { chain } = await worldOf(setup).ask('www.example.');
    expect(chain).toMatchObject([
      {
        zone: Name.root,
        status: 'secure',
        via: 'anchor',
        ds: [{ digestType: 2 }],
        keys: [{ algorithm: 15, flags: 257, bits: 256 }],
      },
      {
        zone: name('example.'),
        status: 'secure',
        via: 'ds',
        signature: { algorithm: 15, signer: name('example.') },
      },
    ]);
    expect(chain[1]!.ds[0]!.keyTag).toBe(chain[1]!.keys[0]!.tag);
  });

  test('what is asked is answered and nothing else', async () => {
    const answer = await worldOf(setup).ask('alias.example.');
    expect(answer.records.map((record) => `${record.name} ${rrTypeToText(record.type)}`)).toEqual([
      'www.example. A',
    ]);
    expect(answer.answer.map((record) => `${record.name} ${rrTypeToText(record.type)}`)).toEqual([
      'alias.example. CNAME',
      'alias.example. RRSIG',
      'www.example. A',
      'www.example. RRSIG',
    ]);
  });

  test('what a wildcard makes comes with its proof', async () => {
    const answer = await worldOf(setup).ask('q.wild.example.');
    expect(answer.authority.map((record) => rrTypeToText(record.type))).toEqual(['NSEC', 'RRSIG']);
  });

  test("the DS of the root is nobody's to say", async () => {
    expect(await worldOf(setup).ask('.', 'DS')).toMatchObject({ kind: 'nodata', status: 'insecure' });
  });
});

describe('rule 12: bogus from one server', () => {
  const forged = (...servers: readonly string[]) =>
    all(...servers.map((server) => on(setup.ask, answers(flipped('A')), server)));
  twins('rule 12: the other server is asked', setup, 'answer secure', forged(SERVERS[0]!), 'answer secure');
  twins('rule 12: whichever is the first', setup, 'answer secure', forged(SERVERS[1]!), 'answer secure');
  secureUnless('rule 12: bogus from both', setup, forged(...SERVERS));
  const keys = (...servers: readonly string[]) =>
    all(...servers.map((server) => on('example. DNSKEY', answers(unsigned), server)));
  twins(
    'rule 12: keys from one server are bogus',
    setup,
    'answer secure',
    keys(SERVERS[0]!),
    'answer secure',
  );
  secureUnless('rule 12: keys from both are bogus', setup, keys(...SERVERS));
  const denied = (server: string) => on('q.example. A', authorities(unsigned), server);
  twins(
    'rule 12: a denial from one server is bogus',
    { ...setup, ask: 'q.example. A' },
    'nxdomain secure',
    denied(SERVERS[0]!),
    'nxdomain secure',
  );
  twins(
    'rule 12: stripped by one server',
    setup,
    'answer secure',
    (world) =>
      world.network.mutate(
        (message) => ({
          ...message,
          answers: unsigned(message.answers),
          authorities: unsigned(message.authorities),
        }),
        SERVERS[0]!,
      ),
    'answer secure',
  );

  test('rule 12: each server is asked once', async () => {
    const world = worldOf(setup);
    forged(...SERVERS)(world);
    await world.ask('www.example.');
    expect(
      world.network
        .log()
        .filter((line) => line.startsWith('A www.example.'))
        .sort(),
    ).toEqual(SERVERS.map((server) => `A www.example. @${server}`));
  });

  test('rule 12: bogus is kept for a minute and no longer', async () => {
    const world = worldOf(setup);
    forged(...SERVERS)(world);
    expect((await world.ask('www.example.')).status).toBe('bogus');
    world.network.log();
    world.network.heal();
    world.pass(59);
    expect(await world.ask('www.example.')).toMatchObject({ status: 'bogus', ttl: 1 });
    expect(world.network.log()).toEqual([]);
    world.pass(1);
    expect((await world.ask('www.example.')).status).toBe('secure');
  });

  test('rule 12: a bogus zone is kept for a minute, and no answer that rests on it for longer', async () => {
    const world = worldOf(setup);
    keys(...SERVERS)(world);
    expect((await world.ask('www.example.')).status).toBe('bogus');
    world.network.heal();
    world.pass(59);
    expect(await world.ask('mail.example.')).toMatchObject({ status: 'bogus', ttl: 1 });
    world.pass(1);
    expect((await world.ask('mail.example.')).status).toBe('secure');
  });

  test('a failure to get an answer is kept for seconds only', async () => {
    const world = worldOf(setup);
    on(setup.ask, () => 'silent')(world);
    expect((await world.ask('www.example.')).status).toBe('indeterminate');
    world.network.heal();
    world.pass(5);
    expect((await world.ask('www.example.')).status).toBe('secure');
  });
});

describe('rule 20: the cache', () => {
  test('rule 20: an answer is kept for its TTL, counted down', async () => {
    const world = worldOf(setup);
    await world.ask('www.example.');
    world.network.log();
    world.pass(600);
    const kept = await world.ask('www.example.');
    expect(kept).toMatchObject({ status: 'secure', ttl: 3000 });
    expect(kept.answer.map(({ ttl }) => ttl)).toEqual([3000, 3000]);
    expect(world.network.log()).toEqual([]);
    world.pass(3000);
    expect((await world.ask('www.example.')).ttl).toBe(3600);
    expect(world.network.log()).not.toEqual([]);
  });

  test('rule 20: what is kept has its status', async () => {
    const world = worldOf(setup);
    for (const asked of [
      'www.example. A',
      'q.example. A',
      'www.plain. A',
      'q.plain. A',
      'alias.example. A',
      'q.wild.example. A',
      'www.example. TLSA',
    ]) {
      const first = await verdict(world, asked);
      expect(await verdict(world, asked), asked).toBe(first);
    }
  });

  test('rule 20: nothing outlives its signature', async () => {
    const world = worldOf({
      ...setup,
      zones: [{ name: 'example.', text: TEXT, sign: { expiration: 1768435200 + 100 } }],
      now: 1768435200,
    });
    expect(await world.ask('www.example.')).toMatchObject({ status: 'secure', ttl: 100 });
    world.pass(101);
    expect((await world.ask('www.example.')).status).toBe('bogus');
  });

  test('rule 20: the same question under way is asked once', async () => {
    const world = worldOf(setup);
    const all = await Promise.all([1, 2, 3].map(() => world.ask('www.example.')));
    expect(new Set(all).size).toBe(1);
    expect(world.network.log().filter((line) => line.startsWith('A www.example.'))).toHaveLength(1);
  });

  const types = ['A', 'AAAA', 'TLSA', 'CNAME', 'DNAME', 'DS', 'NS', 'MX', 'TXT', 'ANY', 'SOA', 'NSEC'];
  const names = [
    'www.example.',
    'alias.example.',
    'q.example.',
    'q.wild.example.',
    '*.wild.example.',
    'example.',
    'x.tree.example.',
    'tree.example.',
    'www.plain.',
    'alias.plain.',
    'q.plain.',
    'plain.',
  ];
  test.each(names)('rule 20: the order of questions for %s changes no answer', async (owner) => {
    const zones = [
      { name: 'example.', text: `${TEXT}\ntree DNAME wild` },
      { name: 'plain.', text: TEXT, keys: [] },
    ];
    const told = async (world: World, type: string) => {
      const { kind, status, records, aliases } = await world.ask(owner, type);
      const data = records.map(
        (record) =>
          `${record.name} ${rrTypeToText(record.type)} ${Buffer.from(record.rdata).toString('hex')}`,
      );
      return [
        kind,
        status,
        ...aliases.map((link) => `${link.kind} ${link.owner} ${link.target} ${link.status}`),
        ...data,
      ].join(' ');
    };
    for (const first of types) {
      for (const then of types) {
        const world = new World(zones);
        await world.ask(owner, first);
        expect(await told(world, then), `${then} after ${first}`).toBe(await told(new World(zones), then));
      }
    }
  });

  test('rule 20: bounded by octets', async () => {
    const world = worldOf({ ...setup, options: { cacheOctets: 2000 } });
    for (const label of ['www', 'mail', 'alias', 'q.wild', 'r.wild', 's.wild'])
      await world.ask(`${label}.example.`);
    world.network.log();
    await world.ask('www.example.');
    expect(world.network.log()).toEqual([`A www.example. @${SERVERS[0]}`]);
  });
});

describe('rule 21: denials kept', () => {
  const zones = (nsec3: object) => [
    { name: 'example.', text: 'a A 192.0.2.1\nm A 192.0.2.2\n*.wild A 192.0.2.3\nwild TXT "x"', ...nsec3 },
  ];
  for (const [title, more] of [
    ['NSEC', {}],
    ['NSEC3', { nsec3: {} }],
  ] as const) {
    test(`rule 21: ${title}: a name between two that are known`, async () => {
      const world = new World(zones(more));
      expect(await world.ask('b.example.')).toMatchObject({ kind: 'nxdomain', status: 'secure' });
      world.network.log();
      expect(await world.ask(title === 'NSEC' ? 'c.example.' : 'b.example.', 'TLSA')).toMatchObject({
        kind: 'nxdomain',
        status: 'secure',
        rcode: 3,
      });
      expect(await world.ask('x.b.example.')).toMatchObject({ kind: 'nxdomain', status: 'secure' });
      expect(world.network.log()).toEqual([]);
      expect(await world.ask('m.example.')).toMatchObject({ kind: 'answer', status: 'secure' });
      expect(await world.ask('q.wild.example.')).toMatchObject({ kind: 'answer', status: 'secure' });
    });

    test(`rule 21: ${title}: another type of the same name`, async () => {
      const world = new World(zones(more));
      await world.ask('m.example.', 'TLSA');
      world.network.log();
      expect(await world.ask('m.example.', 'MX')).toMatchObject({ kind: 'nodata', status: 'secure' });
      expect(world.network.log()).toEqual([]);
      expect(await world.ask('m.example.', 'A')).toMatchObject({ kind: 'answer', status: 'secure' });
    });
  }

  test('rule 21: no longer than the denial itself', async () => {
    const world = new World(zones({}));
    await world.ask('b.example.');
    world.pass(899);
    world.network.log();
    expect(await world.ask('c.example.')).toMatchObject({ kind: 'nxdomain', ttl: 1 });
    expect(world.network.log()).toEqual([]);
    world.pass(1);
    await world.ask('d.example.');
    expect(world.network.log()).not.toEqual([]);
  });

  test('rule 21: an opt-out span denies nothing else', async () => {
    const world = new World(zones({ nsec3: { optOut: true } }));
    await world.ask('b.example.');
    world.network.log();
    await world.ask('x.b.example.');
    expect(world.network.log()).not.toEqual([]);
  });

  test('rule 21: what is forged is not kept', async () => {
    const world = new World(zones({}));
    const zone = world.zone('example.');
    on(
      'm.example. A',
      both(
        header({ rcode: 3 }),
        answers(nothing),
        authorities(
          instead(
            ...zone.of('@', 'SOA'),
            ...zone.matching(name('example.')),
            ...flipped('NSEC')(zone.covering(name('m.example.'))),
          ),
        ),
      ),
    )(world);
    expect((await world.ask('m.example.')).status).toBe('bogus');
    world.network.heal();
    world.pass(60);
    expect(await world.ask('m.example.')).toMatchObject({ kind: 'answer', status: 'secure' });
  });
});

describe('resolve', () => {
  test('an aborted signal rejects, the question goes on for others', async () => {
    const world = worldOf(setup);
    const controller = new AbortController();
    const first = world.resolver.resolve(name('www.example.'), RRType.A, { signal: controller.signal });
    const second = world.resolver.resolve(name('www.example.'), RRType.A);
    controller.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    expect((await second).status).toBe('secure');
    await expect(
      world.resolver.resolve(name('www.example.'), RRType.A, { signal: controller.signal }),
    ).rejects.toThrow('enough');
  });

  test('a closed resolver rejects', async () => {
    const world = worldOf(setup);
    await world.resolver.close();
    await expect(world.ask('www.example.')).rejects.toMatchObject({ code: 'closed' });
  });

  test('rule 14: patience ends with the time given', async () => {
    const world = worldOf(setup);
    world.network.mutate(() => 'silent');
    const begin = world.network.now;
    const resolution = await world.resolver.resolve(name('www.example.'), RRType.A, { timeoutMs: 700 });
    expect(resolution).toMatchObject({ status: 'indeterminate', rcode: 2 });
    expect(world.network.now - begin).toBeLessThanOrEqual(700);
  });

  test('onQuery tells each packet', async () => {
    const events: string[] = [];
    const world = new World(setup.zones, {
      onQuery: ({ server, name: owner, type, outcome }) =>
        events.push(`${rrTypeToText(type)} ${owner} @${server.address} ${outcome.kind}`),
    });
    await world.ask('www.example.');
    expect(events).toEqual(world.network.log().map((line) => `${line} response`));
  });

  test('by default it has the anchors of the root', async () => {
    const world = worldOf(setup);
    const resolver = createResolver({
      transport: world.network,
      clock: world.network.clock,
      families: { ipv4: true, ipv6: false },
      rootHints: [{ name: name('ns1.'), addresses: ['192.0.2.1'] }],
    });
    const answer = await resolver.resolve(name('www.example.'), RRType.A);
    expect(answer).toMatchObject({
      status: 'bogus',
      reason: { text: expect.stringContaining('20326, 38696') },
    });
  });
});
