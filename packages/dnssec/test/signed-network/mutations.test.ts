/**
 * Whatever is done to signed responses on their way: what comes out as secure is the zone's truth, everything else is bogus or
 * indeterminate, nothing is thrown and nothing goes on for ever. No part of this world is unsigned, so nothing may come out insecure.
 */
import {
  decodeMessage,
  encodeMessage,
  type Message,
  Name,
  type ResourceRecord,
  RRType,
  rrTypeToText,
} from '@mailanchor/dns';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_BUDGETS } from '../../src/budget.ts';
import type { Resolution } from '../../src/proof.ts';
import { question } from './forge.ts';
import { World, type WorldZone } from './world.ts';

const TEXT = `
www A 192.0.2.80
www A 192.0.2.81
_25._tcp.www TLSA 3 1 1 0011
*.wild A 192.0.2.82
x.ent A 192.0.2.83
alias CNAME www
over CNAME www.sub
tree DNAME sub
`;
const zones = (nsec3: Pick<WorldZone, 'nsec3'>): readonly WorldZone[] => [
  { name: '.', ...nsec3 },
  { name: 'example.', text: TEXT, ...nsec3 },
  { name: 'sub.example.', text: 'www A 192.0.2.90', ...nsec3 },
];
const QUESTIONS = [
  'www.example. A',
  '_25._tcp.www.example. TLSA',
  'www.example. TLSA',
  'q.wild.example. A',
  'q.wild.example. TLSA',
  'ent.example. A',
  'q.example. A',
  '_25._tcp.q.example. TLSA',
  'alias.example. A',
  'over.example. A',
  'www.tree.example. A',
  'sub.example. DS',
  'www.sub.example. A',
  'q.sub.example. A',
] as const;
const SECTIONS = ['answers', 'authorities', 'additionals'] as const;
type Section = (typeof SECTIONS)[number];

const dataOf = ({ kind, rcode, records }: Resolution) =>
  JSON.stringify([
    kind,
    rcode,
    records
      .map((record) =>
        `${record.name} ${rrTypeToText(record.type)} ${Buffer.from(record.rdata).toString('hex')}`.toLowerCase(),
      )
      .sort(),
  ]);

const section = fc.constantFrom(...SECTIONS);
const index = fc.nat({ max: 7 });
/** One change of a message. Indexes wrap around what is there. */
const mutation = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), bit: fc.nat({ max: 20_000 }) }),
  fc.record({ kind: fc.constant('drop' as const), section, index }),
  fc.record({ kind: fc.constant('double' as const), section, index }),
  fc.record({ kind: fc.constant('swap' as const), section, other: section }),
  fc.record({ kind: fc.constant('reverse' as const), section }),
  fc.record({
    kind: fc.constant('ttl' as const),
    section,
    index,
    ttl: fc.constantFrom(0, 1, 60, 86_400, 2 ** 31 - 1),
  }),
  fc.record({ kind: fc.constant('rcode' as const), rcode: fc.constantFrom(0, 1, 2, 3, 5, 9) }),
  fc.record({ kind: fc.constant('owner' as const), section, index, to: fc.nat({ max: 40 }) }),
  fc.record({
    kind: fc.constant('replay' as const),
    section,
    record: fc.nat({ max: 200 }),
    count: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    kind: fc.constant('octet' as const),
    section,
    index,
    at: fc.nat({ max: 100 }),
    value: fc.nat({ max: 255 }),
  }),
  fc.record({ kind: fc.constant('empty' as const), section }),
);
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

/** Every record that the zones sign, with its signatures, in an order that stays: what an attacker could have collected. */
function collected(world: World): ResourceRecord[] {
  return ['.', 'example.', 'sub.example.'].flatMap((zoneName) => {
    const zone = world.zone(zoneName);
    return [
      ...zone.chain.flatMap(({ records }) => zone.sign(records)),
      ...zone.chain.flatMap(({ owner }) =>
        zone.at(owner).flatMap(({ name, type }) => zone.rrset(name, type)),
      ),
    ];
  });
}

