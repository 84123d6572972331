import { expect, test } from 'vitest';
import { isHeld, type QuietHours } from './quiet-hours.ts';

const NIGHT: QuietHours = {
  from: 22 * 60,
  to: 7 * 60,
  days: [],
  timeZone: 'Europe/Berlin',
  letThrough: 'error',
};
const held = (at: string, quiet: QuietHours = NIGHT, severity: 'warning' | 'error' = 'warning') =>
  isHeld(quiet, severity, Date.parse(at));

test.each([
  // Summer: two hours ahead of UTC.
  ['2026-07-01T19:59:59Z', false],
  ['2026-07-01T20:00:00Z', true],
  ['2026-07-02T04:59:59Z', true],
  ['2026-07-02T05:00:00Z', false],
  // Winter: one.
  ['2026-12-01T20:30:00Z', false],
  ['2026-12-01T21:00:00Z', true],
  ['2026-12-02T05:59:00Z', true],
  ['2026-12-02T06:00:00Z', false],
  // The night in which the clock is set forward, and the one in which it is set back.
  ['2026-03-29T04:59:00Z', true],
  ['2026-03-29T05:00:00Z', false],
  ['2026-10-25T05:59:00Z', true],
  ['2026-10-25T06:00:00Z', false],
  ['2026-12-01T23:00:00Z', true],
] as const)('%s: %s', (at, expected) => {
  expect(held(at)).toBe(expected);
});

test('what is grave is told', () => {
  expect(held('2026-12-01T23:00:00Z', NIGHT, 'error')).toBe(false);
  expect(held('2026-12-01T23:00:00Z', { ...NIGHT, letThrough: 'warning' })).toBe(false);
});

test('within a day, on some days', () => {
  const lunch: QuietHours = { ...NIGHT, timeZone: 'UTC', from: 720, to: 780, days: [1, 2] };
  expect(held('2026-11-23T12:30:00Z', lunch)).toBe(true);
  expect(held('2026-11-25T12:30:00Z', lunch)).toBe(false);
  expect(held('2026-11-23T13:00:00Z', lunch)).toBe(false);
});

test('a night belongs to the day on which it begins', () => {
  const weekend: QuietHours = { ...NIGHT, timeZone: 'UTC', days: [5, 6] };
  expect(held('2026-11-27T23:00:00Z', weekend)).toBe(true); // Friday
  expect(held('2026-11-28T03:00:00Z', weekend)).toBe(true); // Saturday morning
  expect(held('2026-11-29T03:00:00Z', weekend)).toBe(true); // Sunday morning
  expect(held('2026-11-29T23:00:00Z', weekend)).toBe(false); // Sunday
  expect(held('2026-11-27T03:00:00Z', weekend)).toBe(false); // Friday morning
});

test('the whole day', () => {
  const always: QuietHours = { ...NIGHT, from: 0, to: 0 };
  for (const hour of ['00', '07', '13', '23']) expect(held(`2026-11-25T${hour}:15:00Z`, always)).toBe(true);
});

test('none', () => {
  expect(isHeld(undefined, 'info', 0)).toBe(false);
});
