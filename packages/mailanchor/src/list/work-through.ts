/** Work on a stream of items, several at a time: results as soon as they are there, or in the order of the items. */

/** Results that wait to be taken, and how many more may. */
interface Shelf<R> {
  /** Whether another item may be begun, `begun` of them being so already. */
  hasRoom(begun: number): boolean;
  put(index: number, result: R): void;
  /** The next result in a box; undefined where there is none yet. */
  take(): { readonly result: R } | undefined;
}

/**
 * Takes items as they come, works on at most `parallel` of them at a time and yields results as they are completed. No more than `parallel`
 * results wait to be taken. Rejects with the first error of `source` or `work`.
 */
export function asCompleted<T, R>(
  source: AsyncIterable<T>,
  parallel: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const results: R[] = [];
  return workThrough(source, parallel, work, {
    hasRoom: () => results.length < parallel,
    put: (_, result) => results.push(result),
    take: () => (results.length === 0 ? undefined : { result: results.shift() as R }),
  });
}

/** Results that may wait for an earlier one, for each that is worked on: bounded memory however slow the first is. */
const AHEAD = 8;

/**
 * Takes items as they come, works on at most `parallel` of them at a time and yields the results in order. Rejects with the first error of
 * `source` or `work`.
 */
export function inOrder<T, R>(
  source: AsyncIterable<T>,
  parallel: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const results = new Map<number, R>();
  let given = 0;
  return workThrough(source, parallel, work, {
    hasRoom: (begun) => begun - given < parallel * AHEAD,
    put: (index, result) => results.set(index, result),
    take() {
      if (!results.has(given)) return undefined;
      const result = results.get(given) as R;
      results.delete(given++);
      return { result };
    },
  });
}

async function* workThrough<T, R>(
  source: AsyncIterable<T>,
  parallel: number,
  work: (item: T) => Promise<R>,
  shelf: Shelf<R>,
): AsyncGenerator<R> {
  const iterator = source[Symbol.asyncIterator]();
  let begun = 0;
  let ended = false;
  let stopped = false;
  let changed = Promise.withResolvers<void>();
  const change = () => {
    const before = changed;
    changed = Promise.withResolvers();
    before.resolve();
  };

  // An async generator answers calls of `next` one after the other, so workers may all ask at once.
  const worker = async () => {
    while (!ended) {
      if (!shelf.hasRoom(begun)) {
        await changed.promise;
        continue;
      }
      const index = begun++;
      const next = await iterator.next();
      if (next.done) {
        ended = true;
        break;
      }
      if (stopped) break;
      shelf.put(index, await work(next.value));
      change();
    }
    change();
  };

  let finished = false;
  const all = Promise.all(Array.from({ length: parallel }, worker)).then(() => {
    finished = true;
  });
  // Awaited below; this keeps an early error from counting as unhandled meanwhile.
  all.catch(() => {});
  try {
    for (;;) {
      const taken = shelf.take();
      if (taken) {
        change();
        yield taken.result;
      } else if (finished) return;
      else await Promise.race([changed.promise, all]);
    }
  } finally {
    ended = true;
    stopped = true;
    change();
  }
}
