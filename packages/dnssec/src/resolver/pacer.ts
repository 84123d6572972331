/**
 * Keeps the event loop turning when responses come in faster than they can be judged: a thousand that arrive in one turn would each cost but a
 * little, and together keep new clients, and what is answered from caches, waiting for seconds.
 */

/** Milliseconds of one turn of the event loop in which responses are taken as they come. */
const MS_A_TURN = 10;
/** Responses that have waited and are taken in one turn: each may cost some milliseconds before it gives way by itself. */
const A_TURN = 4;

export class Pacer {
  readonly #now: () => number;
  readonly #later: (action: () => void) => void;
  readonly #waiting: (() => void)[] = [];
  #turning = false;
  #began = 0;

  /** `now`: milliseconds of any epoch; `later`: calls in the next turn of the event loop. */
  constructor(
    now: () => number = () => performance.now(),
    later: (action: () => void) => void = (action) => void setImmediate(action),
  ) {
    this.#now = now;
    this.#later = later;
  }

  /** To be waited for before a response is looked at; undefined, nearly always, where there is time for it now. */
  take(): Promise<void> | undefined {
    if (!this.#turning) {
      this.#began = this.#now();
      this.#plan();
    }
    if (this.#waiting.length === 0 && this.#now() - this.#began < MS_A_TURN) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #plan(): void {
    this.#turning = true;
    this.#later(() => {
      this.#turning = false;
      if (this.#waiting.length === 0) return;
      for (const go of this.#waiting.splice(0, A_TURN)) go();
      this.#began = this.#now();
      this.#plan();
    });
  }
}
