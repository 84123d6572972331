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
    const plan = fc.array(fc.record({ after: fc.integer({ min: 0, max: 500 }), remove: fc.boolean() }), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(plan, fc.integer({ min: 0, max: 600 }), (entries, pause) => {
        const deadlines = new Deadlines();
        const expired: number[] = [];
        const start = performance.now();
        const made = entries.map(({ after }) => entry(start + after, expired));
        for (const each of made) deadlines.add(each);
        made.forEach((each, i) => {
          if (entries[i]!.remove) deadlines.remove(each);
        });
        const kept = made.filter((_, i) => !entries[i]!.remove).map(({ deadline }) => deadline);
        vi.advanceTimersByTime(pause);
        expect(expired.every((deadline) => deadline <= start + pause)).toBe(true);
        vi.advanceTimersByTime(1000);
        expect(expired).toEqual(kept.sort((a, b) => a - b));
        expect(deadlines.size).toBe(0);
      }),
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
