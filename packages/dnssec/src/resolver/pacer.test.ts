import { expect, test } from 'vitest';
import { Pacer } from './pacer.ts';

/** A clock that is moved by hand, and an event loop that turns when told. */
function scene() {
  let now = 0;
  const next: (() => void)[] = [];
  const taken: number[] = [];
  const pacer = new Pacer(
    () => now,
    (action) => void next.push(action),
  );
  return {
    taken,
    take: (n: number, ms: number) => {
      const wait = pacer.take();
      if (wait) void wait.then(() => taken.push(n));
      else taken.push(n);
      now += ms;
    },
    turn: async () => {
      for (const action of next.splice(0)) action();
      await Promise.resolve();
    },
    idle: () => next.length === 0,
  };
}

test('as they come while there is time, the others some a turn, in their order', async () => {
  const { taken, take, turn, idle } = scene();
  for (let n = 0; n < 30; n++) take(n, 5);
  expect(taken).toEqual([0, 1]);
  await turn();
  expect(taken).toHaveLength(6);
  take(30, 1);
  expect(taken).toHaveLength(6);
  for (let i = 0; i < 7; i++) await turn();
  expect(taken).toEqual(Array.from({ length: 31 }, (_, n) => n));
  await turn();
  expect(idle()).toBe(true);
  take(31, 1);
  expect(taken.at(-1)).toBe(31);
});

test('a few a turn are never kept waiting', async () => {
  const { taken, take, turn } = scene();
  for (let n = 0; n < 100; n++) {
    take(n, 15);
    expect(taken).toHaveLength(n + 1);
    await turn();
  }
});
