import { ZoneInspector } from '@mailanchor/smtp';
import { expect, test } from 'vitest';
import { Sources } from '../options/sources.ts';
import { openCheckLookup } from './inspection.ts';
import { readCheckSettings } from './settings.ts';

const INSPECTED = 'inspected';
const NOTHING = 'nothing';

test.each([
  [{}, false, INSPECTED],
  [{}, true, NOTHING],
  [{ servers: 'one' }, false, NOTHING],
  [{ servers: 'all' }, true, INSPECTED],
  // Said, since somebody may rely on it.
  [{ resolver: '192.0.2.53' }, false, 'left out'],
  [{ resolver: '192.0.2.53' }, true, NOTHING],
])('%j, list %s: %s', async (options, list, expected) => {
  const lookup = await openCheckLookup(readCheckSettings(new Sources(options, {})), list);
  const { inspection } = lookup;
  const what =
    inspection === undefined ? NOTHING : inspection instanceof ZoneInspector ? INSPECTED : 'left out';
  expect(what).toBe(expected);
  await lookup.close();
});

test('--servers takes one of two words', () => {
  expect(() => readCheckSettings(new Sources({ servers: 'some' }, {}))).toThrow(/--servers/);
  expect(() => readCheckSettings(new Sources({ days: '0' }, {}))).toThrow(/--days/);
});
