/** Servers that answer in ways of their own, none of them wrong enough to make a zone bogus, or just wrong enough. */
import { encodeA, Name, Rcode, type ResourceRecord, RRClass, RRType } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { holds, type Setup, secureUnless, twins, verdict, worldOf } from './cases.ts';
import {
  additionals,
  all,
  answers,
  authorities,
  both,
  type Change,
  flipped,
  header,
  instead,
  nothing,
  on,
  plus,
  unsigned,
  without,
} from './forge.ts';
import type { World, WorldZone } from './world.ts';
import { TTL } from './zone.ts';

const a = (owner: string, address: string): ResourceRecord => ({
  name: Name.fromText(owner),
  type: RRType.A,
  class: RRClass.IN,
  ttl: TTL,
  rdata: encodeA(address),
});

describe('rule 11: referrals that tell little', () => {
  const zones: readonly WorldZone[] = [
    { name: 'example.', text: 'www A 192.0.2.80' },
    { name: 'a.ent.example.', text: 'www A 192.0.2.81' },
    { name: 'open.example.', text: 'www A 192.0.2.82', keys: [] },
  ];
  const ask = 'www.a.ent.example. A';
  const setup: Setup = { zones, ask };
  const PARENT = '192.0.2.2';
  /** The parent's referrals without the DS and without the proof that there is none. */
  const bare: Change = (world) =>
    world.network.mutate(
      (message, query) =>
        query.questions[0]!.type === RRType.DS || message.aa
          ? undefined
          : { ...message, authorities: without('DS', 'NSEC', 'NSEC3')(message.authorities) },
      PARENT,
    );
  const twin = (title: string, honest: string, change: Change, other: string, asked = ask) =>
    twins(title, { ...setup, ask: asked }, honest, all(bare, change), other);

  test('rule 11: a referral past an empty name spares the question whether a zone begins there', async () => {
    const world = worldOf(setup);
    expect(await verdict(world, ask)).toBe('answer secure');
    expect(world.network.log().filter((line) => line.startsWith('DS'))).toEqual([]);
    // What was concluded of the empty name holds for others too, and for no more than there is.
    expect(await verdict(world, 'q.ent.example. A')).toBe('nxdomain secure');
    expect(await verdict(world, 'ent.example. A')).toBe('nodata secure');
  });
  secureUnless(
    'rule 4: a referral past a name that is a zone of its own says nothing of that zone',
    {
      zones: [
        { name: 'example.' },
        { name: 'ent.example.', text: 'www A 192.0.2.85' },
        { name: 'a.ent.example.', text: 'www A 192.0.2.81' },
      ],
      ask,
    },
    (world) => {
      // The grandparent's key on the grandchild's DS: not its to sign.
      const stolen = world
        .zone('ent.example.')
        .of('a', 'DS')
        .filter(({ type }) => type === RRType.DS);
      const [record] = stolen;
      const forged = world.zone('example.').sign({
        name: record!.name,
        type: RRType.DS,
        ttl: TTL,
        rdatas: [Uint8Array.from(record!.rdata, (octet, i) => (i === 10 ? octet ^ 1 : octet))],
      });
      world.network.mutate((message) =>
        message.authorities.some(({ type, name }) => type === RRType.DS && name.equals(record!.name))
          ? {
              ...message,
              authorities: [...message.authorities.filter(({ type }) => type === RRType.NS), ...forged],
            }
          : undefined,
      );
      on('a.ent.example. DS', answers(instead(...forged)))(world);
    },
  );
  holds('rule 11: no DS in the referral: it is asked for', { ...setup, change: bare }, 'answer secure');
  holds(
    'rule 11: no proof in the referral: it is asked for',
    { ...setup, ask: 'www.open.example. A', change: bare },
    'answer insecure',
  );
  twin(
    'rule 4: an empty name on the way that the parent calls absent',
    'answer secure',
    on('ent.example. DS', header({ rcode: Rcode.NXDOMAIN }), PARENT),
    'answer secure',
  );
  twin(
    'rule 4: a DS that is not signed, in the referral or by itself',
    'answer secure',
    on('a.ent.example. DS', answers(unsigned)),
    'failure bogus',
  );
  twin(
    'rule 4: an alias where the DS ought to be, not signed',
    'answer secure',
    on(
      'a.ent.example. DS',
      answers(
        instead({
          ...a('a.ent.example.', '192.0.2.1'),
          type: RRType.CNAME,
          rdata: Name.fromText('www.example.').wire,
        }),
      ),
    ),
    'failure bogus',
  );
  twin(
    'rule 4: the absence of a DS, its proof not signed',
    'answer insecure',
    on('open.example. DS', authorities(unsigned)),
    'failure bogus',
    'www.open.example. A',
  );
  twin(
    'rule 4: the absence of a DS, proven of the wrong name',
    'answer insecure',
    (world) => {
      const other = world.zone('example.').matching(Name.fromText('www.example.'));
      on('open.example. DS', authorities(instead(...other)))(world);
    },
    'failure bogus',
    'www.open.example. A',
  );
  holds(
    'rule 11: unsigned addresses of other servers beside a referral',
    {
      ...setup,
      change: on(
        ask,
        additionals(plus(a('ns.a.ent.example.', '192.0.2.66'), a('www.a.ent.example.', '192.0.2.66'))),
        PARENT,
      ),
    },
    'answer secure',
  );
});

