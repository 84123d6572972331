import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../store/database.ts';
import { WATCH_DATABASE } from './database.ts';
import { daysAhead, leastLeft, SignatureHabits } from './signature-habits.ts';
import { WatchStore } from './store.ts';

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

test('each target has its own view of a zone, which a restart keeps, and which goes with the target', () => {
  const folder = mkdtempSync(join(tmpdir(), 'habits-'));
  const open = () => openDatabase(join(folder, 'watch.sqlite'), WATCH_DATABASE);
  let database = open();
  try {
    let habits = new SignatureHabits(database);
    // Of the same zone one sees records that end on day 30, the other some that end on day 20, in turn.
    for (let hour = 0; hour < 48; hour++) {
      habits.saw('a', 'example.org', 30 * DAY, hour * 3_600_000);
      habits.saw('b', 'example.org', 20 * DAY, hour * 3_600_000);
    }
    expect(habits.daysAhead('a', 'example.org', 14)).toBe(3);
    // On day 21, with nine days left, what the first sees is renewed.
    habits.saw('a', 'example.org', 30 * DAY, 21 * DAY);
    habits.saw('a', 'example.org', 44 * DAY, 21 * DAY + 60_000);
    expect(habits.daysAhead('a', 'example.org', 14)).toBe(8);
    database.close();
    database = open();
    habits = new SignatureHabits(database);
    expect(habits.daysAhead('a', 'example.org', 14)).toBe(8);
    expect(habits.daysAhead('b', 'example.org', 14)).toBe(3);
    const store = new WatchStore(database, { channels: () => [] });
    store.watch(['b']);
    expect(habits.daysAhead('a', 'example.org', 14)).toBe(3);
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
});
