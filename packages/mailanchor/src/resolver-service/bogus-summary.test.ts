import { Name } from '@mailanchor/dns';
import { FakeResolver } from '@mailanchor/dnssec';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BogusSummary } from './bogus-summary.ts';
import type { Log } from './log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const resolver = new FakeResolver({
  zone: '',
  failures: Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`z${i}.example *`, { status: 'bogus', text: 'expired' }]),
  ),
});
const bogus = (zone: string) => resolver.resolve(Name.fromText(zone), 1);

function summary() {
  const lines: string[] = [];
  const say: Log['event'] = (_, text) => lines.push(text);
  return { lines, summary: new BogusSummary({ event: say, problem: say }, () => Date.now()) };
}

test('the first at once, the rest together after a while, the flood bounded', async () => {
  const { lines, summary: told } = summary();
  told.add(await bogus('z0.example'));
  expect(lines).toEqual(['bogus: z0.example. (z0.example. A: expired)']);
  for (let i = 0; i < 1000; i++) told.add(await bogus(`z${i % 20}.example`));
  expect(lines).toHaveLength(1);
  vi.advanceTimersByTime(60_000);
  expect(lines).toHaveLength(7);
  expect(lines[1]).toBe('bogus: z0.example., 50 times (z0.example. A: expired)');
  expect(lines[6]).toBe('bogus: 750 answers of other zones');
  vi.advanceTimersByTime(600_000);
  expect(lines).toHaveLength(7);
});

test('at the end, what has gathered', async () => {
  const { lines, summary: told } = summary();
  told.add(await bogus('z1.example'));
  told.add(await bogus('z2.example'));
  told.flush();
  expect(lines).toHaveLength(2);
});
