/** How far a run over many targets is: a bar, the rate, the time that is left, counts of outcomes; one line. */

/** Milliseconds over which the rate is taken: long enough to be calm, short enough to follow. */
const WINDOW_MS = 15_000;
/** Milliseconds between the samples of it. */
const SAMPLE_MS = 500;
const BAR_CELLS = 20;
const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

export interface RunProgressOptions<W extends string> {
  /** Targets in all; undefined where nobody knows, as with standard input. */
  readonly total: number | undefined;
  /** Done by an earlier run: they count for the bar and not for the rate. */
  readonly before: number;
  /** Milliseconds on a clock that never jumps. */
  readonly now: () => number;
  /** How results may end, in the order in which they are counted out. */
  readonly order: readonly W[];
}

export class RunProgress<W extends string> {
  readonly #options: RunProgressOptions<W>;
  readonly #counts = new Map<W, number>();
  readonly #samples: { at: number; done: number }[] = [];
  #done = 0;
  #bad = 0;

  constructor(options: RunProgressOptions<W>) {
    this.#options = options;
    this.#samples.push({ at: options.now(), done: 0 });
  }

  get done(): number {
    return this.#options.before + this.#done;
  }

  add(outcome: W): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
    this.#done++;
    this.#sample();
  }

  addBadLine(): void {
    this.#bad++;
  }

  /** e.g. `██████▍              3,201/10,000  32%  412/s  17 s left  3,120 protected, 81 broken` */
  text(): string {
    const { total } = this.#options;
    const rate = this.#rate();
    // A bad line is done with as well.
    const passed = this.done + this.#bad;
    const parts: string[] = [];
    if (total !== undefined && total > 0) {
      const share = Math.min(1, passed / total);
      parts.push(`${bar(share)} ${count(passed)}/${count(total)}`, `${Math.floor(share * 100)}%`);
    } else parts.push(`${count(this.done)} done`);
    if (rate > 0) parts.push(`${rate < 10 ? rate.toFixed(1) : count(Math.round(rate))}/s`);
    if (total !== undefined && rate > 0 && total > passed)
      parts.push(`${duration((total - passed) / rate)} left`);
    const counts = this.#options.order.flatMap((outcome) => {
      const many = this.#counts.get(outcome);
      return many === undefined ? [] : [`${count(many)} ${outcome}`];
    });
    if (this.#bad > 0) counts.push(`${count(this.#bad)} bad ${this.#bad === 1 ? 'line' : 'lines'}`);
    if (counts.length > 0) parts.push(counts.join(', '));
    return parts.join('  ');
  }

  #sample(): void {
    const at = this.#options.now();
    if (at - this.#samples.at(-1)!.at < SAMPLE_MS) return;
    this.#samples.push({ at, done: this.#done });
    while (this.#samples.length > 2 && at - this.#samples[1]!.at > WINDOW_MS) this.#samples.shift();
  }

  /** Targets a second. */
  #rate(): number {
    const { at, done } = this.#samples[0]!;
    const seconds = (this.#options.now() - at) / 1000;
    return seconds <= 0 ? 0 : (this.#done - done) / seconds;
  }
}

function bar(share: number): string {
  const eighths = Math.round(share * BAR_CELLS * 8);
  const whole = '█'.repeat(eighths >> 3) + PARTS[eighths & 7]!;
  return whole.padEnd(BAR_CELLS, ' ');
}

/** 10,000 whatever the machine's language is. */
function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
