import { expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { parseDuration } from './duration.ts';

const DAY = 86_400_000;
const read = (value: string) => parseDuration({ value, from: 'x' }, 30 * DAY);

test.each([
  ['90s', 90_000],
  ['15m', 900_000],
  ['2h', 7_200_000],
  ['7d', 7 * DAY],
  ['30d', 30 * DAY],
  ['45', 45_000],
  ['0.5s', 500],
  [' 1.5 h ', 5_400_000],
])('%j: %i ms', (text, expected) => {
  expect(read(text)).toBe(expected);
});

test.each(['', '0', '0s', '31d', '-1s', '1w', '1e3', 's', '1 2', '1m30s', 'NaN', '9'.repeat(400)])(
  'no time: %j',
  (text) => {
    expect(() => read(text)).toThrow(UsageError);
    expect(() => read(text)).toThrow(/up to 30d/);
  },
);
