/** Work on a stream of items, several at a time, with the results in the order of the items. */

/** Results that may wait for an earlier one, for each that is worked on: bounded memory however slow the first is. */
const AHEAD = 8;

/**
 * Takes items as they come, works on at most `parallel` of them at a time and yields the results in order. Rejects with the first error of
 * `source` or `work`.
 */
export async function* inOrder<T, R>(
  source: AsyncIterable<T>,
  parallel: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const iterator = source[Symbol.asyncIterator]();
  const results = new Map<number, R>();
  let taken = 0;
  let given = 0;
  let ended = false;
  let changed = Promise.withResolvers<void>();
  const change = () => {
    const before = changed;
    changed = Promise.withResolvers();
    before.resolve();
  };

  const worker = async () => {
    while (!ended) {
      if (taken - given >= parallel * AHEAD) {
        await changed.promise;
        continue;
      }
      const index = taken++;
      const next = await iterator.next();
      if (next.done) {
        ended = true;
        break;
      }
      results.set(index, await work(next.value));
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
      if (results.has(given)) {
        const result = results.get(given) as R;
        results.delete(given++);
        change();
        yield result;
      } else if (finished) return;
      else await Promise.race([changed.promise, all]);
    }
  } finally {
    ended = true;
    change();
  }
}
