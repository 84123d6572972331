import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Deadline, Deadlines } from './deadlines.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function entry(deadline: number, expired: number[]): Deadline {
  return { deadline, heapIndex: -1, expire: () => expired.push(deadline) };
}

describe('Deadlines', () => {
  it('expire in order, those that were not removed, and not before their time', () => {
    /** Each is added, and then, with some, an earlier one removed. */
    const plan = fc.array(
      fc.record({ after: fc.integer({ min: 0, max: 500 }), remove: fc.option(fc.nat()) }),
      {
        minLength: 1,
        maxLength: 80,
        size: 'max',
      },
    );
    fc.assert(
      fc.property(plan, fc.integer({ min: 0, max: 600 }), (entries, pause) => {
        const deadlines = new Deadlines();
        const expired: number[] = [];
        const start = performance.now();
        const made: Deadline[] = [];
        const removed = new Set<Deadline>();
        for (const { after, remove } of entries) {
          const added = entry(start + after, expired);
          made.push(added);
          deadlines.add(added);
          if (remove === null) continue;
          const victim = made[remove % made.length]!;
          deadlines.remove(victim);
          removed.add(victim);
        }
        const kept = made.filter((each) => !removed.has(each)).map(({ deadline }) => deadline);
        vi.advanceTimersByTime(pause);
        expect(expired.every((deadline) => deadline <= start + pause)).toBe(true);
        vi.advanceTimersByTime(1000);
        expect(expired).toEqual(kept.sort((a, b) => a - b));
        expect(deadlines.size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('take new entries while they expire', () => {
    const deadlines = new Deadlines();
    const expired: number[] = [];
    const start = performance.now();
    const second = entry(start + 20, expired);
    deadlines.add({ deadline: start + 10, heapIndex: -1, expire: () => deadlines.add(second) });
    vi.advanceTimersByTime(50);
    expect(expired).toEqual([start + 20]);
  });

  it('are removed twice without harm', () => {
    const deadlines = new Deadlines();
    const expired: number[] = [];
    const first = entry(performance.now() + 10, expired);
    const second = entry(performance.now() + 20, expired);
    deadlines.add(first);
    deadlines.add(second);
    deadlines.remove(first);
    deadlines.remove(first);
    vi.advanceTimersByTime(50);
    expect(expired).toEqual([second.deadline]);
  });
});
