/** What is known is not found out again: packets and verifications that a question costs where others were answered before. */
import { expect, test } from 'vitest';
import { World, type WorldZone } from './world.ts';

const unsigned = (name: string): WorldZone => ({ name, text: '@ A 192.0.2.84', keys: [] });

test.each([
  ['opt-out', true],
  ['no opt-out', false],
])('two unsigned zones below the same zone share its proofs (%s)', async (_, optOut) => {
  const zones = [{ name: 'example.', nsec3: { optOut } }, unsigned('a.example.'), unsigned('b.example.')];
  const world = new World(zones);
  const before = async (name: string): Promise<number> => {
    const { verifications } = world.resolver.stats();
    expect(await world.ask(name)).toMatchObject({ kind: 'answer', status: 'insecure' });
    return world.resolver.stats().verifications - verifications;
  };
  const alone = await before('a.example.');
  const second = await before('b.example.');
  // Alone: the chain to example., then its proofs. The second time: with opt-out nothing is left to verify, without it the
  // one record that speaks of the second name.
  expect(second).toBeLessThanOrEqual(optOut ? 0 : 1);
  expect(alone).toBeGreaterThan(second + 2);
});
