import { expect, test } from 'vitest';
import { PROGRESS_ORDER } from '../check/words.ts';
import { RunProgress } from './run-progress.ts';

const stage = (total: number | undefined, before = 0) => {
  let now = 0;
  const progress = new RunProgress({ total, before, now: () => now, order: PROGRESS_ORDER });
  return { progress, pass: (ms: number) => (now += ms) };
};

test('bar, share, rate, time left, counts', () => {
  const { progress, pass } = stage(1000);
  for (let i = 0; i < 250; i++) {
    pass(10);
    progress.add(i % 10 === 0 ? 'broken' : 'protected');
  }
  progress.addBadLine();
  expect(progress.text()).toBe(
    '█████                251/1,000  25%  100/s  7 s left  225 protected, 25 broken, 1 bad line',
  );
});

test('before anything is done it says so, without a rate', () => {
  expect(stage(12_345).progress.text()).toBe(`${' '.repeat(20)} 0/12,345  0%`);
});

test('the rate follows what happens now', () => {
  const { progress, pass } = stage(undefined);
  for (let i = 0; i < 1000; i++) {
    pass(1);
    progress.add('protected');
  }
  for (let i = 0; i < 60; i++) {
    pass(1000);
    progress.add('unknown');
  }
  expect(progress.text()).toMatch(/^1,060 done {2}1\.\d\/s {2}1,000 protected, 60 unknown$/);
});

test('what an earlier run did counts for the bar, not for the rate', () => {
  const { progress, pass } = stage(200, 100);
  for (let i = 0; i < 50; i++) {
    pass(100);
    progress.add('partial');
  }
  expect(progress.text()).toMatch(/150\/200 {2}75% {2}10\/s {2}5 s left {2}50 partial$/);
});

test('a list that grew is not more than whole', () => {
  const { progress } = stage(1);
  progress.add('protected');
  progress.add('protected');
  expect(progress.text()).toContain('2/1  100%');
});
