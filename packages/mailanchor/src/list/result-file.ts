/**
 * Results of a long run on disk, a JSON line each, so that a run that was stopped, by whatever, can go on: what stands there with its line
 * end is done. A line that was being written is mended away.
 */
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileProblem, MailanchorError, UsageError } from '../errors.ts';

const LF = 0x0a;
/** Octets of the longest line that is read; a check of many hosts with long chains has some hundred thousand. */
const MAX_LINE = 64 << 20;

/** What the lines of a file are. `W`: the words that a result may end in. */
export interface ResultLines<W extends string> {
  /** What one line is, for errors: `check`. */
  readonly what: string;
  /** The member that names the target; the first of the line. */
  readonly target: string;
  /** The member that says how it ended. */
  readonly outcome: string;
  readonly outcomes: readonly W[];
}

/** What an earlier run left. */
export interface DoneBefore<W extends string> {
  /** How often each target was done. */
  readonly targets: Map<string, number>;
  readonly outcomes: Map<W, number>;
  readonly count: number;
}

export class ResultFile<W extends string> {
  readonly path: string;
  readonly before: DoneBefore<W>;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, before: DoneBefore<W>) {
    this.path = path;
    this.#handle = handle;
    this.before = before;
  }

  /**
   * Opens a new file, or with `resume` one that may be there. Throws `UsageError` for one that is there and not to be gone on with, that
   * holds something else, or cannot be opened.
   */
  static async open<W extends string>(
    path: string,
    resume: boolean,
    lines: ResultLines<W>,
  ): Promise<ResultFile<W>> {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND;
    let handle: FileHandle;
    try {
      // Nobody misses what an empty file holds.
      const anew = resume || (await isEmpty(path));
      handle = await open(path, anew ? flags : flags | constants.O_EXCL, 0o644);
    } catch (error) {
      throw new UsageError(`--output: ${openProblem(error, path)}`, { cause: error });
    }
    try {
      return new ResultFile(path, handle, resume ? await readDone(path, handle, lines) : nothing<W>());
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Whether the target has been done before; a list that names it twice has it done twice. */
  take(target: string): boolean {
    const left = this.before.targets.get(target) ?? 0;
    if (left === 0) return false;
    if (left === 1) this.before.targets.delete(target);
    else this.before.targets.set(target, left - 1);
    return true;
  }

  /** Writes one line to its end. Rejects with `MailanchorError` where it cannot be: a full disk. */
  async append(line: string): Promise<void> {
    try {
      await this.#handle.appendFile(`${line}\n`);
    } catch (error) {
      throw new MailanchorError('output', `${this.path} cannot be written to: ${fileProblem(error)}`, {
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    try {
      // A pipe or a device has nothing to be synced.
      await this.#handle.datasync().catch(() => {});
    } finally {
      await this.#handle.close();
    }
  }
}

async function isEmpty(path: string): Promise<boolean> {
  try {
    const found = await stat(path);
    return found.isFile() && found.size === 0;
  } catch {
    return false;
  }
}

function openProblem(error: unknown, path: string): string {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return `cannot open ${path}: ${fileProblem(error)}`;
  return `${path} is there already: --resume goes on with it, or give another file`;
}

function nothing<W extends string>(): DoneBefore<W> {
  return { targets: new Map(), outcomes: new Map(), count: 0 };
}

/** Reads what is there and cuts off a last line that is not whole. */
async function readDone<W extends string>(
  path: string,
  handle: FileHandle,
  format: ResultLines<W>,
): Promise<DoneBefore<W>> {
  const alien = (line: number) => new UsageError(`--output: ${path}:${line} is no line of a ${format.what}`);
  const targets = new Map<string, number>();
  const outcomes = new Map<W, number>();
  let count = 0;
  let good = 0;
  let broken: number | undefined;
  for await (const { line, end } of wholeLines(path)) {
    // Only a last line can have been left half written; anything before it is another file.
    if (broken !== undefined) throw alien(broken);
    const done = line.length === 0 ? undefined : readLine(line, format);
    if (!done) broken = count + 1;
    else {
      targets.set(done.target, (targets.get(done.target) ?? 0) + 1);
      outcomes.set(done.outcome, (outcomes.get(done.outcome) ?? 0) + 1);
      count++;
      good = end;
    }
  }
  // A file that holds no line of ours at all is not ours to cut.
  if (good === 0 && broken !== undefined) throw alien(1);
  const { size } = await handle.stat();
  if (size > good) {
    if (good === 0 && !(await beginsLikeOurs(path, `{"${format.target}":`))) throw alien(1);
    await handle.truncate(good);
  }
  return { targets, outcomes, count };
}

async function beginsLikeOurs(path: string, beginning: string): Promise<boolean> {
  for await (const chunk of createReadStream(path, { end: beginning.length - 1 })) {
    return beginning.startsWith((chunk as Buffer).toString('latin1'));
  }
  return true;
}

/** Lines that have their end, and the offset behind it. */
async function* wholeLines(path: string): AsyncGenerator<{ line: Buffer; end: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (let end = rest.indexOf(LF); end >= 0; end = rest.indexOf(LF)) {
      offset += end + 1;
      yield { line: rest.subarray(0, end), end: offset };
      rest = rest.subarray(end + 1);
    }
    if (rest.length > MAX_LINE) throw new UsageError(`--output: ${path} is no file of results`);
  }
}

function readLine<W extends string>(
  line: Buffer,
  format: ResultLines<W>,
): { target: string; outcome: W } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const members = new Map<string, unknown>(Object.entries(value));
  const target = members.get(format.target);
  const outcome = format.outcomes.find((one) => one === members.get(format.outcome));
  return typeof target === 'string' && outcome !== undefined ? { target, outcome } : undefined;
}
