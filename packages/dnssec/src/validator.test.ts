import { encodeA, encodeSingleName, Name, type ResourceRecord, RRType } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { holds, type Setup, secureUnless, twins, worldOf } from '../test/signed-network/cases.ts';
import {
  all,
  answers,
  authorities,
  type Change,
  instead,
  on,
  question,
  unsigned,
} from '../test/signed-network/forge.ts';
import type { SignOptions } from '../test/signed-network/sign.ts';
import type { World, WorldZone } from '../test/signed-network/world.ts';
import { NEGATIVE_TTL, TTL } from '../test/signed-network/zone.ts';

const name = (text: string) => Name.fromText(text);
describe('rule 6: aliases', () => {
  const text = `
m A 192.0.2.2
one CNAME two
two CNAME m
out CNAME m.plain.
back CNAME there.other.
lost CNAME gone
tree DNAME wood
x.wood A 192.0.2.7
leaf CNAME y.tree
y.wood CNAME m
*.wild CNAME m
self CNAME self
ring CNAME ring2
ring2 CNAME ring
`;
  const zones: readonly WorldZone[] = [
    { name: 'example.', text },
    { name: 'plain.', text: 'm A 192.0.2.8\nback CNAME m.example.', keys: [] },
    { name: 'other.', text: 'there CNAME m.example.\nspoiled CNAME m.example.' },
  ];
  const ask = (asked: string): Setup => ({ zones, ask: asked });
  const links = async (setup: Setup, change: Change = () => {}) => {
    const world = worldOf(setup);
    change(world);
    const { name: owner, type } = question(setup.ask);
    const { status, aliases, canonicalName } = await world.resolver.resolve(owner, type);
    return [
      status,
      ...aliases.map((link) => `${link.kind} ${link.owner} ${link.status}`),
      String(canonicalName),
    ].join(', ');
  };

  const chains: readonly [string, string][] = [
    ['one.example. A', 'secure, CNAME one.example. secure, CNAME two.example. secure, m.example.'],
    ['out.example. A', 'insecure, CNAME out.example. secure, m.plain.'],
    ['back.plain. A', 'insecure, CNAME back.plain. insecure, m.example.'],
    ['back.example. A', 'secure, CNAME back.example. secure, CNAME there.other. secure, m.example.'],
    ['x.tree.example. A', 'secure, DNAME x.tree.example. secure, x.wood.example.'],
    [
      'leaf.example. A',
      'secure, CNAME leaf.example. secure, DNAME y.tree.example. secure, CNAME y.wood.example. secure, m.example.',
    ],
    ['q.wild.example. A', 'secure, CNAME q.wild.example. secure, m.example.'],
    ['lost.example. A', 'secure, CNAME lost.example. secure, gone.example.'],
    ['one.example. CNAME', 'secure, one.example.'],
    ['x.tree.example. CNAME', 'secure, x.tree.example.'],
  ];
  test.each(chains)('rule 6: %s', async (asked, expected) => {
    expect(await links(ask(asked))).toBe(expected);
  });

  holds('rule 6: the target does not exist', ask('lost.example. A'), 'nxdomain secure');
  holds('rule 6: the target has no such type', ask('one.example. TLSA'), 'nodata secure');
  holds('rule 6: an alias of itself', ask('self.example. A'), 'failure bogus');
  holds('rule 6: aliases in a circle', ask('ring.example. A'), 'failure bogus');

  const q = ask('one.example. A');
  const edit = (edits: (records: readonly ResourceRecord[]) => readonly ResourceRecord[]) =>
    on(q.ask, answers(edits));
  const unsignedAt = (owner: string) => (records: readonly ResourceRecord[]) =>
    records.filter((record) => record.type !== RRType.RRSIG || !record.name.equals(name(owner)));
  secureUnless('rule 6: the first link not signed', q, edit(unsignedAt('one.example.')));
  twins(
    'rule 6: a later link not signed is asked for by itself',
    q,
    'answer secure',
    edit(unsignedAt('two.example.')),
    'answer secure',
  );
  secureUnless(
    'rule 6: a later link never signed',
    q,
    all(edit(unsignedAt('two.example.')), on('two.example. A', answers(unsignedAt('two.example.')))),
  );
  secureUnless(
    'rule 6: the data never signed',
    q,
    all(edit(unsignedAt('m.example.')), on('m.example. A', answers(unsigned))),
  );
  const redirected = (target: string) => (records: readonly ResourceRecord[]) =>
    records.map((record) =>
      record.type === RRType.CNAME ? { ...record, rdata: encodeSingleName(name(target)) } : record,
    );
  secureUnless('rule 6: another target', q, edit(redirected('z.example.')));
  secureUnless(
    'rule 6: two targets',
    q,
    edit((records) => [{ ...records[0]!, rdata: encodeSingleName(name('z.example.')) }, ...records]),
  );

  const d = ask('x.tree.example. A');
  const cnameOnly = (records: readonly ResourceRecord[]) =>
    records.filter((record) => record.type !== RRType.DNAME && record.type !== RRType.RRSIG);
  secureUnless(
    'rule 6: a synthesised CNAME of another target',
    d,
    on(d.ask, answers(redirected('m.example.'))),
  );
  secureUnless('rule 6: a synthesised CNAME without its DNAME', d, on(d.ask, answers(cnameOnly)));
  secureUnless('rule 6: a DNAME not signed', d, on(d.ask, answers(unsignedAt('tree.example.'))));
  secureUnless(
    'rule 6: a DNAME of another target',
    d,
    on(
      d.ask,
      answers((records) =>
        records.flatMap((record) =>
          record.type === RRType.CNAME
            ? []
            : record.type === RRType.DNAME
              ? { ...record, rdata: encodeSingleName(name('example.')) }
              : record,
        ),
      ),
    ),
  );
  twins(
    'rule 6: a DNAME without its CNAME',
    d,
    'answer secure',
    on(
      d.ask,
      answers((records) => records.filter((record) => record.type !== RRType.CNAME)),
    ),
    'answer secure',
  );
  secureUnless('rule 6: a DNAME from a wildcard', d, (world) => {
    const records = {
      name: name('tree.example.'),
      type: RRType.DNAME,
      ttl: TTL,
      rdatas: [encodeSingleName(name('wood.example.'))],
    };
    on(d.ask, answers(instead(...world.zone('example.').sign(records, { labels: 1 }))))(world);
  });

  test('rule 6: a chain of eleven ends in an answer, one of twelve does not', async () => {
    const long = Array.from({ length: 12 }, (_, i) => `c${i} CNAME c${i + 1}`).join('\n');
    const world = worldOf({ zones: [{ name: 'example.', text: `${long}\nc12 A 192.0.2.1` }], ask: '' });
    expect(await world.ask('c1.example.')).toMatchObject({ kind: 'answer', status: 'secure' });
    expect(await world.ask('c0.example.')).toMatchObject({
      kind: 'failure',
      status: 'indeterminate',
      rcode: 2,
      reason: { text: 'more than 11 aliases from c0.example.' },
    });
  });
});

