/**
 * The attacks that cost others dear, each with what it costs here: packets sent, signatures verified, hashes computed. Never time.
 * Of the list in the design: bailiwick between forwarded and iterated data (MaginotDNS) is in `resolver/forward.test.ts`.
 */
import {
  encodeA,
  encodeRrsig,
  encodeSingleName,
  type Message,
  Name,
  type Question,
  type ResourceRecord,
  RRType,
  responseTo,
} from '@mailanchor/dns';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DEFAULT_BUDGETS, Work } from '../../src/budget.ts';
import { KeyStore } from '../../src/public-key.ts';
import { judgeKeys, readKeys } from '../../src/zone-keys.ts';
import { type Setup, secureUnless, twins, verdict, worldOf } from './cases.ts';
import {
  answers,
  authorities,
  both,
  header,
  instead,
  movedTo,
  nothing,
  on,
  plus,
  unsigned,
} from './forge.ts';
import { dsRdata, EXPIRATION, INCEPTION, NOW } from './sign.ts';
import { KSK, keyWithTag, signingKey, ZSK } from './signing-key.ts';
import { World } from './world.ts';
import { TTL, Zone } from './zone.ts';

const name = (text: string) => Name.fromText(text);
const record = (owner: Name | string, type: number, rdata: Uint8Array): ResourceRecord => ({
  name: typeof owner === 'string' ? name(owner) : owner,
  type,
  class: 1,
  ttl: TTL,
  rdata,
});
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

/** What one question has cost. */
const spent = { verifications: 0, failed: 0, hashes: 0 };
beforeEach(() => {
  Object.assign(spent, { verifications: 0, failed: 0, hashes: 0 });
  const count = (
    method: 'chargeVerification' | 'chargeFailedVerification' | 'chargeNsec3Hash',
    what: keyof typeof spent,
  ) => {
    const charge = Work.prototype[method];
    vi.spyOn(Work.prototype, method).mockImplementation(function (this: Work) {
      charge.call(this);
      spent[what]++;
    });
  };
  count('chargeVerification', 'verifications');
  count('chargeFailedVerification', 'failed');
  count('chargeNsec3Hash', 'hashes');
});
afterEach(() => void vi.restoreAllMocks());

