import { Name, RRType, rrTypeFromText } from '@mailanchor/dns';
import { expect, test } from 'vitest';
import { answers, flipped, on } from '../../test/signed-network/forge.ts';
import { World, type WorldOptions, type WorldZone } from '../../test/signed-network/world.ts';
import { DnssecError } from '../errors.ts';
import type { Resolution } from '../proof.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';

const EXAMPLE: WorldZone = {
  name: 'example.',
  text: 'www A 192.0.2.80\nalias CNAME www\nbad A 192.0.2.81\n*.wild A 192.0.2.82\ntree DNAME www\nshort 60 A 192.0.2.83',
};
const PLAIN: WorldZone = { name: 'plain.', text: 'www A 198.51.100.1', keys: [] };
const ASKED: readonly [string, string][] = [
  ['www.example.', 'A'],
  ['alias.example.', 'A'],
  ['www.example.', 'TXT'],
  ['nothing.example.', 'A'],
  ['x.wild.example.', 'A'],
  ['x.tree.example.', 'A'],
  ['www.plain.', 'A'],
  ['example.', 'DS'],
];

const world = (options: WorldOptions = {}) => new World([EXAMPLE, PLAIN], options);
/** Another process: nothing of the first but the octets; no server answers. */
const heir = (octets: Uint8Array, from: World, options: WorldOptions = {}) => {
  const later = world(options);
  later.network.now = from.network.now;
  later.network.mutate(() => 'silent');
  return { later, restored: () => later.resolver.restore(octets) };
};
const refusal = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(DnssecError);
    return (error as DnssecError).code;
  }
  return 'taken';
};
const told = ({ kind, status, answer, authority, chain, reason, aliases }: Resolution) => ({
  kind,
  status,
  answer,
  authority,
  chain: chain.map(({ ds, proof: _, ...link }) => ({
    ...link,
    ds: ds.map(({ keyTag, digestType }) => [keyTag, digestType]),
  })),
  reason,
  aliases,
});

test('what one process has proven, the next one knows: status, records, chain', async () => {
  const first = world();
  const before = new Map<string, object>();
  for (const [name, type] of ASKED) before.set(`${name} ${type}`, told(await first.ask(name, type)));
  const { later, restored } = heir(first.resolver.snapshot(), first);
  expect(restored()).toBeGreaterThanOrEqual(ASKED.length);
  later.network.log();
  for (const [name, type] of ASKED) {
    expect(told(await later.ask(name, type)), `${name} ${type}`).toEqual(before.get(`${name} ${type}`));
  }
  expect(later.network.log()).toEqual([]);
});

test('time between the two counts; what has expired stays away', async () => {
  const first = world();
  await first.ask('www.example.');
  await first.ask('short.example.');
  first.pass(100);
  const octets = first.resolver.snapshot();
  first.pass(1000);
  const { later, restored } = heir(octets, first);
  expect(restored()).toBe(1);
  const answer = await later.ask('www.example.');
  expect(answer).toMatchObject({ status: 'secure', ttl: 2500 });
  expect(answer.answer.map(({ ttl }) => ttl)).toEqual([2500, 2500]);
  later.pass(2500);
  expect((await later.ask('www.example.')).kind).toBe('failure');
});

test('a snapshot from the future is refused: nobody knows what has expired', async () => {
  const first = world();
  await first.ask('www.example.');
  const octets = first.resolver.snapshot();
  first.pass(-3600);
  expect(refusal(heir(octets, first).restored)).toBe('snapshot-clock');
});

test('bogus answers stay behind', async () => {
  const first = world();
  on('bad.example. A', answers(flipped('A')))(first);
  expect((await first.ask('bad.example.')).status).toBe('bogus');
  expect(heir(first.resolver.snapshot(), first).restored()).toBe(0);
});

