/**
 * Keeps the event loop turning when responses come in faster than they can be judged: a thousand that arrive in one turn would each cost but a
 * little, and together keep new clients, and what is answered from caches, waiting for seconds.
 */

/** Milliseconds of one turn of the event loop in which responses are taken as they come, and again in which those that have waited are. */
const MS_A_TURN = 15;
/** Responses that have waited and are taken together: each may cost some milliseconds before it gives way by itself. */
const TOGETHER = 4;

export interface PacerClock {
  /** Milliseconds of any epoch. */
  now(): number;
  /** Calls in the next turn of the event loop. */
  nextTurn(action: () => void): void;
  /** Calls in this turn, once all that can go on without waiting has gone on. */
  afterThese(action: () => void): void;
}

const CLOCK: PacerClock = {
  now: () => performance.now(),
  nextTurn: (action) => void setImmediate(action),
  afterThese: (action) => queueMicrotask(() => process.nextTick(action)),
};

export class Pacer {
  readonly #clock: PacerClock;
  readonly #waiting: (() => void)[] = [];
  #turning = false;
  #began = 0;

  constructor(clock: PacerClock = CLOCK) {
    this.#clock = clock;
  }

  /** To be waited for before a response is looked at; undefined, nearly always, where there is time for it now. */
  take(): Promise<void> | undefined {
    if (!this.#turning) {
      this.#began = this.#clock.now();
      this.#plan();
    }
    if (this.#waiting.length === 0 && this.#timeLeft()) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #timeLeft(): boolean {
    return this.#clock.now() - this.#began < MS_A_TURN;
  }

  #plan(): void {
    this.#turning = true;
    this.#clock.nextTurn(() => {
      this.#turning = false;
      if (this.#waiting.length === 0) return;
      this.#began = this.#clock.now();
      this.#plan();
      this.#release();
    });
  }

  /** A few, and more while there is time: a turn for each few would cost more than they do. */
  #release(): void {
    for (const go of this.#waiting.splice(0, TOGETHER)) go();
    if (this.#waiting.length === 0) return;
    this.#clock.afterThese(() => {
      if (this.#timeLeft()) this.#release();
    });
  }
}
