/** Runs at most `atATime` tasks at the same time, the others in the order in which they came. */
export function limiter(atATime: number): <T>(task: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (running >= atATime) await new Promise<void>((start) => waiting.push(start));
    else running++;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      // A waiting task takes over the place of this one, so `running` stays.
      if (next) next();
      else running--;
    }
  };
}