describe('rule 13: how long answers are kept', () => {
  const setup: Setup = { zones: [{ name: 'example.', text: 'm A 192.0.2.2' }], ask: '' };
  const ttlOf = async (asked: string, change: Change = () => {}) => {
    const world = worldOf(setup);
    change(world);
    const { name: owner, type } = question(asked);
    return (await world.resolver.resolve(owner, type)).ttl;
  };
  const resigned =
    (asked: string, sign: SignOptions, edit = (record: ResourceRecord) => record): Change =>
    (world) => {
      const zone = world.zone('example.');
      const { name: owner, type } = question(asked);
      on(
        asked,
        answers(() => zone.sign(zone.get(owner, type)!, sign).map(edit)),
      )(world);
    };
  const A = 'm.example. A';
  const seconds = (world: World) => world.network.now / 1000;
  const cases: readonly [string, string, Change, number][] = [
    ['the TTL', A, () => {}, TTL],
    ['the original TTL', A, resigned(A, { originalTtl: 100 }), 100],
    [
      'the smallest TTL',
      A,
      on(
        A,
        answers((records) => records.map((record, i) => ({ ...record, ttl: 50 + i }))),
      ),
      50,
    ],
    [
      'what is left of the signature',
      A,
      (world) => resigned(A, { expiration: seconds(world) + 77 })(world),
      77,
    ],
    [
      'the TTL of the RRset, whatever its signature has',
      A,
      resigned(A, {}, (record) => (record.type === RRType.RRSIG ? { ...record, ttl: 1 } : record)),
      TTL,
    ],
    [
      'a day at most',
      A,
      (world) => {
        world
          .zone('example.')
          .put({ name: name('m.example.'), type: RRType.A, ttl: 999_999, rdatas: [encodeA('192.0.2.1')] });
      },
      86_400,
    ],
    ['the minimum of the SOA', 'q.example. A', () => {}, NEGATIVE_TTL],
    [
      'the minimum of the SOA, below its TTL and that of the NSEC',
      'q.example. A',
      (world) => {
        const zone = world.zone('example.');
        zone.remove(zone.name, RRType.SOA);
        zone.add('@ SOA ns1 hostmaster 1 7200 3600 86400 77');
      },
      77,
    ],
    [
      'the TTL of the SOA',
      'q.example. A',
      on(
        'q.example. A',
        authorities((records) =>
          records.map((record) => (record.type === RRType.SOA ? { ...record, ttl: 30 } : record)),
        ),
      ),
      30,
    ],
    [
      'the TTL of the NSEC',
      'q.example. A',
      on(
        'q.example. A',
        authorities((records) =>
          records.map((record) => (record.type === RRType.NSEC ? { ...record, ttl: 40 } : record)),
        ),
      ),
      40,
    ],
    ['bogus: 60 seconds', A, on(A, answers(unsigned)), 60],
  ];
  test.each(cases)('rule 13: %s', async (_, asked, change, expected) => {
    expect(await ttlOf(asked, change)).toBe(expected);
  });
});