describe('rule 12: keys that one server does not hand out', () => {
  const zones: readonly WorldZone[] = [
    { name: 'example.', text: 'www A 192.0.2.80', servers: ['192.0.2.21', '192.0.2.22'] },
  ];
  const setup: Setup = { zones, ask: 'www.example. A' };
  const keys = (change: Parameters<typeof on>[1], server?: string) => on('example. DNSKEY', change, server);
  for (const [how, change] of [
    ['fails', header({ rcode: Rcode.SERVFAIL, answers: [] })],
    ['refuses', header({ rcode: Rcode.REFUSED, answers: [] })],
    ['is silent', () => 'silent' as const],
    ['denies them', answers(nothing)],
    ['says that there is no such name', both(header({ rcode: Rcode.NXDOMAIN }), answers(nothing))],
  ] as const) {
    for (const server of zones[0]!.servers!)
      holds(`rule 12: ${server} ${how}`, { ...setup, change: keys(change, server) }, 'answer secure');
    holds(`rule 12: each ${how}`, { ...setup, change: keys(change) }, 'failure bogus');
  }
});

describe('rule 6: aliases and odd types', () => {
  const zones: readonly WorldZone[] = [
    {
      name: 'example.',
      text: 'www A 192.0.2.80\nalias CNAME www\nover CNAME a.optout.\nopen CNAME open.optout.\ntree DNAME wood\nx.wood A 192.0.2.81\n*.wild A 192.0.2.82',
    },
    { name: 'optout.', text: 'm A 192.0.2.83', nsec3: { optOut: true } },
    { name: 'open.optout.', text: '@ A 192.0.2.84', keys: [] },
  ];
  for (const [asked, expected] of [
    ['over.example. A', 'nxdomain insecure'],
    ['open.example. A', 'answer insecure'],
    ['alias.example. ANY', 'answer secure'],
    ['tree.example. DNAME', 'answer secure'],
    ['x.tree.example. DNAME', 'nodata secure'],
    ['x.tree.example. ANY', 'answer secure'],
    ['q.wild.example. ANY', 'answer secure'],
    ['example. NS', 'answer secure'],
    ['example. SOA', 'answer secure'],
    ['example. DNSKEY', 'answer secure'],
    ['example. DS', 'answer secure'],
  ] as const)
    holds(`rule 6: ${asked}`, { zones, ask: asked }, expected);
  for (const owner of ['www.example.', 'alias.example.']) {
    const chain: Change = (world) => {
      const nsec = world.zone('example.').matching(Name.fromText(owner));
      on(`${owner} NSEC`, both(answers(instead(...nsec)), authorities(nothing)))(world);
    };
    secureUnless(
      `rule 6: the NSEC of ${owner}, an alias or not`,
      { zones, ask: `${owner} NSEC`, change: chain },
      on(`${owner} NSEC`, answers(flipped('NSEC'))),
    );
  }
  secureUnless(
    'rule 6: ANY with one RRset that is not signed',
    { zones, ask: 'www.example. ANY' },
    on(
      'www.example. ANY',
      answers(plus({ ...a('www.example.', '192.0.2.1'), type: RRType.TXT, rdata: Uint8Array.of(1, 65) })),
    ),
  );
});

