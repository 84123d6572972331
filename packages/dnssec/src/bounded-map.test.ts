import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedMap } from './bounded-map.ts';

test('what was used longest ago goes first', () => {
  const map = new BoundedMap<number>(3);
  for (const [i, key] of ['a', 'b', 'c'].entries()) map.set(key, i);
  expect(map.get('a')).toBe(0);
  map.set('d', 3);
  expect([map.get('a'), map.get('b'), map.get('c'), map.get('d')]).toEqual([0, undefined, 2, 3]);
});

test('an entry set again is young again and takes no second place', () => {
  const map = new BoundedMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  map.set('c', 4);
  expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([3, undefined, 4, 2]);
  map.delete('a');
  expect([map.get('a'), map.size]).toEqual([undefined, 1]);
  map.clear();
  expect(map.size).toBe(0);
});

test('never larger than its limit, and the last one set is there', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.tuple(fc.boolean(), fc.constantFrom(...'abcdefgh'))),
      (limit, steps) => {
        const map = new BoundedMap<string>(limit);
        for (const [write, key] of steps) {
          if (write) map.set(key, key);
          else map.get(key);
          expect(map.size).toBeLessThanOrEqual(limit);
          if (write) expect(map.get(key)).toBe(key);
        }
      },
    ),
  );
});
