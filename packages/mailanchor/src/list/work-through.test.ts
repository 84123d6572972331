import { describe, expect, test } from 'vitest';
import { asCompleted, inOrder } from './work-through.ts';

async function* numbers(count: number) {
  for (let i = 0; i < count; i++) yield i;
}

const gather = async <T>(items: AsyncIterable<T>) => {
  const result: T[] = [];
  for await (const item of items) result.push(item);
  return result;
};

describe('as completed', () => {
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
});

describe('in order', () => {
  test('results keep the order of the items, whichever is ready first', async () => {
    const slowFirst = Promise.withResolvers<void>();
    const work = async (i: number) => {
      if (i === 0) await slowFirst.promise;
      if (i === 4) slowFirst.resolve();
      return i * 10;
    };
    expect(await gather(inOrder(numbers(6), 3, work))).toEqual([0, 10, 20, 30, 40, 50]);
  });

  test('no more at a time than asked for', async () => {
    let running = 0;
    let most = 0;
    const work = async (i: number) => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
      return i;
    };
    await gather(inOrder(numbers(40), 4, work));
    expect(most).toBe(4);
  });

  test('what waits for a slow first is bounded', async () => {
    let started = 0;
    const first = Promise.withResolvers<void>();
    const results = inOrder(numbers(1000), 2, async (i) => {
      started++;
      if (i === 0) await first.promise;
      return i;
    });
    const next = results.next();
    for (let i = 0; i < 200; i++) await Promise.resolve();
    expect(started).toBeLessThanOrEqual(17);
    first.resolve();
    expect((await next).value).toBe(0);
    expect((await gather(results)).length).toBe(999);
  });
});

describe.each([
  ['as completed', asCompleted],
  ['in order', inOrder],
] as const)('%s', (_, each) => {
  test.each([0, 3])('an error ends it: item %i', async (bad) => {
    const work = async (i: number) => {
      if (i === bad) throw new Error('no');
      return i;
    };
    await expect(gather(each(numbers(8), 2, work))).rejects.toThrow('no');
  });

  test('an error of the source ends it', async () => {
    async function* broken() {
      yield 1;
      throw new Error('unreadable');
    }
    await expect(gather(each(broken(), 2, async (i) => i))).rejects.toThrow('unreadable');
  });

  test('nothing in, nothing out', async () => {
    expect(await gather(each(numbers(0), 3, async (i) => i))).toEqual([]);
  });
});
