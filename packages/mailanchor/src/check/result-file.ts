/**
 * Results of a long run on disk, a JSON line each, so that a run that was stopped, by whatever, can go on: what stands there with its line
 * end is done. A line that was being written is mended away.
 */
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { DOMAIN_VERDICTS, type DomainVerdict } from '@mailanchor/smtp';
import { fileProblem, MailanchorError, UsageError } from '../errors.ts';

const LF = 0x0a;
/** Octets of the longest line that is read; a check of many hosts with long chains has some hundred thousand. */
const MAX_LINE = 64 << 20;

/** What an earlier run left. */
export interface DoneBefore {
  /** How often each target was done. */
  readonly targets: Map<string, number>;
  readonly verdicts: Map<DomainVerdict, number>;
  readonly count: number;
}

export class ResultFile {
  readonly path: string;
  readonly before: DoneBefore;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, before: DoneBefore) {
    this.path = path;
    this.#handle = handle;
    this.before = before;
  }

  /**
   * Opens a new file, or with `resume` one that may be there. Throws `UsageError` for one that is there and not to be gone on with, that
   * holds something else, or cannot be opened.
   */
  static async open(path: string, resume: boolean): Promise<ResultFile> {
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
      return new ResultFile(path, handle, resume ? await readDone(path, handle) : nothing());
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

function nothing(): DoneBefore {
  return { targets: new Map(), verdicts: new Map(), count: 0 };
}

/** Reads what is there and cuts off a last line that is not whole. */
async function readDone(path: string, handle: FileHandle): Promise<DoneBefore> {
  const targets = new Map<string, number>();
  const verdicts = new Map<DomainVerdict, number>();
  let count = 0;
  let good = 0;
  let broken: number | undefined;
  for await (const { line, end } of wholeLines(path)) {
    // Only a last line can have been left half written; anything before it is another file.
    if (broken !== undefined) throw new UsageError(`--output: ${path}:${broken} is no line of a check`);
    const done = line.length === 0 ? undefined : readLine(line);
    if (!done) broken = count + 1;
    else {
      targets.set(done.target, (targets.get(done.target) ?? 0) + 1);
      verdicts.set(done.verdict, (verdicts.get(done.verdict) ?? 0) + 1);
      count++;
      good = end;
    }
  }
  // A file that holds no line of ours at all is not ours to cut.
  if (good === 0 && broken !== undefined) throw new UsageError(`--output: ${path}:1 is no line of a check`);
  const { size } = await handle.stat();
  if (size > good) {
    if (good === 0 && !(await beginsLikeOurs(path)))
      throw new UsageError(`--output: ${path}:1 is no line of a check`);
    await handle.truncate(good);
  }
  return { targets, verdicts, count };
}

const BEGINNING = '{"target":';

async function beginsLikeOurs(path: string): Promise<boolean> {
  for await (const chunk of createReadStream(path, { end: BEGINNING.length - 1 })) {
    return BEGINNING.startsWith((chunk as Buffer).toString('latin1'));
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
    if (rest.length > MAX_LINE) throw new UsageError(`--output: ${path} is no file of checks`);
  }
}

function readLine(line: Buffer): { target: string; verdict: DomainVerdict } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { target, verdict } = value as { target?: unknown; verdict?: unknown };
  const known = DOMAIN_VERDICTS.find((one) => one === verdict);
  return typeof target === 'string' && known ? { target, verdict: known } : undefined;
}
