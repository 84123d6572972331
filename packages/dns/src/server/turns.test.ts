import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

/** A clock that tasks move on, and an event loop that turns when told. */
function scene() {
  let now = 0;
  const next: (() => void)[] = [];
  const done: string[] = [];
  const turns = new Turns(
    () => now,
    (action) => void next.push(action),
  );
  const task = (name: string, ms: number, then?: () => void) => () => {
    now += ms;
    done.push(name);
    then?.();
  };
  return {
    turns,
    task,
    done,
    turn: () => next.splice(0).forEach((action) => void action()),
    idle: () => next.length === 0,
  };
}

test('at once while there is time, then in order, some a turn', () => {
  const { turns, task, done, turn, idle } = scene();
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) turns.take(task(name, 0.25));
  expect(done.join('')).toBe('ab');
  turn();
  expect(done.join('')).toBe('abcd');
  turns.take(task('g', 0.25));
  expect(done.join('')).toBe('abcd');
  turn();
  turn();
  expect(done.join('')).toBe('abcdefg');
  turn();
  expect(idle()).toBe(true);
});

test('one that wants more waits behind the others, and not for ever', () => {
  const { turns, task, done, turn } = scene();
  const greedy = task('x', 0.6, () => turns.again(greedy));
  turns.take(greedy);
  turns.take(task('a', 0.1));
  turns.take(task('b', 0.1));
  turn();
  expect(done.join('')).toBe('xabx');
  for (const name of ['c', 'd', 'e']) turns.take(task(name, 0.4));
  turn();
  expect(done.join('')).toBe('xabxcdx');
});

test('a task that throws does not lose the others', () => {
  const { turns, task, done, turn } = scene();
  const fail = () => {
    throw new Error('handler');
  };
  turns.take(task('a', 0.6));
  turns.take(fail);
  turns.take(task('b', 0.1));
  expect(turn).toThrow('handler');
  turn();
  expect(done.join('')).toBe('ab');
});
