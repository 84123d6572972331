import { expect, test } from 'vitest';
import { firstCheck, nextCheck } from './schedule.ts';

const MINUTE = 60_000;
const RHYTHM = { intervalMs: 15 * MINUTE, retryMs: MINUTE };

test.each([
  ['settled', false, 0.5, 15 * MINUTE],
  ['a tenth earlier', false, 0, 13.5 * MINUTE],
  ['a tenth later', false, 1, 16.5 * MINUTE],
  ['not settled', true, 0.5, MINUTE],
  ['not settled, a tenth later', true, 1, 1.1 * MINUTE],
])('the next check, %s', (_, unsettled, random, after) => {
  expect(nextCheck(1000, RHYTHM, unsettled, random)).toBe(1000 + after);
});

test('another look is never later than the interval has it', () => {
  expect(nextCheck(0, { intervalMs: 1000, retryMs: MINUTE }, true, 0.5)).toBe(1000);
});

test.each<[string, number | undefined, number, number]>([
  ['never checked, one target', undefined, 1, 125],
  ['never checked, a thousand targets: within four minutes', undefined, 1000, 125_000],
  ['never checked, ten thousand: within the interval', undefined, 10_000, 7.5 * MINUTE],
  ['planned for later: so it stays', 5 * MINUTE, 1000, 5 * MINUTE],
  ['overdue: soon', -5 * MINUTE, 1, 125],
  ['planned for tomorrow, since the clock was set back: soon', 24 * 60 * MINUTE, 1, 125],
])('the first check, %s', (_, planned, count, after) => {
  expect(firstCheck(0, planned, 15 * MINUTE, { count }, 0.5)).toBe(after);
});
