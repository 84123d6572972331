import { encodeNsec, Name, type ResourceRecord, RRType, TypeBitmap } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { holds, type Setup, secureUnless, twins, verdict, worldOf } from '../test/signed-network/cases.ts';
import {
  answers,
  authorities,
  both,
  type Change,
  flipped,
  header,
  instead,
  movedTo,
  nothing,
  on,
  plus,
  question,
  unsigned,
  without,
} from '../test/signed-network/forge.ts';
import type { SignOptions } from '../test/signed-network/sign.ts';
import type { World, WorldZone } from '../test/signed-network/world.ts';
import { TTL } from '../test/signed-network/zone.ts';

const name = (text: string) => Name.fromText(text);
const TEXT = `
a A 192.0.2.1
m A 192.0.2.2
z A 192.0.2.3
x.ent A 192.0.2.4
*.wild A 192.0.2.5
*.wild TXT "w"
real.wild A 192.0.2.6
alias CNAME m
`;
const KINDS: readonly [string, Partial<WorldZone>][] = [
  ['NSEC', {}],
  ['NSEC3', { nsec3: { salt: 'ab', iterations: 1 } }],
];

/** The records of a type in the authority section, each left out in turn, and each spoiled in turn. */
function denialsOf(world: World, asked: string): Promise<number> {
  const { name: owner, type } = question(asked);
  return world.resolver.resolve(owner, type).then(({ authority }) => authority.filter(isProof).length);
}
const isProof = ({ type }: ResourceRecord) => type === RRType.NSEC || type === RRType.NSEC3;
const edited =
  (n: number, edit: (record: ResourceRecord) => ResourceRecord | undefined): Change =>
  (world) => {
    world.network.mutate((message) => {
      let seen = 0;
      const authorities = message.authorities.flatMap((record) =>
        isProof(record) && seen++ === n ? (edit(record) ?? []) : record,
      );
      return message.authorities.some(isProof) ? { ...message, authorities } : undefined;
    }, '192.0.2.2');
  };
const spoiled = (record: ResourceRecord): ResourceRecord => {
  const rdata = Uint8Array.from(record.rdata);
  rdata[rdata.length - 1]! ^= 1;
  return { ...record, rdata };
};

/** A denial holds, and does not with any one of its proofs left out or changed. */
function denial(title: string, setup: Setup, expected: string): void {
  test(title, async () => {
    const verdictOf = async (change: Change) => {
      const world = worldOf(setup);
      change(world);
      const { name: owner, type } = question(setup.ask);
      const { kind, status } = await world.resolver.resolve(owner, type);
      return `${kind} ${status}`;
    };
    expect(await verdictOf(() => {})).toBe(expected);
    const needed = await denialsOf(worldOf(setup), setup.ask);
    expect(needed).toBeGreaterThan(0);
    for (let n = 0; n < needed; n++) {
      expect(await verdictOf(edited(n, () => undefined)), `without proof ${n}`).toBe('failure bogus');
      expect(await verdictOf(edited(n, spoiled)), `proof ${n} changed`).toBe('failure bogus');
    }
    expect(
      await verdictOf((world) =>
        world.network.mutate(
          (message) => ({ ...message, authorities: unsigned(message.authorities) }),
          '192.0.2.2',
        ),
      ),
      'not signed',
    ).toBe('failure bogus');
    expect(
      await verdictOf((world) =>
        world.network.mutate(
          (message) => ({ ...message, authorities: without('NSEC', 'NSEC3')(message.authorities) }),
          '192.0.2.2',
        ),
      ),
      'no proofs',
    ).toBe('failure bogus');
    expect(
      await verdictOf((world) =>
        world.network.mutate(
          (message) =>
            message.authorities.some(({ type }) => type === RRType.SOA)
              ? { ...message, authorities: flipped('SOA')(message.authorities) }
              : undefined,
          '192.0.2.2',
        ),
      ),
      'SOA changed',
    ).toBe('failure bogus');
  });
}

