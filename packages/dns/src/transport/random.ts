/** Randomness for ids, case and the choice of sockets. */
import { randomFillSync } from 'node:crypto';

/** Fills the octets with random ones; anything an off-path attacker must guess comes from here (rfc5452#section-9.2). */
export type RandomFill = (octets: Uint8Array) => void;

const POOL_OCTETS = 4096;

/** Numbers from a source of random octets, fetched in large pieces. */
export class RandomNumbers {
  readonly #fill: RandomFill;
  readonly #pool = new Uint8Array(POOL_OCTETS);
  #at = POOL_OCTETS;

  constructor(fill: RandomFill = randomFillSync) {
    this.#fill = fill;
  }

  u8(): number {
    if (this.#at === POOL_OCTETS) {
      this.#fill(this.#pool);
      this.#at = 0;
    }
    const octet = this.#pool[this.#at]!;
    // What was given out must not be found in memory later.
    this.#pool[this.#at++] = 0;
    return octet;
  }

  u16(): number {
    return (this.u8() << 8) | this.u8();
  }
}
