/** A point in time that all the work on one target shares. Measured on a clock that never jumps, unlike the check's own. */
export interface Deadline {
  /** Milliseconds, 0 when it has passed. */
  remainingMs(): number;
}

export function deadlineAfter(milliseconds: number, now: () => number = () => performance.now()): Deadline {
  const end = now() + milliseconds;
  return { remainingMs: () => Math.max(0, end - now()) };
}
