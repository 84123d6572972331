import { expect, test } from 'vitest';
import { asCompleted } from './as-completed.ts';

async function* numbers(count: number) {
  for (let i = 0; i < count; i++) yield i;
}

const gather = async <T>(items: AsyncIterable<T>) => {
  const result: T[] = [];
  for await (const item of items) result.push(item);
  return result;
};

test('a slow item holds up no other', async () => {
  const slow = Promise.withResolvers<void>();
  let last = 0;
  const work = async (i: number) => {
    if (i === 0) await slow.promise;
    if (++last === 99) slow.resolve();
    return i;
  };
  const results = await gather(asCompleted(numbers(100), 3, work));
  expect(results.at(-1)).toBe(0);
  expect(results.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

test('no more at a time than asked for, nor taken from the source ahead of their use', async () => {
  let running = 0;
  let most = 0;
  let taken = 0;
  async function* source() {
    for (; taken < 1000; taken++) yield taken;
  }
  const work = async (i: number) => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
    return i;
  };
  const results = asCompleted(source(), 4, work);
  await results.next();
  for (let i = 0; i < 50; i++) await new Promise(setImmediate);
  expect(taken).toBeLessThanOrEqual(16);
  await gather(results);
  expect(most).toBe(4);
});

test.each([0, 3])('an error ends it: item %i', async (bad) => {
  const work = async (i: number) => {
    if (i === bad) throw new Error('no');
    return i;
  };
  await expect(gather(asCompleted(numbers(8), 2, work))).rejects.toThrow('no');
});

test('an error of the source ends it', async () => {
  async function* broken() {
    yield 1;
    throw new Error('unreadable');
  }
  await expect(gather(asCompleted(broken(), 2, async (i) => i))).rejects.toThrow('unreadable');
});

test('nothing in, nothing out', async () => {
  expect(await gather(asCompleted(numbers(0), 3, async (i) => i))).toEqual([]);
});