describe.each(KINDS)('rule 5: denial by %s', (kind, options) => {
  const nsec = kind === 'NSEC';
  const ask = (asked: string, more: Partial<WorldZone> = {}): Setup => ({
    zones: [{ name: 'example.', text: TEXT, ...options, ...more }],
    ask: asked,
  });

  denial('rule 5: no such name', ask('q.example. A'), 'nxdomain secure');
  denial('rule 5: no such name, two labels deep', ask('r.q.example. A'), 'nxdomain secure');
  denial('rule 5: no such name after the last', ask('zz.example. A'), 'nxdomain secure');
  denial('rule 5: no such type', ask('m.example. TLSA'), 'nodata secure');
  denial('rule 5: no such type at the apex', ask('example. TLSA'), 'nodata secure');
  denial('rule 5: empty non-terminal', ask('ent.example. A'), 'nodata secure');
  denial('rule 5: DS of a name inside', ask('m.example. DS'), 'nodata secure');
  denial('rule 5: no such type at the wildcard', ask('q.wild.example. TLSA'), 'nodata secure');
  denial('rule 5: no such type at the wildcard itself', ask('*.wild.example. TLSA'), 'nodata secure');

  const wild = ask('q.wild.example. A');
  holds('rule 5: wildcard', wild, 'answer secure');
  holds('rule 5: wildcard, three labels deep', ask('s.r.q.wild.example. A'), 'answer secure');
  holds('rule 5: wildcard asked by its own name', ask('*.wild.example. A'), 'answer secure');
  secureUnless('rule 5: wildcard without proof', wild, on(wild.ask, authorities(nothing)));
  secureUnless('rule 5: wildcard whose proof is not signed', wild, on(wild.ask, authorities(unsigned)));
  secureUnless('rule 5: wildcard whose proof is forged', wild, on(wild.ask, authorities(flipped(kind))));
  secureUnless('rule 5: wildcard with the proof of another name', wild, (world) =>
    on(
      wild.ask,
      authorities(instead(...world.zone('example.').covering(name(nsec ? 'n.example.' : 'nnn.example.')))),
    )(world),
  );
  secureUnless(
    'rule 5: wildcard in the place of a name that exists',
    ask('real.wild.example. A'),
    (world) => {
      const expanded = movedTo('real.wild.example.')(world.zone('example.').of('*.wild', 'A'));
      const proofs = ['q', 'zz', 'real', 'a'].flatMap((label) =>
        world.zone('example.').covering(name(`${label}.wild.example.`)),
      );
      on(
        'real.wild.example. A',
        both(
          answers(instead(...expanded)),
          authorities(instead(...proofs, ...world.zone('example.').matching(name('real.wild.example.')))),
        ),
      )(world);
    },
  );
  secureUnless('rule 5: wildcard below a name that exists', ask('q.real.wild.example. A'), (world) => {
    const expanded = movedTo('q.real.wild.example.')(world.zone('example.').of('*.wild', 'A'));
    const proof = world.zone('example.').covering(name('q.real.wild.example.'));
    on(
      'q.real.wild.example. A',
      both(header({ rcode: 0 }), answers(instead(...expanded)), authorities(instead(...proof))),
    )(world);
  });

  const denied =
    (asked: string, owner: string, rcode: number): Change =>
    (world) => {
      const zone = world.zone('example.');
      const records = [
        ...zone.of('@', 'SOA'),
        ...zone.matching(name(owner)),
        ...zone.covering(name(owner)),
        ...zone.matching(name('example.')),
      ];
      on(asked, both(header({ rcode }), answers(nothing), authorities(instead(...records))))(world);
    };
  secureUnless(
    'rule 5: NODATA for a type that is there',
    ask('m.example. A'),
    denied('m.example. A', 'm.example.', 0),
  );
  secureUnless(
    'rule 5: NXDOMAIN for a name that is there',
    ask('m.example. A'),
    denied('m.example. A', 'm.example.', 3),
  );
  secureUnless(
    'rule 5: NODATA by the proof of another name',
    ask('m.example. A'),
    denied('m.example. A', 'z.example.', 0),
  );
  secureUnless(
    'rule 5: NXDOMAIN by the proof of another name',
    ask('m.example. A'),
    denied('m.example. A', 'q.example.', 3),
  );
  secureUnless(
    'rule 5: NODATA where there is an alias',
    ask('alias.example. A'),
    denied('alias.example. A', 'alias.example.', 0),
  );
  secureUnless(
    'rule 5: NODATA of ANY where there is something',
    ask('m.example. ANY'),
    denied('m.example. ANY', 'm.example.', 0),
  );
  secureUnless(
    'rule 5: NODATA of a name that does not exist',
    ask('q.example. A'),
    on('q.example. A', header({ rcode: 0 })),
  );
  secureUnless('rule 5: NXDOMAIN where a wildcard would answer', wild, (world) => {
    const zone = world.zone('example.');
    const records = [
      ...zone.of('@', 'SOA'),
      ...zone.matching(name('wild.example.')),
      ...zone.covering(name('q.wild.example.')),
    ];
    on(wild.ask, both(header({ rcode: 3 }), answers(nothing), authorities(instead(...records))))(world);
  });
  secureUnless(
    'rule 5: a signed RRset that has nothing to do with the question',
    ask('m.example. A'),
    (world) => on('m.example. A', answers(instead(...world.zone('example.').of('a', 'A'))))(world),
  );
  secureUnless('rule 5: a signed RRset of the name and another type', ask('q.wild.example. TLSA'), (world) =>
    on(
      'q.wild.example. TLSA',
      both(
        answers(instead(...movedTo('q.wild.example.')(world.zone('example.').of('*.wild', 'TXT')))),
        authorities(nothing),
      ),
    )(world),
  );
  twins(
    'rule 5: NXDOMAIN said of an empty non-terminal, NODATA proven',
    ask('ent.example. A'),
    'nodata secure',
    on('ent.example. A', header({ rcode: 3 })),
    'nodata secure',
  );

  const parent: Setup = {
    zones: [
      { name: 'example.', text: TEXT, ...options },
      { name: 'sub.example.', text: 'www A 192.0.2.9', ...options },
    ],
    ask: 'www.sub.example. A',
  };
  const byParent =
    (asked: string, rcode: number, ...owners: readonly string[]): Change =>
    (world) => {
      const zone = world.zone('example.');
      const proofs = owners.flatMap((owner) => [
        ...zone.matching(name(owner)),
        ...zone.covering(name(owner)),
      ]);
      on(
        asked,
        both(
          header({ rcode, aa: true }),
          answers(nothing),
          authorities(instead(...zone.of('@', 'SOA'), ...proofs)),
        ),
      )(world);
    };
  const everything = ['example.', 'sub.example.', 'www.sub.example.', '*.sub.example.', '*.example.'];
  secureUnless(
    'rule 4: an ancestor denies the name of a child',
    parent,
    byParent(parent.ask, 3, ...everything),
  );
  secureUnless(
    'rule 4: an ancestor denies the data of a child',
    parent,
    byParent(parent.ask, 0, ...everything),
  );
  secureUnless(
    'rule 4: the record of a delegation denies the data of its child',
    { ...parent, ask: 'sub.example. SOA' },
    byParent('sub.example. SOA', 0, 'sub.example.'),
  );
  test('rule 4: DS signed by the child itself', async () => {
    const world = worldOf(parent);
    // Referrals say nothing of the DS: it has to be asked for, by the chain first and then as a question.
    world.network.mutate(
      (message) => ({ ...message, authorities: without('DS')(message.authorities) }),
      '192.0.2.2',
    );
    expect(await verdict(world, 'www.sub.example. A')).toBe('answer secure');
    const ds = world.zone('example.').get(name('sub.example.'), RRType.DS)!;
    on('sub.example. DS', answers(instead(...world.zone('sub.example.').sign(ds))))(world);
    expect(await verdict(world, 'sub.example. DS')).toBe('failure bogus');
  });
  twins(
    'rule 4: DS denied by the apex of the child',
    { ...parent, ask: 'sub.example. DS' },
    'answer secure',
    (world) => {
      world.network.mutate(
        (message) => ({ ...message, authorities: without('DS')(message.authorities) }),
        '192.0.2.2',
      );
      on(
        'sub.example. DS',
        both(
          answers(nothing),
          authorities(
            instead(
              ...world.zone('sub.example.').of('@', 'SOA'),
              ...world.zone('sub.example.').matching(name('sub.example.')),
            ),
          ),
        ),
      )(world);
    },
    'failure bogus',
  );
});

