/** The program's clock: the system's, or one that starts at a given time and runs on (`--at`). */
import { performance } from 'node:perf_hooks';

/** Milliseconds since the epoch. */
export type Clock = () => number;

export function clockFrom(start: number | undefined, elapsed: Clock = () => performance.now()): Clock {
  if (start === undefined) return Date.now;
  const began = elapsed();
  return () => start + (elapsed() - began);
}
