/**
 * Turns of the streams of one listener: what many clients send at once is worked off in portions, so that datagrams and new connections are
 * never far behind. Whoever asks a little comes before those who have had their portion and want another.
 */

/**
 * Milliseconds of work in one turn of the event loop before others have theirs. Little: Node accepts one connection a turn, so that longer
 * turns keep new clients out.
 */
const MS_A_TURN = 0.5;

export class Turns {
  readonly #now: () => number;
  readonly #later: (action: () => void) => void;
  readonly #waiting: (() => void)[] = [];
  /** Those that have had a turn and want more. */
  readonly #wantMore: (() => void)[] = [];
  #planned = false;
  #spent = 0;

  /** `now`: milliseconds of any epoch; `later`: calls in the next turn of the event loop. */
  constructor(
    now: () => number = () => performance.now(),
    later: (action: () => void) => void = (action) => void setImmediate(action),
  ) {
    this.#now = now;
    this.#later = later;
  }

  /** Runs the task at once where nobody waits and time is left in this turn, else when its turn comes. */
  take(task: () => void): void {
    this.#plan();
    if (this.#waiting.length > 0 || this.#spent >= MS_A_TURN) this.#waiting.push(task);
    else this.#run(task);
  }

  /** When its turn comes, never at once: for whoever has had a turn just now. */
  again(task: () => void): void {
    this.#wantMore.push(task);
    this.#plan();
  }

  #run(task: () => void): void {
    const begin = this.#now();
    task();
    this.#spent += this.#now() - begin;
  }

  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    this.#later(() => {
      this.#planned = false;
      this.#spent = 0;
      try {
        while (this.#waiting.length > 0 && this.#spent < MS_A_TURN) this.#run(this.#waiting.shift()!);
        // One of the others at least: nobody waits for ever.
        let more = this.#wantMore.shift();
        while (more) {
          this.#run(more);
          more = this.#spent < MS_A_TURN ? this.#wantMore.shift() : undefined;
        }
      } finally {
        if (this.#waiting.length + this.#wantMore.length > 0) this.#plan();
      }
    });
  }
}
