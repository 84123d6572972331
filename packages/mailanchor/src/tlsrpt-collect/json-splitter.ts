/** JSON objects that follow one another without anything between them: as datagrams come out of a stream. Bounded; what is no object is passed over. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const EMPTY = Buffer.alloc(0);

export class JsonSplitter {
  readonly #max: number;
  #rest: Buffer = EMPTY;
  /** Octets of `#rest` that have been looked at. */
  #at = 0;
  #depth = 0;
  #quoted = false;
  /** Octets that belong to no object. */
  strayed = 0;

  constructor(max = 262_144) {
    this.#max = max;
  }

  push(chunk: Uint8Array): string[] {
    const octets = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const objects: string[] = [];
    let from = 0;
    let at = this.#at;
    for (; at < octets.length; at++) {
      const octet = octets[at];
      if (this.#quoted) {
        if (octet === BACKSLASH) at++;
        else if (octet === QUOTE) this.#quoted = false;
      } else if (octet === OPEN) {
        if (this.#depth++ === 0) {
          this.strayed += at - from;
          from = at;
        }
      } else if (this.#depth === 0) continue;
      else if (octet === QUOTE) this.#quoted = true;
      else if (octet === CLOSE && --this.#depth === 0) {
        objects.push(octets.toString('utf8', from, at + 1));
        from = at + 1;
      }
    }
    if (this.#depth === 0) {
      this.strayed += octets.length - from;
      from = octets.length;
    }
    this.#rest = Buffer.from(octets.subarray(from));
    this.#at = at - from;
    if (this.#rest.length > this.#max) this.#forget();
    return objects;
  }

  /** Begins anew at the next object. */
  #forget(): void {
    this.strayed += this.#rest.length;
    this.#rest = EMPTY;
    this.#at = 0;
    this.#depth = 0;
    this.#quoted = false;
  }
}