describe('rule 5: records that speak of more than they may', () => {
  const setup: Setup = { zones: [{ name: 'example.', text: TEXT }], ask: 'm.example. A' };
  const { A, NS, DNAME, NSEC, RRSIG } = RRType;
  /** NXDOMAIN of `asked` by one NSEC that the zone would sign. */
  const by =
    (asked: string, owner: string, next: string, types: readonly number[], sign: SignOptions = {}): Change =>
    (world) => {
      const zone = world.zone('example.');
      const records = {
        name: name(owner),
        type: NSEC,
        ttl: TTL,
        rdatas: [encodeNsec({ next: name(next), types: TypeBitmap.of(types) })],
      };
      on(
        asked,
        both(
          header({ rcode: 3 }),
          answers(nothing),
          authorities(
            instead(...zone.of('@', 'SOA'), ...zone.matching(name('example.')), ...zone.sign(records, sign)),
          ),
        ),
      )(world);
    };
  const denied = (title: string, asked: string, change: Change, forged: string) =>
    twins(title, { ...setup, ask: asked }, 'answer secure', change, forged);
  denied(
    'rule 5: a span over the name (what the zone signs is believed)',
    'm.example. A',
    by('m.example. A', 'b.example.', 'n.example.', [A, NSEC, RRSIG]),
    'nxdomain secure',
  );
  denied(
    'rule 5: a span that ends at the name',
    'm.example. A',
    by('m.example. A', 'b.example.', 'm.example.', [A, NSEC, RRSIG]),
    'failure bogus',
  );
  denied(
    'rule 5: a span that begins at the name',
    'm.example. A',
    by('m.example. A', 'm.example.', 'n.example.', [A, NSEC, RRSIG]),
    'failure bogus',
  );
  denied(
    'rule 5: a span that ends below the name',
    'm.example. A',
    by('m.example. A', 'b.example.', 'x.m.example.', [A, NSEC, RRSIG]),
    'nodata secure',
  );
  denied(
    'rule 5: a span that ends outside of the zone',
    'm.example. A',
    by('m.example. A', 'b.example.', 'n.com.', [A, NSEC, RRSIG]),
    'failure bogus',
  );
  denied(
    'rule 5: a span from above a zone cut',
    'x.ent.example. A',
    by('x.ent.example. A', 'ent.example.', 'f.example.', [NS, NSEC, RRSIG]),
    'failure bogus',
  );
  denied(
    'rule 5: a span from a DNAME',
    'x.ent.example. A',
    by('x.ent.example. A', 'ent.example.', 'f.example.', [DNAME, NSEC, RRSIG]),
    'failure bogus',
  );
  denied(
    'rule 5: a span from a wildcard',
    'm.example. A',
    by('m.example. A', 'b.example.', 'n.example.', [A, NSEC, RRSIG], { labels: 1 }),
    'failure bogus',
  );
});

