/** Waits until records are to be seen on every authoritative server. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Visibility } from './visibility.ts';

export interface WaitOptions {
  /** Milliseconds until it gives up. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told what is seen each time. */
  readonly onSeen: (seen: Visibility) => void;
}

/** Milliseconds between one look and the next: soon at first, for primaries that sign after they have answered. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;

/** The last that was seen: `everywhere`, or whatever it was when the time was over. */
export async function waitVisible(
  look: () => Promise<Visibility>,
  options: WaitOptions,
): Promise<Visibility> {
  const { timeoutMs, signal, onSeen } = options;
  const end = performance.now() + timeoutMs;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, pause * 1.6)) {
    const seen = await look();
    onSeen(seen);
    const left = end - performance.now();
    if (seen.kind === 'everywhere' || left <= 0) return seen;
    await delay(Math.min(pause, left), undefined, { signal });
  }
}
