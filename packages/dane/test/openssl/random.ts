/** Choices from a seed: the same seed makes the same cases. */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0 || 1;
    for (let i = 0; i < 8; i++) this.next();
  }

  /** 32 bits (xorshift32, whitened by a multiplication). */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return Math.imul(x, 0x2c1b3c6d) >>> 0;
  }
  /** 0 to n - 1 */
  below(n: number): number {
    return Math.floor((this.next() / 2 ** 32) * n);
  }
  chance(probability: number): boolean {
    return this.next() / 2 ** 32 < probability;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  shuffle<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [copy[i], copy[j]] = [copy[j]!, copy[i]!];
    }
    return copy;
  }
}