test('damage anywhere is found, and nothing is taken', async () => {
  const first = world();
  await first.ask('www.example.');
  const whole = first.resolver.snapshot();
  expect(refusal(heir(whole, first).restored)).toBe('taken');
  for (let at = 0; at < whole.length; at += 7) {
    const octets = Uint8Array.from(whole);
    octets[at]! ^= 0x10;
    expect(refusal(heir(octets, first).restored), `octet ${at}`).toBe(
      at < 18 ? 'snapshot-foreign' : 'snapshot-damaged',
    );
  }
  for (const length of [0, 10, 49, 60, whole.length - 1]) {
    expect(refusal(heir(whole.subarray(0, length), first).restored), `${length} octets`).toMatch(
      /^snapshot-(foreign|damaged)$/,
    );
  }
  const { later, restored } = heir(Uint8Array.from([...whole, 0]), first);
  expect(refusal(restored)).toBe('snapshot-damaged');
  expect((await later.ask('www.example.')).kind).toBe('failure');
});

const others: readonly [string, WorldOptions][] = [
  ['other trust anchors', { trustAnchors: [] }],
  ['another negative trust anchor', { negativeTrustAnchors: [Name.fromText('plain.')] }],
  ['other rules for NSEC3', { nsec3Iterations: 10 }],
  ['SHA-1', { sha1: true }],
  ['a forwarder', { mode: { kind: 'forward', servers: [{ address: '192.0.2.9', port: 53 }] } }],
];
test.each(others)('made under other settings it is refused: %s', async (_, options) => {
  const first = world();
  await first.ask('www.example.');
  expect(refusal(heir(first.resolver.snapshot(), first, options).restored)).toBe('snapshot-foreign');
});

test('bounded: the answers used last come first', async () => {
  const text = Array.from({ length: 50 }, (_, i) => `n${i} A 192.0.2.1`).join('\n');
  const zones = [{ name: 'example.', text }];
  const first = new World(zones);
  for (let i = 0; i < 50; i++) await first.ask(`n${i}.example.`);
  await first.ask('n0.example.');
  const octets = first.resolver.snapshot({ maxOctets: 4000 });
  expect(octets.length).toBeLessThan(6000);
  const later = new World(zones);
  expect(later.resolver.restore(octets)).toBeLessThan(25);
  later.network.mutate(() => 'silent');
  expect((await later.ask('n0.example.')).status).toBe('secure');
  expect((await later.ask('n49.example.')).status).toBe('secure');
  expect((await later.ask('n1.example.')).kind).toBe('failure');
});

test('a well-sealed snapshot of nonsense is refused as well', () => {
  const options = { fingerprint: new Uint8Array(32), now: 1000 };
  const value = {
    kind: 'answer',
    status: 'secure',
    owner: Name.fromText('a.example.'),
    records: [],
    answer: [],
    authority: [],
    ttl: 60,
    chain: [],
  } as const;
  const good = encodeSnapshot([{ type: RRType.A, value }], { ...options, maxOctets: 1000 });
  expect(decodeSnapshot(good, options)).toEqual([{ type: RRType.A, value }]);
  expect(() => encodeSnapshot([{ type: 70_000, value }], { ...options, maxOctets: 1000 })).toThrow(
    RangeError,
  );
});

test('counters tell what was done', async () => {
  const w = world();
  expect(w.resolver.stats()).toMatchObject({ answers: { secure: 0 }, upstreamQueries: 0 });
  await w.ask('www.example.');
  await w.ask('www.example.');
  await w.ask('www.plain.');
  await w.ask('nothing.example.');
  await w.ask('nothing.example.', 'TXT');
  await w.resolver.resolveUnchecked(Name.fromText('www.example.'), rrTypeFromText('A')!);
  on('bad.example. A', answers(flipped('A')))(w);
  await w.ask('bad.example.');
  w.network.silence('192.0.2.3');
  await w.ask('mail.plain.');
  const stats = w.resolver.stats();
  expect(stats.answers).toEqual({ secure: 4, insecure: 1, bogus: 1, indeterminate: 1 });
  expect(stats.unchecked).toBe(1);
  expect(stats.caches.answers.hits).toBe(2);
  expect(stats.caches.answers.entries).toBe(5);
  expect(stats.caches.answers.octets).toBeGreaterThan(1000);
  expect(stats.caches.unchecked).toEqual({ hits: 0, misses: 1, entries: 1 });
  expect(stats.upstreamQueries).toBe(w.network.asked.length);
  expect(stats.upstreamErrors).toBeGreaterThan(0);
  expect(stats.verifications).toBeGreaterThan(3);
  expect(stats.failedVerifications).toBeGreaterThan(0);
  expect(stats.underWay).toBe(0);
});
