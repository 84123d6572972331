/** Time that passes only when nothing else is left to do: what takes how long is counted, not measured. */

export class VirtualTime {
  /** Milliseconds since the beginning. */
  now = 0;
  readonly #sleepers: { readonly until: number; readonly wake: () => void }[] = [];

  sleep(milliseconds: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ until: this.now + milliseconds, wake }));
  }

  /** Lets time pass until `work` is done. Throws if nothing is waited for and it is not. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = (): void => {
      done = true;
    };
    work.then(end, end);
    for (;;) {
      // Whatever can go on without time has gone on after a few turns of the event loop.
      for (let turn = 0; turn < 5 && !done; turn++) await new Promise(setImmediate);
      if (done) return work;
      this.#sleepers.sort((a, b) => a.until - b.until);
      const next = this.#sleepers.shift();
      if (!next) throw new Error('nothing is waited for, and the work is not done');
      this.now = next.until;
      next.wake();
    }
  }
}
