/** Octets into lines, bounded: of a line that is too long nothing is kept, and those after it are read as ever. */

/** Octets of a line. */
export const MAX_LINE = 65_536;

const NEWLINE = 0x0a;
const EMPTY = Buffer.alloc(0);

export class LineSplitter {
  readonly #max: number;
  #rest: Buffer = EMPTY;
  #skipping = false;

  constructor(max = MAX_LINE) {
    this.#max = max;
  }

  /** Octets of a line that is not finished yet. */
  get unfinished(): number {
    return this.#rest.length;
  }

  /** Whether a line is being passed over. */
  get skipping(): boolean {
    return this.#skipping;
  }

  push(chunk: Uint8Array): string[] {
    const octets = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const lines: string[] = [];
    let from = 0;
    for (let end = octets.indexOf(NEWLINE); end >= 0; end = octets.indexOf(NEWLINE, from)) {
      if (!this.#skipping && end - from <= this.#max) lines.push(octets.toString('utf8', from, end));
      this.#skipping = false;
      from = end + 1;
    }
    const rest = octets.subarray(from);
    if (rest.length > this.#max) this.#skipping = true;
    // A copy: what is kept must not hold on to the large buffer that it came in.
    this.#rest = this.#skipping || rest.length === 0 ? EMPTY : Buffer.from(rest);
    return lines;
  }
}
