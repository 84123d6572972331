import { expect, test } from 'vitest';
import { nextTry } from './retry.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test('rfc8460#section-5.5: twice as long each time, for a day', () => {
  const waits: number[] = [];
  let now = 0;
  for (let attempts = 1; ; attempts++) {
    const next = nextTry(attempts, 0, now, { chance: 0.5 });
    if (next === undefined) break;
    waits.push((next - now) / MINUTE);
    now = next;
  }
  expect(waits).toEqual([5, 10, 20, 40, 80, 160, 240, 240, 240, 240]);
  expect(now).toBeLessThanOrEqual(24 * HOUR);
});

test.each([
  [0, 4.5],
  [1, 5.5],
])('chance %d: %d minutes', (chance, minutes) => {
  expect(nextTry(1, 0, 0, { chance })).toBe(minutes * MINUTE);
});

test('a server that asks for more time gets it, within the day', () => {
  expect(nextTry(1, 0, 0, { chance: 0.5, atLeastMs: 2 * HOUR })).toBe(2 * HOUR);
  expect(nextTry(1, 0, 2 * HOUR, { chance: 0.5, atLeastMs: 23 * HOUR })).toBeUndefined();
});
