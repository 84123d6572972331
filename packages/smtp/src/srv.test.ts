import { Name, type SrvData } from '@mailanchor/dns';
import { describe, expect, it } from 'vitest';
import { isNotOffered, orderSrvTargets } from './srv.ts';

const srv = (text: string): SrvData => {
  const [priority, weight, port, target] = text.split(' ');
  return {
    priority: Number(priority),
    weight: Number(weight),
    port: Number(port),
    target: Name.fromText(target!),
  };
};
const order = (random: () => number, ...records: string[]) =>
  orderSrvTargets(records.map(srv), random)
    .map(({ target }) => target.toString().slice(0, -1))
    .join(' ');

describe('the order of SRV targets', () => {
  it('lower priorities first, whatever the weights', () => {
    expect(order(() => 0.5, '20 100 1 b.', '10 0 1 a.', '30 9 1 c.')).toBe('a b c');
  });

  it('weight 0 comes first by a lot of 0 alone', () => {
    expect(order(() => 0, '0 5 1 a.', '0 0 1 z.')).toBe('z a');
    expect(order(() => 0.3, '0 5 1 a.', '0 0 1 z.')).toBe('a z');
  });

  it('the heavier is drawn first as often as its weight says', () => {
    let seed = 1;
    // A generator with a fixed seed, so that the figure is the same each time.
    const random = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    let first = 0;
    for (let i = 0; i < 10_000; i++) if (order(random, '0 1 1 a.', '0 3 1 b.').startsWith('b')) first++;
    expect(first / 10_000).toBeGreaterThan(0.55);
    expect(first / 10_000).toBeLessThan(0.65);
  });

  it('each target once', () => {
    const all = order(Math.random, ...Array.from({ length: 20 }, (_, i) => `0 ${i % 4} 1 h${i}.`));
    expect(new Set(all.split(' ')).size).toBe(20);
  });

  it('the root beside others is dropped; alone it says that there is no such service', () => {
    expect(order(() => 0, '0 0 0 .', '1 0 1 a.')).toBe('a');
    expect(isNotOffered([srv('0 0 0 .')])).toBe(true);
    expect(isNotOffered([srv('0 0 0 .'), srv('1 0 1 a.')])).toBe(false);
    expect(isNotOffered([])).toBe(false);
  });
});