describe('rule 25: types that nobody here knows', () => {
  const text = 'www TYPE65280 \\# 3 aabbcc\nwww TYPE65280 \\# 0\nalias CNAME www';
  const zones: readonly WorldZone[] = [{ name: 'example.', text }];
  for (const asked of ['www.example. TYPE65280', 'alias.example. TYPE65280']) {
    test(`rule 25: ${asked}: octets as they are`, async () => {
      const [owner, type] = asked.split(' ');
      const { records } = await worldOf({ zones, ask: asked }).ask(owner!, type!);
      expect(records.map(({ rdata }) => Buffer.from(rdata).toString('hex')).sort()).toEqual(['', 'aabbcc']);
    });
  }
  secureUnless(
    'rule 25: one octet changed',
    { zones, ask: 'www.example. TYPE65280' },
    on('www.example. TYPE65280', answers(flipped('TYPE65280', 0))),
  );
  holds('rule 25: one that is not there', { zones, ask: 'www.example. TYPE65281' }, 'nodata secure');
});

describe.each([
  ['NSEC', {}],
  ['NSEC3', { nsec3: { salt: 'ab' } }],
] as const)('rule 5: denials of %s with something else beside', (kind, nsec3) => {
  const other = kind === 'NSEC' ? { nsec3: { salt: '01' } } : {};
  const text = 'www A 192.0.2.80\n*.wild A 192.0.2.81\na.ent A 192.0.2.82';
  const zone: WorldZone = { name: 'example.', text, ...nsec3 };
  const zones: readonly WorldZone[] = [zone];
  /** Proofs of the same names in the other way, signed by the same keys, as of a zone that is changing over. */
  const ofOther = (name: string): ResourceRecord[] => {
    const twin = worldOf({
      zones: [{ ...zone, ...('nsec3' in zone ? { nsec3: undefined } : {}), ...other } as WorldZone],
      ask: '. A',
    });
    const changed = twin.zone('example.');
    const owner = Name.fromText(name);
    return [...changed.matching(owner), ...changed.covering(owner), ...changed.matching(changed.name)];
  };
  const asked = 'q.example. A';
  holds(
    'rule 5: the other kind as well',
    { zones, ask: asked, change: on(asked, authorities(plus(...ofOther('q.example.')))) },
    'nxdomain secure',
  );
  test('rule 5: half a proof of each kind is none', async () => {
    const setup: Setup = { zones, ask: asked };
    // NSEC: what covers the name, without the wildcard; NSEC3: what matches the apex alone.
    const half = (world: World): ResourceRecord[] => {
      const zoneOf = world.zone('example.');
      return kind === 'NSEC' ? zoneOf.covering(Name.fromText('q.example.')) : zoneOf.matching(zoneOf.name);
    };
    const world = worldOf(setup);
    const soa = world.zone('example.').of('@', 'SOA');
    on(asked, authorities(instead(...soa, ...half(world), ...ofOther('www.example.').slice(0, 2))))(world);
    expect(await verdict(world, asked)).toBe('failure bogus');
  });
  for (const [ask, expected] of [
    ['q.wild.example. TLSA', 'nodata secure'],
    ['ent.example. A', 'nodata secure'],
    ['q.ent.example. A', 'nxdomain secure'],
    ['*.wild.example. TLSA', 'nodata secure'],
  ] as const) {
    holds(`rule 5: ${ask}`, { zones, ask }, expected);
    secureUnless(`rule 5: ${ask}, a proof forged`, { zones, ask }, on(ask, authorities(flipped(kind))));
    secureUnless(`rule 5: ${ask}, proofs not signed`, { zones, ask }, on(ask, authorities(unsigned)));
  }
});

