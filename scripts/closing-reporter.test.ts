import { expect, test } from 'vitest';
import { reasonIn } from './closing-reporter.ts';

test.each<[string, string | undefined]>([
  ['suite > a test (skipped: no server)', 'no server'],
  ['suite (skipped: no vectors (set X)) > a test', 'no vectors (set X)'],
  ['suite (skipped where openssl is absent) > a test', 'where openssl is absent'],
  ['suite > skipped: no vectors (set X)', 'no vectors (set X)'],
  ['suite > absent: set X', 'set X'],
  ['suite > a record that is skipped', undefined],
])('%s', (name, want) => expect(reasonIn(name)).toBe(want));
