/**
 * Checks side by side. A few at a time are begun; one that takes long gives its place to the next and goes on beside them, and one that is
 * known to take long never has a place: a host that is down, or a hundred of them, delays nobody else. Bounded all the same.
 */

export interface CrowdOptions {
  /** Checks that are quick, at a time. */
  readonly places: number;
  /** Milliseconds after which a check is slow. */
  readonly slowMs: number;
  /** Slow ones beside them; beyond that everybody waits. */
  readonly slow: number;
  /** Calls back after so many milliseconds, unless what it returns is called before. */
  readonly after: (ms: number, call: () => void) => () => void;
}

export class Crowd {
  readonly #options: CrowdOptions;
  readonly #waiting: (() => Promise<void>)[] = [];
  /** Those that are known to take long. */
  readonly #waitingSlow: (() => Promise<void>)[] = [];
  #quick = 0;
  #slow = 0;

  constructor(options: CrowdOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length + this.#waitingSlow.length;
  }

  get running(): number {
    return this.#quick + this.#slow;
  }

  /** `work` is begun as soon as there is room; it must not reject. `slow`: it is known to take long. */
  add(work: () => Promise<void>, slow = false): void {
    (slow ? this.#waitingSlow : this.#waiting).push(work);
    this.#begin();
  }

  /** What has not been begun is forgotten. */
  clear(): void {
    this.#waiting.length = 0;
    this.#waitingSlow.length = 0;
  }

  #begin(): void {
    const { places, slow } = this.#options;
    while (this.#quick < places && this.#slow < slow) {
      const work = this.#waiting.shift();
      if (!work) break;
      this.#run(work, false);
    }
    // Half of the room is for those of whom nobody knew.
    while (this.#slow < slow / 2) {
      const work = this.#waitingSlow.shift();
      if (!work) break;
      this.#run(work, true);
    }
  }

  #run(work: () => Promise<void>, knownSlow: boolean): void {
    let isSlow = knownSlow;
    if (isSlow) this.#slow++;
    else this.#quick++;
    const cancel = isSlow
      ? () => {}
      : this.#options.after(this.#options.slowMs, () => {
          isSlow = true;
          this.#quick--;
          this.#slow++;
          this.#begin();
        });
    void work().finally(() => {
      cancel();
      if (isSlow) this.#slow--;
      else this.#quick--;
      this.#begin();
    });
  }
}