function apply(message: Message, step: Mutation, pool: readonly ResourceRecord[]): Message {
  const change = (
    at: Section,
    edit: (records: readonly ResourceRecord[]) => readonly ResourceRecord[],
  ): Message => ({ ...message, [at]: edit(message[at]) });
  const each = (
    at: Section,
    n: number,
    edit: (record: ResourceRecord) => readonly ResourceRecord[],
  ): Message =>
    change(at, (records) =>
      records.flatMap((record, i) => (i === n % records.length ? edit(record) : [record])),
    );
  switch (step.kind) {
    case 'flip': {
      const octets = Uint8Array.from(encodeMessage(message));
      const bit = step.bit % (octets.length * 8);
      octets[bit >> 3]! ^= 1 << (bit & 7);
      return decodeMessage(octets);
    }
    case 'drop':
      return each(step.section, step.index, () => []);
    case 'double':
      return each(step.section, step.index, (record) => [record, record]);
    case 'swap':
      return { ...message, [step.section]: message[step.other], [step.other]: message[step.section] };
    case 'reverse':
      return change(step.section, (records) => records.toReversed());
    case 'ttl':
      return each(step.section, step.index, (record) => [{ ...record, ttl: step.ttl }]);
    case 'rcode':
      return { ...message, rcode: step.rcode };
    case 'owner':
      return each(step.section, step.index, (record) => [
        { ...record, name: pool[(step.to * 7) % pool.length]!.name },
      ]);
    case 'replay': {
      const from = step.record % pool.length;
      return change(step.section, (records) => [...records, ...pool.slice(from, from + step.count)]);
    }
    case 'octet':
      return each(step.section, step.index, (record) => {
        const rdata = Uint8Array.from(record.rdata);
        if (rdata.length > 0) rdata[step.at % rdata.length] = step.value;
        return [{ ...record, rdata }];
      });
    case 'empty':
      return change(step.section, () => []);
  }
}

describe.each([
  ['NSEC', {}],
  ['NSEC3', { nsec3: { salt: '01' } }],
] as const)('signed responses changed at random (%s)', (_, nsec3) => {
  const truths = new Map<string, string>();
  async function truthOf(asked: string): Promise<string> {
    let truth = truths.get(asked);
    if (truth === undefined) {
      const { name, type } = question(asked);
      const resolution = await new World(zones(nsec3)).resolver.resolve(name, type);
      expect(resolution.status, asked).toBe('secure');
      truth = dataOf(resolution);
      truths.set(asked, truth);
    }
    return truth;
  }

  test('what is secure is true', { timeout: 60_000 }, async () => {
    const outcomes = { secure: 0, bogus: 0, indeterminate: 0, insecure: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...QUESTIONS),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        // Which responses, by their number: one of them, or all after the root's.
        fc.oneof(fc.nat({ max: 9 }), fc.constant('example' as const), fc.constant('asked' as const)),
        async (asked, steps, which) => {
          const { name, type } = question(asked);
          const world = new World(zones(nsec3));
          const pool = collected(world);
          let n = 0;
          world.network.mutate((message, query) => {
            const at = query.questions[0]!;
            const chosen =
              which === 'asked'
                ? at.type === type && at.name.equals(name)
                : which === 'example'
                  ? at.name.isAtOrBelow(Name.fromText('example.')) && at.type !== RRType.DNSKEY
                  : n++ === which;
            return chosen ? steps.reduce((changed, step) => apply(changed, step, pool), message) : undefined;
          });
          const truth = await truthOf(asked);
          const resolution = await world.resolver.resolve(name, type);
          outcomes[resolution.status]++;
          expect(resolution.status).not.toBe('insecure');
          if (resolution.status === 'secure') expect(dataOf(resolution)).toBe(truth);
          else expect([...resolution.records, ...resolution.answer, ...resolution.authority]).toEqual([]);
          expect(world.network.asked.length).toBeLessThanOrEqual(DEFAULT_BUDGETS.upstreamQueries);
          // What was learned on the way is no less true when the network is well again.
          world.network.heal();
          world.pass(61);
          expect(dataOf(await world.resolver.resolve(name, type))).toBe(truth);
        },
      ),
      { numRuns: 250 },
    );
    // The property says something: both came about.
    expect(outcomes.secure).toBeGreaterThan(20);
    expect(outcomes.bogus).toBeGreaterThan(20);
  });
});
