import { expect, test } from 'vitest';
import { Pacer } from './pacer.ts';

/** A clock that is moved by hand, and an event loop that turns when told. `ms`: what each response costs that has waited. */
function scene(ms = 0) {
  let now = 0;
  const next: (() => void)[] = [];
  const after: (() => void)[] = [];
  const taken: number[] = [];
  const pacer = new Pacer({
    now: () => now,
    nextTurn: (action) => void next.push(action),
    afterThese: (action) => void after.push(action),
  });
  return {
    taken,
    take: (n: number, cost: number) => {
      const wait = pacer.take();
      const taking = () => {
        taken.push(n);
        now += wait ? ms : cost;
      };
      if (wait) void wait.then(taking);
      else taking();
    },
    turn: async () => {
      for (const action of next.splice(0)) action();
      await Promise.resolve();
      while (after.length > 0) {
        for (const action of after.splice(0)) action();
        await Promise.resolve();
      }
    },
    idle: () => next.length === 0,
  };
}
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

test('what comes at once beyond some milliseconds waits for further turns, in order', async () => {
  const { taken, take, turn, idle } = scene(2);
  for (const n of upTo(30)) take(n, 5);
  expect(taken).toEqual(upTo(3));
  await turn();
  expect(taken).toEqual(upTo(11));
  // It comes after those that wait already.
  take(30, 1);
  expect(taken).toEqual(upTo(11));
  for (let i = 0; i < 3; i++) await turn();
  expect(taken).toEqual(upTo(31));
  await turn();
  expect(idle()).toBe(true);
  take(31, 1);
  expect(taken.at(-1)).toBe(31);
});

test('a turn takes as many of those that wait as there is time for', async () => {
  const { taken, take, turn } = scene(0.5);
  for (const n of upTo(200)) take(n, 5);
  expect(taken).toHaveLength(3);
  await turn();
  // Four at a time, two milliseconds each time, until fifteen are over.
  expect(taken).toEqual(upTo(35));
});

test('nobody waits while there is little to do', async () => {
  const { taken, take, turn } = scene();
  for (const n of upTo(100)) {
    take(n, 14);
    expect(taken).toHaveLength(n + 1);
    await turn();
  }
});
