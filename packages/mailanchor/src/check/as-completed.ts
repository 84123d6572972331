/** Work on a stream of items, several at a time, with each result as soon as it is there. */

/**
 * Takes items as they come, works on at most `parallel` of them at a time and yields results as they are completed. No more than `parallel`
 * results wait to be taken. Rejects with the first error of `source` or `work`.
 */
export async function* asCompleted<T, R>(
  source: AsyncIterable<T>,
  parallel: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const iterator = source[Symbol.asyncIterator]();
  const results: R[] = [];
  let ended = false;
  let changed = Promise.withResolvers<void>();
  const change = () => {
    const before = changed;
    changed = Promise.withResolvers();
    before.resolve();
  };

  // An async generator answers calls of `next` one after the other, so workers may all ask at once.
  const worker = async () => {
    while (!ended) {
      const next = await iterator.next();
      if (next.done || ended) break;
      results.push(await work(next.value));
      change();
      while (!ended && results.length >= parallel) await changed.promise;
    }
  };

  let finished = false;
  const all = Promise.all(Array.from({ length: parallel }, worker)).then(() => {
    finished = true;
  });
  // Awaited below; this keeps an early error from counting as unhandled meanwhile.
  all.catch(() => {});
  try {
    for (;;) {
      const result = results.shift();
      if (result !== undefined) {
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
