import { expect, test } from 'vitest';
import { daysAhead, leastLeft } from './signature-habits.ts';

const DAY = 86_400_000;
const before = (days: number, leastLeftMs?: number) => ({
  signedUntil: 100 * DAY,
  seenAt: (100 - days) * DAY,
  leastLeftMs,
});

test.each<[string, ReturnType<typeof before> | undefined, number, number | undefined]>([
  ['never seen', undefined, 100, undefined],
  ['the same as before', before(9), 100, undefined],
  ['renewed with nine days left', before(9), 110, 9],
  ['renewed later than ever', before(5, 9 * DAY), 110, 5],
  ['renewed earlier', before(9, 5 * DAY), 110, 5],
  ['an older copy is no renewal', before(9, 5 * DAY), 90, 5],
  ['renewed after they had ended: no habit', before(-1, 5 * DAY), 110, 5],
])('%s', (_, known, until, expected) => {
  const left = leastLeft(known, until * DAY);
  expect(left === undefined ? undefined : left / DAY).toBe(expected);
});

test.each([
  // Nobody knows: as `check` does.
  [undefined, 14, 3],
  [undefined, 2, 2],
  // A signer that renews with twenty days left is late at fourteen, which is as far as is looked.
  [20, 14, 14],
  [20, 30, 19],
  [9, 14, 8],
  [2, 14, 3],
])('renewed with %s days left, of %i: told %i days ahead', (left, days, expected) => {
  expect(daysAhead(left === undefined ? undefined : left * DAY, days)).toBe(expected);
});
