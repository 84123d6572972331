import { describe, expect, test } from 'vitest';
import { ServerStats } from './server-stats.ts';

function stats(random: () => number = () => 0) {
  const clock = { now: 0 };
  const made = new ServerStats(() => clock.now, random);
  const order = (...ids: readonly string[]) =>
    made
      .order(
        ids.map((id) => ({ id })),
        'zone',
      )
      .map(({ id }) => id);
  return { made, clock, order };
}

describe('ServerStats', () => {
  test('fast ones first, unknown ones before slow ones', () => {
    const { made, order } = stats();
    for (let n = 0; n < 20; n++) {
      made.answered('fast', 10);
      made.answered('slow', 400);
    }
    expect(order('slow', 'unknown', 'fast')).toEqual(['fast', 'unknown', 'slow']);
  });

  test('one time-out makes slower, three put last for a minute', () => {
    const { made, clock, order } = stats();
    made.silent('a');
    expect(order('a', 'b')).toEqual(['b', 'a']);
    made.silent('a');
    made.silent('a');
    for (let n = 0; n < 50; n++) made.answered('b', 30_000);
    expect(order('a', 'b')).toEqual(['b', 'a']);
    clock.now += 60_000;
    expect(order('a', 'b')).toEqual(['a', 'b']);
  });

  test('an answer ends it', () => {
    const { made, order } = stats();
    for (let n = 0; n < 3; n++) made.silent('a');
    for (let n = 0; n < 30; n++) made.answered('a', 1);
    expect(order('b', 'a')).toEqual(['a', 'b']);
  });

  test('lame for a zone is lame for that zone, for a minute', () => {
    const { made, clock, order } = stats();
    made.lame('a', 'zone');
    made.lame('b', 'other');
    expect(order('a', 'b')).toEqual(['b', 'a']);
    clock.now += 60_000;
    expect(order('a', 'b')).toEqual(['a', 'b']);
  });

  test('among equals chance decides', () => {
    const values = [0.9, 0.1];
    const { order } = stats(() => values.shift()!);
    expect(order('a', 'b')).toEqual(['b', 'a']);
  });

  test('patience: four round trips, within bounds, doubled the second time', () => {
    const { made } = stats();
    expect([made.patience('a', 0, 2000), made.patience('a', 1, 2000), made.patience('a', 1, 500)]).toEqual([
      480, 960, 500,
    ]);
    for (let n = 0; n < 50; n++) made.answered('a', 1);
    expect(made.patience('a', 0, 2000)).toBe(300);
  });
});
