import { describe, expect, it, vi } from 'vitest';
import { type AttemptResult, firstToSucceed, interleaveFamilies } from './happy-eyeballs.ts';

it.each([
  [[], []],
  [['192.0.2.1'], ['192.0.2.1']],
  [
    ['2001:db8::1', '2001:db8::2', '192.0.2.1', '192.0.2.2'],
    ['2001:db8::1', '192.0.2.1', '2001:db8::2', '192.0.2.2'],
  ],
  [
    ['2001:db8::1', '192.0.2.1', '192.0.2.2', '192.0.2.3'],
    ['2001:db8::1', '192.0.2.1', '192.0.2.2', '192.0.2.3'],
  ],
  [
    ['192.0.2.1', '192.0.2.2', '2001:db8::1'],
    ['192.0.2.1', '2001:db8::1', '192.0.2.2'],
  ],
])('families in turn: %j', (addresses, expected) => {
  expect(interleaveFamilies(addresses)).toEqual(expected);
});

describe('the first to succeed', () => {
  /** Attempts that end when told so. */
  function stage(addresses: readonly string[]) {
    const ends = new Map<string, (result: AttemptResult<string, string>) => void>();
    const lost: string[] = [];
    const discarded: string[] = [];
    const stop = new AbortController();
    const outcome = firstToSucceed<string, string>(
      addresses,
      (address, signal) => {
        signal.addEventListener('abort', () => lost.push(address));
        return new Promise((resolve) => ends.set(address, resolve));
      },
      { delayMs: 250, signal: stop.signal, discard: (late) => discarded.push(late) },
    );
    return { ends, lost, discarded, stop, outcome };
  }

  it('the next begins when one fails, without waiting', async () => {
    vi.useFakeTimers();
    const { ends, outcome } = stage(['a', 'b', 'c']);
    ends.get('a')!({ failure: 'no' });
    await vi.advanceTimersByTimeAsync(0);
    expect([...ends.keys()]).toEqual(['a', 'b']);
    ends.get('b')!({ success: 'yes' });
    expect(await outcome).toEqual({ winner: 'yes', failures: ['no'] });
    await vi.advanceTimersByTimeAsync(1000);
    expect([...ends.keys()]).toEqual(['a', 'b']);
    vi.useRealTimers();
  });

  it('the next begins beside one that takes its time; the winner ends the others', async () => {
    vi.useFakeTimers();
    const { ends, lost, discarded, outcome } = stage(['a', 'b', 'c']);
    await vi.advanceTimersByTimeAsync(249);
    expect([...ends.keys()]).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(1);
    expect([...ends.keys()]).toEqual(['a', 'b']);
    ends.get('b')!({ success: 'second' });
    expect(await outcome).toEqual({ winner: 'second', failures: [] });
    expect(lost).toEqual(['a', 'b']);
    ends.get('a')!({ success: 'first, late' });
    await vi.advanceTimersByTimeAsync(1000);
    expect([discarded, [...ends.keys()]]).toEqual([['first, late'], ['a', 'b']]);
    vi.useRealTimers();
  });

  it('all fail', async () => {
    const { ends, outcome } = stage(['a', 'b']);
    ends.get('a')!({ failure: '1' });
    await new Promise(setImmediate);
    ends.get('b')!({ failure: '2' });
    expect(await outcome).toEqual({ failures: ['1', '2'] });
  });

  it('nothing begins once it is over', async () => {
    const { ends, stop, outcome } = stage(['a', 'b']);
    stop.abort();
    ends.get('a')!({ failure: 'aborted' });
    expect(await outcome).toEqual({ failures: ['aborted'] });
    expect([...ends.keys()]).toEqual(['a']);
  });

  it('no addresses', async () => expect(await stage([]).outcome).toEqual({ failures: [] }));
});
