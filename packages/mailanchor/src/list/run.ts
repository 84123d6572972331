/** A command's work on its targets, one or a hundred thousand: several at a time, told or written as they are done, stopped and gone on with. */
import type { Voice } from '../context.ts';
import { keepHeapSmall } from '../heap.ts';
import { jsonLine, printable } from '../terminal/printable.ts';
import { countLines, type ListLine } from './lines.ts';
import type { ResultFile } from './result-file.ts';
import { RunProgress } from './run-progress.ts';
import type { ListSource } from './source.ts';
import { asCompleted, inOrder } from './work-through.ts';

type Target<T> = Extract<ListLine<T>, { kind: 'target' }>;
type Done<R> = Extract<ListLine<unknown>, { kind: 'bad' }> | { readonly kind: 'done'; readonly result: R };

export interface ListRunOptions<T, R, W extends string> {
  readonly source: ListSource<T>;
  readonly voice: Voice;
  /** Targets at a time. */
  readonly parallel: number;
  readonly results: ResultFile<W> | undefined;
  /** How results may end, in the order in which they are counted out. */
  readonly order: readonly W[];
  /** The target as the file of results has it. */
  readonly nameOf: (line: Target<T>) => string;
  /** `say`: what is being done, for one who waits for it. */
  readonly work: (line: Target<T>, say: (text: string) => void) => Promise<R>;
  readonly outcomeOf: (result: R) => W;
  /** Called with each result before it is written or shown. */
  readonly take: (result: R) => void;
  /** What is written of a result to the file. */
  readonly json: (result: R) => unknown;
  /** Prints a result, where there is no file for it. */
  readonly show: (result: R) => void;
}

export class ListRun<T, R, W extends string> {
  readonly #options: ListRunOptions<T, R, W>;
  readonly #outcomes = new Set<W>();
  #progress: RunProgress<W> | undefined;
  #badLines = 0;

  constructor(options: ListRunOptions<T, R, W>) {
    this.#options = options;
  }

  /** Every way in which a target ended, those of an earlier run too. */
  get outcomes(): ReadonlySet<W> {
    return this.#outcomes;
  }

  get badLines(): number {
    return this.#badLines;
  }

  /** Rejects with the first error of the work, and where the user stops it. */
  async run(): Promise<void> {
    const { source, results, parallel, order, voice } = this.#options;
    const { isList, file } = source;
    for (const outcome of results?.before.outcomes.keys() ?? []) this.#outcomes.add(outcome);
    if (isList) {
      keepHeapSmall();
      this.#progress = new RunProgress({
        total: file === undefined ? undefined : await countLines(file),
        before: results?.before.count ?? 0,
        now: () => performance.now(),
        order,
      });
    }
    const each = isList ? asCompleted : inOrder;
    try {
      for await (const done of each(this.#open(), parallel, (line) => this.#work(line)))
        await this.#take(done);
    } catch (error) {
      if (isList && voice.context.signal.aborted) this.#sayHowFar();
      throw error;
    }
  }

  /** Targets that an earlier run has not done. */
  async *#open(): AsyncGenerator<ListLine<T>> {
    const { source, results, nameOf } = this.#options;
    for await (const line of source.lines) {
      if (line.kind === 'target' && results?.take(nameOf(line))) continue;
      yield line;
    }
  }

  async #work(line: ListLine<T>): Promise<Done<R>> {
    const { voice, work } = this.#options;
    if (line.kind === 'bad') return line;
    const say = (text: string) => {
      // Of a list the bar says enough, and thousands of lines a second would only cost time.
      if (this.#progress && voice.verbosity !== 'verbose') return;
      const said = printable(text);
      if (!this.#progress) voice.progress.show(said);
      voice.detail(said);
    };
    if (!this.#progress) voice.progress.show(printable(`${line.text}: looking up`));
    return { kind: 'done', result: await work(line, say) };
  }

  async #take(done: Done<R>): Promise<void> {
    const { voice, results, outcomeOf, take, json, show } = this.#options;
    if (done.kind === 'bad') {
      this.#badLines++;
      this.#progress?.addBadLine();
      voice.warn(printable(`${done.where}: ${done.problem}`));
      return;
    }
    const { result } = done;
    const outcome = outcomeOf(result);
    this.#outcomes.add(outcome);
    take(result);
    if (results) await results.append(jsonLine(json(result)));
    else show(result);
    if (this.#progress) {
      this.#progress.add(outcome);
      voice.progress.show(this.#progress.text());
    }
  }

  #sayHowFar(): void {
    const { voice, results } = this.#options;
    const done = this.#progress?.done ?? 0;
    const where = results
      ? `; go on with the same command and --resume`
      : `; with --output FILE a run can be gone on with`;
    voice.warn(`stopped after ${done} ${done === 1 ? 'target' : 'targets'}${where}`);
  }
}
