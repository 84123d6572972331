/** Lines of a long page, the gravest kept: so many of them, and so many characters of what they open. */

export interface Line {
  readonly target: string;
  /** What is seen of it. */
  readonly head: string;
  /** What it opens; undefined once there is no room for it. */
  body: string | undefined;
}

export class BoundedLines {
  /** By grade, the gravest first; each in the order in which they came. */
  readonly #lines: Line[][];
  /** Those of them that have their body. */
  readonly #whole: Line[][];
  readonly #maxLines: number;
  readonly #maxCharacters: number;
  #size = 0;
  #characters = 0;

  constructor(grades: number, maxLines: number, maxCharacters: number) {
    this.#lines = Array.from({ length: grades }, () => []);
    this.#whole = Array.from({ length: grades }, () => []);
    this.#maxLines = maxLines;
    this.#maxCharacters = maxCharacters;
  }

  get size(): number {
    return this.#size;
  }

  /** `grade`: 0 is the gravest. Where there is no more room the mildest and latest give way. */
  add(grade: number, line: Line): void {
    this.#lines[grade]!.push(line);
    this.#size++;
    if (line.body !== undefined) {
      this.#whole[grade]!.push(line);
      this.#characters += line.body.length;
    }
    if (this.#size > this.#maxLines) {
      const mildest = this.#lines.findLastIndex(({ length }) => length > 0);
      const dropped = this.#lines[mildest]!.pop()!;
      this.#size--;
      // The latest of its grade: if it has a body, it is the latest that has.
      if (dropped.body !== undefined) this.#shorten(mildest);
    }
    while (this.#characters > this.#maxCharacters)
      this.#shorten(this.#whole.findLastIndex(({ length }) => length > 0));
  }

  #shorten(grade: number): void {
    const line = this.#whole[grade]!.pop()!;
    this.#characters -= line.body!.length;
    line.body = undefined;
  }

  /** The gravest first, those of a grade by their target. */
  *[Symbol.iterator](): Generator<Line> {
    for (const lines of this.#lines) yield* lines.toSorted((a, b) => (a.target < b.target ? -1 : 1));
  }
}
