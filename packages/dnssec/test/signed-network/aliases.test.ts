/** Aliases that lead nowhere: names that become too long, circles, and what a client is told of them. */
import { Name, Rcode, RRType, recordToText } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { worldOf } from './cases.ts';
import { answers, authorities, both, type Change, type Edit, flipped, on, unsigned } from './forge.ts';
import type { WorldZone } from './world.ts';

const LABEL = 'l'.repeat(60);
const LONG = `${LABEL}.${LABEL}.${LABEL}.target.example.`;
const ASKED = `${'q'.repeat(60)}.tree`;

describe('rule 6: a DNAME that makes too long a name', () => {
  const text = `tree DNAME ${LONG}\nway CNAME ${ASKED}\n`;
  const signed: readonly WorldZone[] = [{ name: 'example.', text }];
  const plain: readonly WorldZone[] = [{ name: 'example.', text, keys: [] }];
  const asked = `${ASKED}.example. A`;
  const ask = async (zones: readonly WorldZone[], question: string, change?: Change) => {
    const world = worldOf({ zones, ask: question, ...(change && { change }) });
    const [name, type] = question.split(' ');
    return world.ask(name!, type!);
  };

  test.each([
    ['signed', signed, asked, ['DNAME', 'RRSIG']],
    ['unsigned', plain, asked, ['DNAME']],
    ['behind an alias', signed, 'way.example. A', ['CNAME', 'RRSIG', 'DNAME', 'RRSIG']],
  ])('rule 6: %s: YXDOMAIN, and no data', async (_, zones, question, types) => {
    const resolution = await ask(zones, question);
    expect(resolution).toMatchObject({
      kind: 'failure',
      status: 'indeterminate',
      rcode: Rcode.YXDOMAIN,
      records: [],
      answer: [],
    });
    const told = resolution.kind === 'failure' ? (resolution.overlong ?? []) : [];
    expect(told.map((record) => recordToText(record).split(' ')[3])).toEqual(types);
  });

  test.each([
    ['not signed', on(asked, answers(unsigned))],
    ['forged', on(asked, answers(flipped('DNAME', 5)))],
  ])('rule 6: %s where it ought to be: bogus, and nothing is told of it', async (_, change) => {
    const resolution = await ask(signed, asked, change);
    expect(resolution).toMatchObject({ kind: 'failure', status: 'bogus', rcode: Rcode.SERVFAIL });
    expect(resolution).not.toHaveProperty('overlong');
  });

  test('rule 6: YXDOMAIN without a reason is a failure of the server', async () => {
    const change = on(asked, (message) => ({ ...message, answers: [] }));
    expect(await ask(plain, asked, change)).toMatchObject({
      kind: 'failure',
      status: 'indeterminate',
      rcode: Rcode.YXDOMAIN,
      reason: { text: expect.stringMatching(/answers YXDOMAIN/) },
    });
  });

  test('rule 6: unchecked, it is told as it is', async () => {
    const world = worldOf({ zones: signed, ask: asked });
    const name = Name.fromText(`${ASKED}.example.`);
    const { rcode, answer } = await world.resolver.resolveUnchecked(name, RRType.A);
    expect(rcode).toBe(Rcode.YXDOMAIN);
    expect(answer.map(({ type }) => type)).toEqual([RRType.DNAME, RRType.RRSIG]);
  });
});

describe('rule 6: a question for a CNAME that leads nowhere', () => {
  const zones: readonly WorldZone[] = [
    { name: 'example.', text: 'lost CNAME gone.example.\nout CNAME gone.other.\ntree DNAME wood' },
    { name: 'other.' },
  ];
  /** The server goes on to where it leads, though nobody asked, and says what it finds there. */
  const overdone =
    (asked: string, zoneName: string, target: string, ...edits: readonly Edit[]): Change =>
    (world) => {
      const zone = world.zone(zoneName);
      const proofs = [target, `*.${zoneName}`].flatMap((name) => zone.covering(Name.fromText(name)));
      const authority = [...zone.of('@', 'SOA'), ...proofs];
      on(
        asked,
        both(
          (message) => ({ ...message, rcode: Rcode.NXDOMAIN }),
          authorities(() => authority, ...edits),
        ),
      )(world);
    };
  test.each<[string, string, Change | undefined, number]>([
    ['the server says nothing of that', 'lost.example. CNAME', undefined, Rcode.NOERROR],
    [
      'proven',
      'lost.example. CNAME',
      overdone('lost.example. CNAME', 'example.', 'gone.example.'),
      Rcode.NXDOMAIN,
    ],
    [
      'proven, in another zone',
      'out.example. CNAME',
      overdone('out.example. CNAME', 'other.', 'gone.other.'),
      Rcode.NXDOMAIN,
    ],
    [
      'proven, of a DNAME',
      'q.tree.example. CNAME',
      overdone('q.tree.example. CNAME', 'example.', 'q.wood.example.'),
      Rcode.NXDOMAIN,
    ],
    [
      'not proven',
      'lost.example. CNAME',
      overdone('lost.example. CNAME', 'example.', 'gone.example.', unsigned),
      Rcode.NOERROR,
    ],
    [
      'forged',
      'out.example. CNAME',
      overdone('out.example. CNAME', 'other.', 'gone.other.', flipped('NSEC')),
      Rcode.NOERROR,
    ],
  ])('rule 6: %s', async (_, asked, change, rcode) => {
    const [name, type] = asked.split(' ');
    const world = worldOf({ zones, ask: asked, ...(change && { change }) });
    const resolution = await world.ask(name!, type!);
    expect(resolution).toMatchObject({ kind: 'answer', status: 'secure', rcode });
    expect(resolution.records).toHaveLength(1);
    const proofs = resolution.authority.filter(({ type }) => type === RRType.SOA || type === RRType.NSEC);
    expect(proofs.length > 0).toBe(rcode === Rcode.NXDOMAIN);
    // Nobody asked for the target: from the cache it is the CNAME alone.
    expect(await world.ask(name!, type!)).toMatchObject({ kind: 'answer', rcode: Rcode.NOERROR });
  });
});

describe('rule 6: aliases in a circle', () => {
  const text = 'ring CNAME ring2\nring2 CNAME ring\nacross CNAME across.plain.';
  const zones: readonly WorldZone[] = [
    { name: 'example.', text },
    {
      name: 'plain.',
      text: `${text}\nacross CNAME across.example.`.replace('across CNAME across.plain.\n', ''),
      keys: [],
    },
  ];
  test.each([
    ['signed all the way: the zone is wrong', 'ring.example.', 'bogus'],
    ['not signed: no answer', 'ring.plain.', 'indeterminate'],
    ['signed in part: no answer', 'across.example.', 'indeterminate'],
  ])('rule 6: %s', async (_, name, status) => {
    const resolution = await worldOf({ zones, ask: `${name} A` }).ask(name);
    expect(resolution).toMatchObject({ kind: 'failure', status, rcode: Rcode.SERVFAIL });
    expect(resolution.kind === 'failure' && resolution.reason.text).toMatch(/lead in a circle/);
  });
});

test('signatures by themselves cannot be proven, and that is said', async () => {
  const world = worldOf({ zones: [{ name: 'example.', text: 'www A 192.0.2.1' }], ask: 'www.example. A' });
  expect(await world.ask('www.example.', 'RRSIG')).toMatchObject({
    kind: 'failure',
    status: 'indeterminate',
    reason: { text: expect.stringMatching(/ask for the type/) },
  });
  expect(world.network.log()).toEqual([]);
});