describe('KeyTrap (CVE-2023-50387)', () => {
  const ksk = signingKey('example.', 15, 0, KSK);
  const zsk = signingKey('example.', 15, 1, ZSK);
  const COLLIDING = 100;
  const zones = [{ name: 'example.', text: 'www A 192.0.2.80\n@ TXT "x"\n@ MX 0 www', keys: [ksk, zsk] }];
  const colliders = (tag: number) => upTo(COLLIDING).map((n) => keyWithTag(tag, n));
  const trapped = (tag: number): World => {
    const world = new World(zones);
    const zone = world.zone('example.');
    zone.put({
      name: zone.name,
      type: RRType.DNSKEY,
      ttl: TTL,
      rdatas: [...colliders(tag), ksk.rdata, zsk.rdata],
    });
    return world;
  };
  /** Signatures that look right and are not. */
  const wrong = (owner: string, type: number, tag: number, count: number) =>
    upTo(count).map((n) =>
      record(
        owner,
        RRType.RRSIG,
        encodeRrsig({
          typeCovered: type,
          algorithm: 15,
          labels: name(owner).labelCount,
          originalTtl: TTL,
          expiration: EXPIRATION,
          inception: INCEPTION,
          keyTag: tag,
          signer: name('example.'),
          signature: new Uint8Array(64).fill(n + 1),
        }),
      ),
    );

  test('keys all of one tag, and they are tried in vain', () => {
    expect(new Set(colliders(zsk.tag).map((rdata) => Buffer.from(rdata).toString('hex'))).size).toBe(
      COLLIDING,
    );
  });

  test('many keys, many signatures over one RRset', async () => {
    const world = trapped(zsk.tag);
    on(
      'www.example. A',
      answers(unsigned, plus(...wrong('www.example.', RRType.A, zsk.tag, COLLIDING))),
    )(world);
    expect(await verdict(world, 'www.example. A')).toBe('failure bogus');
    expect(spent.failed).toBe(DEFAULT_BUDGETS.signaturesPerRRset * DEFAULT_BUDGETS.keysPerTag);
    expect(spent.verifications).toBeLessThan(spent.failed + 8);
  });

  test('over many RRsets, asked again and again: the question has one budget', async () => {
    const world = trapped(zsk.tag);
    world.network.mutate(
      both(answers(unsigned), (message) => {
        const covered = new Set(message.answers.map(({ type }) => type));
        if (message.questions[0]!.type !== RRType.ANY) return undefined;
        return {
          ...message,
          answers: [
            ...message.answers,
            ...[...covered].flatMap((type) => wrong('example.', type, zsk.tag, 20)),
          ],
        };
      }),
      '192.0.2.2',
    );
    const resolution = await world.ask('example.', 'ANY');
    expect(resolution).toMatchObject({ kind: 'failure' });
    expect(spent.failed).toBeLessThanOrEqual(DEFAULT_BUDGETS.failedVerifications);
  });

  test('over the DNSKEY RRset itself', async () => {
    const world = trapped(ksk.tag);
    on(
      'example. DNSKEY',
      answers(unsigned, plus(...wrong('example.', RRType.DNSKEY, ksk.tag, COLLIDING))),
    )(world);
    expect(await verdict(world, 'www.example. A')).toBe('failure bogus');
    expect(spent.failed).toBeLessThanOrEqual(DEFAULT_BUDGETS.failedVerifications);
  });

  test('over the records of a denial', async () => {
    const world = trapped(zsk.tag);
    const zone = world.zone('example.');
    const owners = upTo(60).map((n) => `n${n}.example.`);
    on(
      'q.example. A',
      authorities(
        nothing,
        plus(
          ...zone.of('@', 'SOA'),
          ...owners.flatMap((owner) => [
            ...unsigned(movedTo(owner)(zone.matching(name('www.example.')))),
            ...wrong(owner, RRType.NSEC, zsk.tag, 4),
          ]),
        ),
      ),
    )(world);
    const resolution = await world.ask('q.example.');
    expect(resolution).toMatchObject({
      kind: 'failure',
      status: 'indeterminate',
      reason: { text: 'more than 32 wrong signatures' },
    });
    expect(spent.failed).toBe(DEFAULT_BUDGETS.failedVerifications);
  });

  test('good signatures cost too: over many links of aliases', async () => {
    const world = trapped(zsk.tag);
    on('www.example. A', answers(plus(...wrong('www.example.', RRType.A, zsk.tag, 5))))(world);
    await world.ask('www.example.');
    expect(spent.verifications).toBeLessThanOrEqual(DEFAULT_BUDGETS.verifications);
  });

  test('many DS against many keys: digests are counted', async () => {
    let digests = 0;
    const zone = new Zone({ name: 'example.', keys: [ksk] });
    const rdatas = colliders(ksk.tag);
    const keys = readKeys({
      name: zone.name,
      type: RRType.DNSKEY,
      class: 1,
      ttl: TTL,
      rdatas,
      signatures: [],
    }).map((key) => ({
      ...key,
      get rdata() {
        digests++;
        return key.rdata;
      },
    }));
    const ds = upTo(COLLIDING).map((n) => ({
      keyTag: ksk.tag,
      algorithm: 15,
      digestType: 2,
      digest: new Uint8Array(32).fill(n),
    }));
    const context = {
      keys: new KeyStore(),
      policy: { sha1: false },
      now: NOW,
      work: new Work(DEFAULT_BUDGETS, 0),
    };
    const rrset = { name: zone.name, type: RRType.DNSKEY, class: 1, ttl: TTL, rdatas, signatures: [] };
    expect((await judgeKeys(zone.name, rrset, keys, ds, [], context)).kind).toBe('bogus');
    expect(digests).toBe((DEFAULT_BUDGETS.dsMismatches + 1) * DEFAULT_BUDGETS.keysPerTag);
  });

  test('an honest collision of two keys is no obstacle', async () => {
    const world = new World(zones);
    const zone = world.zone('example.');
    zone.put({
      name: zone.name,
      type: RRType.DNSKEY,
      ttl: TTL,
      rdatas: [keyWithTag(zsk.tag, 1), ksk.rdata, zsk.rdata],
    });
    expect(await verdict(world, 'www.example. A')).toBe('answer secure');
  });
});

