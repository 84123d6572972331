/** Everything random in the lab but RSA keys comes from one seed: the same seed gives the same keys and key tags. */
import { createHash, createHmac, randomBytes } from 'node:crypto';

export class Seed {
  readonly #secret: Uint8Array;

  /** Without `text` the seed is random. */
  constructor(text?: string) {
    this.#secret = text === undefined ? randomBytes(32) : createHash('sha256').update(text).digest();
  }

  /** 32 octets that depend on the seed and the label alone. */
  derive(label: string): Uint8Array {
    return createHmac('sha256', this.#secret).update(label).digest();
  }
}
