/**
 * What each attack costs, counted and weighed: never time, which the benchmark takes (`npm run bench attacks`). Beside it stands the honest
 * question; KeyTrap and NSEC3 exhaustion may cost twenty times as much at most, and nothing may keep others waiting.
 */
import { decodeA, RRType } from '@mailanchor/dns';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DEFAULT_BUDGETS, Work } from '../../../src/budget.ts';
import type { Resolution } from '../../../src/proof.ts';
import { question } from '../forge.ts';
import { ATTACKS, type Attack, HONEST } from './index.ts';

/** In verifications by P-256, as measured: a packet with what belongs to it, a hash, a record read. */
const WORTH = { packet: 1.3, hash: 0.3, record: 0.01 };
/** Of what is most, in the same measure: a tenth of a millisecond each. The event loop may be held for 50 ms. */
const LONGEST_STRETCH = 100;
const TIMES_HONEST = 20;
const FORGED_ADDRESS = '192.0.2.66';

const spent = { verified: 0, failed: 0, hashed: 0, records: 0, stretch: 0, longest: 0 };
const hold = (work: number) => {
  spent.stretch += work;
  spent.longest = Math.max(spent.longest, spent.stretch);
};
const released = () => {
  spent.stretch = 0;
};

beforeEach(() => {
  const count = (
    method: 'chargeVerification' | 'chargeFailedVerification' | 'chargeNsec3Hash' | 'chargeRecords',
    add: (weight: number) => void,
  ) => {
    const charge = Work.prototype[method];
    vi.spyOn(Work.prototype, method).mockImplementation(function (this: Work, weight = 1) {
      add(weight);
      charge.call(this, weight);
    });
  };
  count('chargeVerification', (weight) => {
    spent.verified += weight;
    hold(weight);
  });
  count('chargeFailedVerification', (weight) => {
    spent.failed += weight;
  });
  count('chargeNsec3Hash', (weight) => {
    spent.hashed += weight;
    hold(weight * WORTH.hash);
  });
  count('chargeRecords', (records) => {
    spent.records += records;
    hold(records * WORTH.record);
  });
});
afterEach(() => void vi.restoreAllMocks());

interface Cost {
  readonly resolution: Resolution;
  readonly packets: number;
  readonly total: number;
  readonly keptOctets: number;
}

async function costOf(attack: Attack): Promise<Cost> {
  const world = attack.world();
  // A packet comes on its own turn of the event loop.
  world.network.mutate(() => released() as undefined);
  const resolver = world.newResolver(world.network, {
    yieldTurn: async () => released(),
  });
  const ask = (text: string) => {
    const { name, type } = question(text);
    return resolver.resolve(name, type);
  };
  for (const each of attack.before ?? []) await ask(each);
  const before = resolver.stats();
  Object.assign(spent, { verified: 0, failed: 0, hashed: 0, records: 0, stretch: 0, longest: 0 });
  const resolution = await ask(attack.ask);
  const packets = resolver.stats().upstreamQueries - before.upstreamQueries;
  const { verified, hashed, records } = spent;
  return {
    resolution,
    packets,
    total: verified + hashed * WORTH.hash + packets * WORTH.packet + records * WORTH.record,
    keptOctets: resolver.stats().caches.answers.octets,
  };
}

let honest: Promise<Cost> | undefined;

describe('rule 14: what attacks cost', () => {
  test.each(ATTACKS.map((attack) => [attack.family, attack.title, attack] as const))(
    '%s: %s',
    async (_family, _title, attack) => {
      honest ??= costOf(HONEST);
      const { total: fair } = await honest;
      const { resolution, packets, total, keptOctets } = await costOf(attack);
      expect(`${resolution.kind} ${resolution.status}`).toMatch(
        attack.outcome ? new RegExp(`^${attack.outcome}$`) : /^failure (bogus|indeterminate)$/,
      );
      const told = resolution.records
        .filter(({ type }) => type === RRType.A)
        .map(({ rdata }) => decodeA(rdata));
      expect(told).not.toContain(FORGED_ADDRESS);
      // One more of each is charged than is done: the one that is refused.
      expect(packets).toBeLessThanOrEqual(DEFAULT_BUDGETS.upstreamQueries);
      expect(spent.verified).toBeLessThan(DEFAULT_BUDGETS.verifications + 60);
      expect(spent.failed).toBeLessThan(DEFAULT_BUDGETS.failedVerifications + 60);
      expect(spent.hashed).toBeLessThanOrEqual(DEFAULT_BUDGETS.nsec3Hashes);
      expect(spent.records).toBeLessThanOrEqual(DEFAULT_BUDGETS.records + 5000);
      expect(spent.longest).toBeLessThanOrEqual(LONGEST_STRETCH);
      expect(keptOctets).toBeLessThan(1024 * 1024);
      const patient = attack.family === 'CAMP' || attack.family === 'NXNSAttack';
      if (!patient) expect(total / fair).toBeLessThanOrEqual(TIMES_HONEST);
    },
  );
});