describe('NSEC3 exhaustion (CVE-2023-50868)', () => {
  const deep = `${'a.'.repeat(120)}example.`;
  const world = (iterations: number) =>
    new World([{ name: 'example.', text: 'www A 192.0.2.80', nsec3: { iterations, salt: 'aabbccdd' } }]);
  /** Records of the zone, but none that ends the search for the closest encloser. */
  const useless = (of: World) =>
    on(
      `${deep} A`,
      both(
        header({ rcode: 3 }),
        authorities(
          instead(
            ...of.zone('example.').of('@', 'SOA'),
            ...of.zone('example.').matching(name('www.example.')),
          ),
        ),
      ),
    );

  test('a long name and records that prove nothing', async () => {
    const of = world(50);
    useless(of)(of);
    const resolution = await of.ask(deep);
    expect(resolution).toMatchObject({ kind: 'failure' });
    expect(spent.hashes).toBeLessThanOrEqual(2 * DEFAULT_BUDGETS.nsec3HashesPerResponse);
  });

  test('a long name and an honest zone', async () => {
    const of = world(10);
    expect(await of.ask(deep)).toMatchObject({ kind: 'nxdomain', status: 'secure' });
    expect(spent.hashes).toBeLessThanOrEqual(DEFAULT_BUDGETS.nsec3Hashes);
  });

  test('a question after many denials are kept: no more than the budget', async () => {
    const of = world(10);
    await of.ask('q.example.');
    Object.assign(spent, { hashes: 0 });
    await of.ask(deep);
    expect(spent.hashes).toBeLessThanOrEqual(DEFAULT_BUDGETS.nsec3Hashes);
  });

  for (const iterations of [51, 500, 501, 2500, 65535]) {
    test(`${iterations} iterations are not computed at all`, async () => {
      const of = world(0);
      const zone = new Zone({ name: 'example.', text: 'www A 192.0.2.80', nsec3: { iterations: 0 } });
      // The records say that they were hashed often; to find that out they need not be.
      const claimed = zone.chain.flatMap(({ records }) => {
        const rdata = Uint8Array.from(records.rdatas[0]!);
        rdata[2] = iterations >> 8;
        rdata[3] = iterations & 0xff;
        return of.zone('example.').sign({ ...records, rdatas: [rdata] });
      });
      on('q.example. A', authorities(instead(...of.zone('example.').of('@', 'SOA'), ...claimed)))(of);
      expect(await verdict(of, 'q.example. A')).toBe(
        iterations > 500 ? 'failure bogus' : 'nxdomain insecure',
      );
      expect(spent.hashes).toBe(0);
    });
  }
});

/** An adversary: one server that answers as it likes for all below its zone. */
function adversary(
  world: World,
  answer: (question: Question, query: Message) => Message | undefined,
  server = '192.0.2.2',
): void {
  world.network.mutate((_, query) => answer(query.questions[0]!, query), server);
}
const referral = (query: Message, zone: Name, servers: readonly string[]): Message =>
  responseTo(query, {
    authorities: servers.map((server) => record(zone, RRType.NS, encodeSingleName(name(server)))),
  });

