/** Says what clients ask too much of us, once a minute at most: queries and connections are not logged one by one. */
import type { Log } from './log.ts';

/** Milliseconds between two looks. */
const PERIOD = 60_000;
/** Of each, so many in a period are nobody's news. */
const NEWS = 10;

/** Counts that only grow, by what they are called. */
export type Strain = Readonly<Record<string, number>>;

export class StrainLog {
  readonly #log: Log;
  readonly #read: () => Strain;
  readonly #timer: NodeJS.Timeout;
  #before: Strain;

  constructor(log: Log, read: () => Strain, periodMs = PERIOD) {
    this.#log = log;
    this.#read = read;
    this.#before = read();
    this.#timer = setInterval(() => this.look(), periodMs).unref();
  }

  /** Tells what has grown since the last look. */
  look(): void {
    const now = this.#read();
    const parts: string[] = [];
    const fields: Record<string, number> = {};
    for (const [what, count] of Object.entries(now)) {
      const grown = count - (this.#before[what] ?? 0);
      if (grown < NEWS) continue;
      parts.push(`${what}: ${grown}`);
      fields[what.replaceAll(' ', '-')] = grown;
    }
    this.#before = now;
    if (parts.length > 0)
      this.#log.problem(
        'strain',
        `clients ask too much, or what is no question: ${parts.join(', ')}`,
        fields,
      );
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
