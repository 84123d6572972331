/** Politeness towards one address: a bounded number of connections at a time, and a pause where each has been. */

/** Runs `task` when it is its turn; rejects with the reason of `signal` if that aborts before. */
export type Gate = <T>(signal: AbortSignal | undefined, task: () => Promise<T>) => Promise<T>;

interface Place {
  taken: number;
  readonly waiting: (() => void)[];
}

/** A gate for each address; those at which nothing goes on are forgotten. */
export function gates(atATime: number, pauseMs: number): (address: string) => Gate {
  const places = new Map<string, Place>();

  return (address) => async (signal, task) => {
    const place = places.get(address) ?? { taken: 0, waiting: [] };
    places.set(address, place);
    if (place.taken >= atATime) await turn(place, signal);
    else place.taken++;
    try {
      return await task();
    } finally {
      if (pauseMs > 0) setTimeout(() => leave(address, place), pauseMs);
      else leave(address, place);
    }
  };

  function leave(address: string, place: Place): void {
    const next = place.waiting.shift();
    // Whoever waits takes over the place, so `taken` stays.
    if (next) next();
    else if (--place.taken === 0) places.delete(address);
  }
}

function turn(place: Place, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const start = (): void => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    };
    const giveUp = (): void => {
      place.waiting.splice(place.waiting.indexOf(start), 1);
      reject(signal?.reason);
    };
    place.waiting.push(start);
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}