describe('NXNSAttack (CVE-2020-12667)', () => {
  const zones = [
    { name: 'evil.', keys: [] },
    { name: 'victim.', text: 'www A 192.0.2.80', keys: [] },
  ];
  const toVictim = (world: World) =>
    world.network.asked.filter(({ server }) => server === '192.0.2.3').length;

  test('one referral to a thousand servers of the victim', async () => {
    const world = new World(zones);
    const cut = name('sub.evil.');
    adversary(world, ({ name: asked }, query) =>
      asked.isAtOrBelow(cut)
        ? referral(
            query,
            cut,
            upTo(1000).map((n) => `n${n}.victim.`),
          )
        : undefined,
    );
    expect(await verdict(world, 'www.sub.evil. A')).toBe('failure indeterminate');
    expect(toVictim(world)).toBeLessThanOrEqual(DEFAULT_BUDGETS.addresslessServers);
  });

  test('referrals below referrals: each question is as dear as the first', async () => {
    const world = new World(zones);
    let n = 0;
    adversary(world, ({ name: asked }, query) => {
      if (asked.labelCount < 2) return undefined;
      n++;
      return referral(
        query,
        asked.ancestor(2),
        upTo(1000).map((i) => (i % 2 ? `v${n}-${i}.victim.` : `e${n}-${i}.evil.`)),
      );
    });
    expect(await verdict(world, 'www.sub.evil. A')).toBe('failure indeterminate');
    expect(world.network.asked.length).toBeLessThanOrEqual(DEFAULT_BUDGETS.upstreamQueries);
    // Bounded by the packets of one question, whatever their direction.
    expect(toVictim(world)).toBeLessThanOrEqual(DEFAULT_BUDGETS.upstreamQueries / 2);
  });

  test('a referral with a thousand addresses of the victim', async () => {
    const world = new World(zones);
    const cut = name('sub.evil.');
    const addresses = upTo(1000).map((n) =>
      record(`ns${n % 40}.sub.evil.`, RRType.A, Uint8Array.of(198, 51, 100 + (n >> 8), n & 255)),
    );
    adversary(world, ({ name: asked }, query) =>
      asked.isAtOrBelow(cut)
        ? {
            ...referral(
              query,
              cut,
              upTo(40).map((n) => `ns${n}.sub.evil.`),
            ),
            additionals: addresses,
          }
        : undefined,
    );
    expect(await verdict(world, 'www.sub.evil. A')).toBe('failure indeterminate');
    const hit = world.network.asked.filter(({ server }) => server.startsWith('198.51.'));
    expect(hit.length).toBeLessThanOrEqual(DEFAULT_BUDGETS.upstreamQueriesPerName);
  });
});

describe('CAMP: aliases, referrals and minimised names together', () => {
  const modes = (['on', 'relaxed', 'off'] as const).flatMap((mode) =>
    [true, false].map((edns) => [mode, edns] as const),
  );
  for (const [qnameMinimisation, edns] of modes) {
    const title = `minimisation ${qnameMinimisation}, ${edns ? 'with' : 'FORMERR to'} EDNS`;
    test(`every answer leads to a longer one (${title})`, async () => {
      const world = new World(
        [
          { name: 'evil.', keys: [] },
          { name: 'victim.', keys: [] },
        ],
        { qnameMinimisation },
      );
      let n = 0;
      adversary(world, ({ name: asked }, query) => {
        n++;
        const labels = 'a.b.c.d.e.f.g.h.i.j.k.l.';
        if (asked.labelCount >= 12)
          return responseTo(query, {
            aa: true,
            answers: [record(asked, RRType.CNAME, encodeSingleName(name(`${labels}x${n}.evil.`)))],
          });
        if (asked.labelCount === 2)
          return referral(
            query,
            asked,
            upTo(50).map((i) => `${labels}n${n}-${i}.${i % 2 ? 'evil' : 'victim'}.`),
          );
        return undefined;
      });
      if (!edns) {
        // Each question is asked twice.
        world.network.mutate((message, query) => {
          const { edns: echoed, ...rest } = message;
          return echoed && query.edns ? { ...rest, rcode: 1, answers: [], authorities: [] } : rest;
        }, '192.0.2.2');
      }
      const resolution = await world.ask(`a.b.c.d.e.f.g.h.i.j.k.l.x.evil.`);
      expect(resolution).toMatchObject({ kind: 'failure', status: 'indeterminate' });
      expect(world.network.asked.length).toBeLessThanOrEqual(DEFAULT_BUDGETS.upstreamQueries);
    });
  }

  test('aliases through unsigned zones end', async () => {
    const world = new World([{ name: 'evil.', keys: [] }]);
    let n = 0;
    adversary(world, ({ name: asked }, query) =>
      asked.labelCount < 2
        ? undefined
        : responseTo(query, {
            aa: true,
            answers: [record(asked, RRType.CNAME, encodeSingleName(name(`x${n++}.evil.`)))],
          }),
    );
    expect(await world.ask('x.evil.')).toMatchObject({ kind: 'failure', status: 'indeterminate' });
    expect(world.network.asked.length).toBeLessThanOrEqual(20);
  });
});

