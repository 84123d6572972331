/** Messages out of the pieces of a stream, each with two octets of length before it (rfc1035#section-4.2.2). */
import { concatOctets } from '../octets.ts';

const EMPTY = new Uint8Array(0);
/** Octets set aside for a message before any of them is there: a length is announced for nothing. */
const FIRST_OCTETS = 2048;

/** Pieces go in with `push`, messages come out with `next`. Memory follows what has arrived, not what was announced. */
export class FrameReader {
  #chunk: Uint8Array = EMPTY;
  #at = 0;
  #lengthOctets = 0;
  #length = 0;
  #message: Uint8Array | undefined;
  #filled = 0;

  /** The piece is not copied until `next` reads it: leave its octets alone. */
  push(chunk: Uint8Array): void {
    this.#chunk =
      this.#at < this.#chunk.length ? concatOctets([this.#chunk.subarray(this.#at), chunk]) : chunk;
    this.#at = 0;
  }

  /** The next complete message, in storage of its own; undefined until more arrives. */
  next(): Uint8Array | undefined {
    while (this.#lengthOctets < 2) {
      if (this.#at === this.#chunk.length) return this.#release();
      this.#length = (this.#length << 8) | this.#chunk[this.#at++]!;
      this.#lengthOctets++;
    }
    const wanted = this.#length - this.#filled;
    const count = Math.min(wanted, this.#chunk.length - this.#at);
    const message = this.#room(this.#filled + count);
    message.set(this.#chunk.subarray(this.#at, this.#at + count), this.#filled);
    this.#at += count;
    this.#filled += count;
    if (count < wanted) return this.#release();
    this.#message = undefined;
    this.#filled = 0;
    this.#length = 0;
    this.#lengthOctets = 0;
    return message;
  }

  #release(): undefined {
    this.#chunk = EMPTY;
    this.#at = 0;
    return undefined;
  }

  #room(octets: number): Uint8Array {
    const before = this.#message;
    if (before !== undefined && before.length >= octets) return before;
    const size = Math.min(this.#length, Math.max(octets, FIRST_OCTETS, 2 * this.#filled));
    const message = new Uint8Array(size);
    if (before !== undefined) message.set(before.subarray(0, this.#filled));
    this.#message = message;
    return message;
  }
}

/** The message with its length before it, in one piece. At most 65535 octets. */
export function frame(octets: Uint8Array): Uint8Array {
  const framed = new Uint8Array(octets.length + 2);
  framed[0] = octets.length >> 8;
  framed[1] = octets.length & 0xff;
  framed.set(octets, 2);
  return framed;
}