describe('rule 5: opt-out', () => {
  const optOut: Partial<WorldZone> = { nsec3: { optOut: true } };
  const zones: readonly WorldZone[] = [
    { name: 'example.', text: TEXT, ...optOut },
    { name: 'plain.example.', text: 'www A 192.0.2.9', keys: [] },
  ];
  holds(
    'rule 5: an unsigned delegation under opt-out',
    { zones, ask: 'www.plain.example. A' },
    'answer insecure',
  );
  holds('rule 5: DS of it', { zones, ask: 'plain.example. DS' }, 'nodata insecure');
  holds('rule 5: NXDOMAIN is never secure', { zones, ask: 'q.example. A' }, 'nxdomain insecure');
  holds('rule 5: wildcards are never secure', { zones, ask: 'q.wild.example. A' }, 'answer insecure');
  holds(
    'rule 5: NODATA of a wildcard is never secure',
    { zones, ask: 'q.wild.example. TLSA' },
    'nodata insecure',
  );
  holds(
    'rule 5: NODATA of a name that is there is secure',
    { zones, ask: 'm.example. TLSA' },
    'nodata secure',
  );
  holds('rule 5: data is secure', { zones, ask: 'm.example. A' }, 'answer secure');
  twins(
    'rule 5: without opt-out the same is secure',
    { zones, ask: 'q.example. A' },
    'nxdomain insecure',
    () => {},
    'nxdomain insecure',
  );
  secureUnless(
    'rule 5: an opt-out span does not make signed data insecure',
    { zones, ask: 'm.example. A' },
    (world) => {
      const zone = world.zone('example.');
      on(
        'm.example. A',
        both(
          answers(unsigned),
          authorities(plus(...zone.covering(name('q.example.')), ...zone.matching(name('example.')))),
        ),
      )(world);
    },
  );
});

describe('rule 16: iterations', () => {
  const at = (iterations: number, ask: string, more: Partial<Setup> = {}): Setup => ({
    zones: [{ name: 'example.', text: TEXT, nsec3: { iterations } }],
    ask,
    ...more,
  });
  holds('rule 16: 50', at(50, 'q.example. A'), 'nxdomain secure');
  holds('rule 16: 51', at(51, 'q.example. A'), 'nxdomain insecure');
  holds('rule 16: 51, NODATA', at(51, 'm.example. TLSA'), 'nodata insecure');
  holds('rule 16: 51, wildcard', at(51, 'q.wild.example. A'), 'answer insecure');
  holds('rule 16: 51, data that needs no proof', at(51, 'm.example. A'), 'answer secure');
  holds('rule 16: 500', at(500, 'q.example. A'), 'nxdomain insecure');
  holds('rule 16: 501', at(501, 'q.example. A'), 'failure bogus');
  holds(
    'rule 16: a lower cap by the setting',
    at(1, 'q.example. A', { options: { nsec3Iterations: 0 } }),
    'nxdomain insecure',
  );
  secureUnless('rule 16: an unsigned record with many iterations', at(0, 'm.example. A'), (world) => {
    const other = worldOf(at(51, 'm.example. A')).zone('example.');
    on(
      'm.example. A',
      both(answers(unsigned), authorities(plus(...unsigned(other.matching(name('m.example.')))))),
    )(world);
  });
});
