/** Time as `watch` has it: a clock and what is to happen later. Tests have their own. */

export interface Timers {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls once, after so many milliseconds; what it returns takes that back. */
  after(ms: number, call: () => void): () => void;
}

/** Longer ones end too soon in Node; they are set again. */
const MAX_MS = 2 ** 31 - 1;

export function realTimers(now: () => number = Date.now): Timers {
  return {
    now,
    after(ms, call) {
      let timer: NodeJS.Timeout;
      const set = (left: number) => {
        const step = Math.min(left, MAX_MS);
        timer = setTimeout(() => (left > step ? set(left - step) : call()), step);
      };
      set(Math.max(0, ms));
      return () => clearTimeout(timer);
    },
  };
}
