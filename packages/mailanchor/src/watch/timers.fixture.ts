/** Time that passes when it is told to: everything that is due happens, in order, and what follows from it is waited for. */
import type { Timers } from './timers.ts';

export class FakeTimers implements Timers {
  #now: number;
  #next = 1;
  readonly #calls = new Map<number, { at: number; call: () => void }>();

  constructor(now: number) {
    this.#now = now;
  }

  now = (): number => this.#now;

  after = (ms: number, call: () => void): (() => void) => {
    const id = this.#next++;
    this.#calls.set(id, { at: this.#now + ms, call });
    return () => this.#calls.delete(id);
  };

  get waiting(): number {
    return this.#calls.size;
  }

  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (;;) {
      const due = [...this.#calls]
        .filter(([, { at }]) => at <= end)
        .sort(([a, one], [b, two]) => one.at - two.at || a - b)[0];
      if (!due) break;
      const [id, { at, call }] = due;
      this.#calls.delete(id);
      this.#now = Math.max(this.#now, at);
      call();
      await settled();
    }
    this.#now = end;
  }
}

/** Promises that are ready have been taken up. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