describe('rule 10: a zone that is asked elsewhere', () => {
  const zones: readonly WorldZone[] = [
    { name: 'example.', text: 'www A 192.0.2.80' },
    { name: 'corp.example.', text: 'www A 192.0.2.81' },
  ];
  const forward = (address: string) => ({
    forwardZones: [{ zone: Name.fromText('corp.example.'), servers: [{ address, port: 53 }] }],
  });
  const setup: Setup = { zones, ask: 'www.corp.example. A', options: forward('192.0.2.3') };
  secureUnless(
    'rule 10: its chain comes from the parent, which is asked where the parent is',
    setup,
    on(setup.ask, answers(unsigned)),
  );
  test('rule 10: the parent is asked for the DS, the zone for its keys', async () => {
    const world = worldOf(setup);
    expect(await verdict(world, setup.ask)).toBe('answer secure');
    const log = world.network.log();
    expect(log).toContain('DS corp.example. @192.0.2.2');
    expect(log).toContain('DNSKEY corp.example. @192.0.2.3');
  });
});

describe('rule 10: a zone that is asked at its own server, which refers to those below', () => {
  const PARENT = { address: '192.0.2.2', port: 53 };
  const zonesOf = (keys?: WorldZone['keys']): readonly WorldZone[] => {
    const more = keys ? { keys } : {};
    return [
      { name: 'example.', text: 'www A 192.0.2.80', ...more },
      { name: 'sub.example.', text: 'www A 192.0.2.81\ncorp A 192.0.2.84', ...more },
      { name: 'deep.sub.example.', text: 'www A 192.0.2.82', ...more },
      { name: 'other.', text: 'www A 192.0.2.83', ...more },
    ];
  };
  const ask = 'www.deep.sub.example. A';
  const inside = { forwardZones: [{ zone: Name.fromText('example.'), servers: [PARENT] }] };
  const everything = { mode: { kind: 'forward' as const, servers: [PARENT] } };
  secureUnless(
    'rule 10: signed',
    { zones: zonesOf(), ask, options: inside },
    on(ask, answers(unsigned), '192.0.2.4'),
  );
  holds('rule 10: not signed', { zones: zonesOf([]), ask, options: inside }, 'answer insecure');
  holds(
    'rule 10: a name that is not there, not signed',
    { zones: zonesOf([]), ask: 'q.deep.sub.example. A', options: inside },
    'nxdomain insecure',
  );
  // Taken for an answer it would say that there is no such record.
  for (const [how, options, asked] of [
    ['a resolver that refers', { ...everything, trustAnchors: [] }, 'www.sub.example. A'],
    ['a server that refers upwards', { ...inside, trustAnchors: [] }, 'www.example. A'],
  ] as const)
    test(`rule 10: ${how} is no answer`, async () => {
      const world = worldOf({ zones: zonesOf([]), ask: asked, options });
      if (how === 'a server that refers upwards') {
        const referral = (zone: string): Change =>
          on(asked, (message) => ({
            ...message,
            aa: false,
            answers: [],
            authorities: world.zone('.').of(zone, 'NS'),
          }));
        referral('other.')(world);
      }
      expect(await verdict(world, asked)).toBe('failure indeterminate');
    });
  test('rule 10: what lies below is asked where it lies from then on, until the referral ends', async () => {
    const world = worldOf({ zones: zonesOf([]), ask, options: { ...inside, trustAnchors: [] } });
    await verdict(world, ask);
    expect(world.network.log().map((line) => line.split('@')[1])).toEqual([
      '192.0.2.2',
      '192.0.2.3',
      '192.0.2.4',
    ]);
    await verdict(world, 'corp.sub.example. A');
    expect(world.network.log()).toEqual(['A corp.sub.example. @192.0.2.3']);
    world.pass(TTL + 1);
    await verdict(world, ask);
    expect(world.network.log()[0]).toMatch(/@192\.0\.2\.2$/);
    // Nobody outside is asked, however it went.
    world.network.silence('192.0.2.3');
    world.pass(TTL + 1);
    expect(await verdict(world, 'corp.sub.example. A')).toBe('failure indeterminate');
    expect(world.network.log().filter((line) => line.endsWith('@192.0.2.1'))).toEqual([]);
  });
});