describe('TuDoor: odd packets do not end a question', () => {
  const servers = ['192.0.2.21', '192.0.2.22'];
  const setup: Setup = {
    zones: [{ name: 'example.', text: 'www A 192.0.2.80', servers }],
    ask: 'www.example. A',
  };
  const odd: readonly [string, (message: Message, query: Message) => Message][] = [
    ['nothing at all', (_, query) => responseTo(query, {})],
    ['nothing, with authority', (_, query) => responseTo(query, { aa: true })],
    ['NXDOMAIN and nothing', (_, query) => responseTo(query, { aa: true, rcode: 3 })],
    ['an unknown code', (_, query) => responseTo(query, { rcode: 14 })],
    ['an extended code', (_, query) => responseTo(query, { rcode: 23 })],
    [
      'signatures alone',
      (message) => ({ ...message, answers: message.answers.filter(({ type }) => type === RRType.RRSIG) }),
    ],
    [
      'another class',
      (message) => ({ ...message, answers: message.answers.map((each) => ({ ...each, class: 3 })) }),
    ],
    [
      'the answer for another name',
      (message) => ({ ...message, answers: movedTo('w.example.')(message.answers) }),
    ],
    [
      'the answer in the authority section',
      (message) => ({ ...message, answers: [], authorities: message.answers }),
    ],
    [
      'the answer in the additional section',
      (message) => ({ ...message, answers: [], additionals: message.answers }),
    ],
    ['a referral to the same zone', (_, query) => referral(query, name('example.'), ['ns1.example.'])],
    ['a referral upwards', (_, query) => referral(query, Name.root, ['ns1.'])],
    ['truncated, and empty', (_, query) => ({ ...responseTo(query, {}), tc: true })],
    [
      'a malformed record',
      (message) => ({
        ...message,
        answers: message.answers.map((each) => ({ ...each, type: RRType.CNAME, rdata: Uint8Array.of(9, 9) })),
      }),
    ],
    [
      'a NSEC that cannot be read',
      (_, query) =>
        responseTo(query, { authorities: [record('example.', RRType.NSEC, Uint8Array.of(0, 1, 200))] }),
    ],
    ['opcode NOTIFY', (message) => ({ ...message, opcode: 4 })],
  ];
  for (const [title, edit] of odd) {
    const from = (server: string) => on(setup.ask, (message, query) => edit(message, query), server);
    twins(`${title} from the first server`, setup, 'answer secure', from(servers[0]!), 'answer secure');
    test(`${title} from all is never an answer`, async () => {
      const world = worldOf(setup);
      for (const server of servers) from(server)(world);
      expect(await verdict(world, setup.ask)).toMatch(/^(failure (bogus|indeterminate)|answer secure)$/);
    });
  }

  test('a priming answer that cannot be read', async () => {
    const world = worldOf(setup);
    on(
      '. NS',
      answers(unsigned, (records) => records.map((each) => ({ ...each, type: 65280 }))),
    )(world);
    expect(await verdict(world, setup.ask)).toBe('answer secure');
  });
});

