import { decodeRrsig, encodeRrsig, RRType } from '@mailanchor/dns';
import { afterEach, expect, test, vi } from 'vitest';
import { answers, on } from '../../test/signed-network/forge.ts';
import { keyWithTag, signingKey } from '../../test/signed-network/signing-key.ts';
import { World } from '../../test/signed-network/world.ts';
import { DEFAULT_BUDGETS, Work } from '../budget.ts';

afterEach(() => vi.restoreAllMocks());

/** Verifications between two turns of the event loop, the most of them. */
function longestStretch(): { yieldTurn: () => Promise<void>; most: () => number; turns: () => number } {
  let now = 0;
  let most = 0;
  let turns = 0;
  const charge = Work.prototype.chargeVerification;
  vi.spyOn(Work.prototype, 'chargeVerification').mockImplementation(function (this: Work) {
    most = Math.max(most, ++now);
    charge.call(this);
  });
  const yieldTurn = async () => {
    now = 0;
    turns++;
  };
  return { yieldTurn, most: () => most, turns: () => turns };
}

test('after eight verifications, or hashes worth as much, others have their turn', () => {
  let turns = 0;
  const work = new Work(DEFAULT_BUDGETS, 0, async () => {
    turns++;
  });
  const verify = (count: number) => {
    for (let i = 0; i < count; i++) work.chargeVerification();
  };
  verify(7);
  expect(work.turn()).toBeUndefined();
  verify(1);
  expect(work.turn()).toBeInstanceOf(Promise);
  expect(work.turn()).toBeUndefined();
  verify(20);
  expect(work.turn()).toBeDefined();
  for (let i = 0; i < 128; i++) work.chargeNsec3Hash();
  expect(work.turn()).toBeDefined();
  expect(turns).toBe(3);
});

test('rule 14: a denial with a hundred signed proofs does not hold the event loop', async () => {
  const text = Array.from({ length: 110 }, (_, i) => `n${i} A 192.0.2.1`).join('\n');
  const stretch = longestStretch();
  const world = new World([{ name: 'example.', text }], { yieldTurn: stretch.yieldTurn });
  const zone = world.zone('example.');
  const proofs = zone.chain.flatMap(({ owner }) => zone.matching(owner));
  world.network.on(zone.name.prepend('x'), RRType.A, (message) => ({
    ...message,
    authorities: [...message.authorities, ...proofs],
  }));
  await world.ask('x.example.');
  expect(stretch.turns()).toBeGreaterThan(10);
  expect(stretch.most()).toBeLessThanOrEqual(9);
});

test('rule 14: KeyTrap, one RRset: at most its own sixteen attempts between two turns', async () => {
  const stretch = longestStretch();
  const key = signingKey('example.', 15);
  const twins = Array.from({ length: 20 }, (_, i) => keyWithTag(key.tag, i + 1));
  const servers = ['192.0.2.21', '192.0.2.22'];
  const world = new World([{ name: 'example.', text: 'www A 192.0.2.80', servers }], {
    yieldTurn: stretch.yieldTurn,
  });
  const zone = world.zone('example.');
  const keys = zone.get(zone.name, RRType.DNSKEY)!;
  zone.put({ ...keys, rdatas: [...keys.rdatas, ...twins] });
  on(
    'www.example. A',
    answers((records) =>
      records.flatMap((record) =>
        record.type !== RRType.RRSIG
          ? [record]
          : Array.from({ length: 20 }, (_, i) => {
              const data = decodeRrsig(record.rdata);
              const signature = Uint8Array.from(data.signature);
              signature[0]! ^= i + 1;
              return { ...record, rdata: encodeRrsig({ ...data, signature }) };
            }),
      ),
    ),
  )(world);
  expect((await world.ask('www.example.')).status).not.toBe('secure');
  expect(stretch.most()).toBeLessThanOrEqual(8 + 16);
  expect(stretch.turns()).toBeGreaterThan(0);
});

test('the event loop really turns', async () => {
  const text = Array.from({ length: 60 }, (_, i) => `n${i} A 192.0.2.1`).join('\n');
  const world = new World([{ name: 'example.', text }]);
  const zone = world.zone('example.');
  const proofs = zone.chain.flatMap(({ owner }) => zone.matching(owner));
  world.network.on(zone.name.prepend('x'), RRType.A, (message) => ({
    ...message,
    authorities: [...message.authorities, ...proofs],
  }));
  let turns = 0;
  let done = false;
  const count = () => {
    turns++;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  await world.ask('x.example.');
  done = true;
  expect(turns).toBeGreaterThan(4);
});