describe('records that prove more than they should', () => {
  const text =
    'mail A 192.0.2.1\n*._tcp.mail TLSA 3 1 1 00\nwww A 192.0.2.2\nchild NS ns.child\nns.child A 192.0.2.9';
  const TLSA = '_25._tcp.mail.example. TLSA';
  const setup: Setup = { zones: [{ name: 'example.', text }], ask: TLSA };

  test('the NSEC of a wildcard, under another name, brought along with a DS: nothing of it is kept', async () => {
    const world = worldOf(setup);
    const zone = world.zone('example.');
    const owner = name('*._tcp.mail.example.');
    const moved = movedTo('!._tcp.mail.example.')(zone.matching(owner));
    // Unsigned data makes the resolver look for a zone cut, whose denial carries the record.
    world.network.mutate((message, query) => {
      const { name: asked, type } = query.questions[0]!;
      if (type === RRType.TLSA) return { ...message, answers: unsigned(message.answers), authorities: [] };
      if (type === RRType.DS && asked.isBelow(name('example.')))
        return { ...message, authorities: [...message.authorities, ...moved] };
      return undefined;
    }, '192.0.2.2');
    expect(await verdict(world, 'nothing.example. A')).toBe('nxdomain secure');
    expect(await verdict(world, TLSA)).toBe('failure bogus');
    world.network.heal();
    world.pass(61);
    expect(await verdict(world, TLSA)).toBe('answer secure');
    expect(await verdict(world, '_465._tcp.mail.example. TLSA')).toBe('answer secure');
  });

  const island: Setup = {
    zones: [
      { name: 'example.', text, keys: [] },
      { name: 'island.example.', text: '_25._tcp.mail TLSA 3 1 1 00' },
    ],
    ask: '_25._tcp.mail.island.example. TLSA',
    options: {
      trustAnchors: [
        ...new World([]).anchor('.'),
        record(
          'island.example.',
          RRType.DS,
          dsRdata(name('island.example.'), signingKey('island.example.', 15)),
        ),
      ],
    },
  };
  const deniedBy = (edit: (world: World) => readonly ResourceRecord[]) => (world: World) =>
    on(island.ask, both(header({ rcode: 3 }), answers(nothing), authorities(instead(...edit(world)))))(world);
  secureUnless(
    'an island of trust below an insecure parent: denied without proof',
    island,
    deniedBy((world) => world.zone('island.example.').of('@', 'SOA')),
  );
  secureUnless(
    'an island of trust below an insecure parent: denied by the parent',
    island,
    deniedBy((world) => world.zone('example.').of('@', 'SOA')),
  );
  secureUnless(
    'an island of trust below an insecure parent: denied by the signed root',
    island,
    deniedBy((world) => [
      ...world.zone('.').of('@', 'SOA'),
      ...world.zone('.').chain.flatMap(({ records }) => world.zone('.').sign(records)),
    ]),
  );
  secureUnless(
    'an island of trust below an insecure parent: not signed',
    island,
    on(island.ask, answers(unsigned)),
  );
  secureUnless(
    'an island of trust below an insecure parent: an alias out of it',
    island,
    on(
      island.ask,
      answers(
        instead(
          record('_25._tcp.mail.island.example.', RRType.CNAME, encodeSingleName(name('www.example.'))),
        ),
      ),
    ),
  );

  secureUnless('an unsigned NSEC as the proof of a wildcard', setup, on(TLSA, authorities(unsigned)));
  secureUnless('no NSEC as the proof of a wildcard', setup, on(TLSA, authorities(nothing)));
  secureUnless('a signed RRset that is no answer', setup, (world) =>
    on(TLSA, both(answers(instead(...world.zone('example.').of('www', 'A'))), authorities(nothing)))(world),
  );
  secureUnless(
    'a signed RRset of the right name and another type',
    { ...setup, ask: 'mail.example. TLSA' },
    (world) =>
      on(
        'mail.example. TLSA',
        both(answers(instead(...world.zone('example.').of('mail', 'A'))), authorities(nothing)),
      )(world),
  );
  secureUnless('a signed alias to nowhere in particular', setup, (world) =>
    on(
      TLSA,
      answers(
        plus(record('_25._tcp.mail.example.', RRType.CNAME, encodeSingleName(name('www.example.')))),
        (records) => records.filter(({ type }) => type !== RRType.TLSA),
      ),
    )(world),
  );

  test('glue of a signed zone is no answer', async () => {
    const world = worldOf(setup);
    expect(await verdict(world, 'ns.child.example. A')).toBe('failure indeterminate');
    expect(await verdict(world, 'child.example. A')).toBe('failure indeterminate');
  });

  test('an address that glue tells does not become data', async () => {
    const world = worldOf({ zones: [{ name: 'example.', text: 'www A 192.0.2.2' }], ask: '' });
    world.network.mutate((message) =>
      message.additionals.length > 0
        ? {
            ...message,
            additionals: [...message.additionals, record('www.example.', RRType.A, encodeA('192.0.2.66'))],
          }
        : undefined,
    );
    const { records } = await world.ask('www.example.');
    expect(records.map(({ rdata }) => [...rdata])).toEqual([[192, 0, 2, 2]]);
  });
});
