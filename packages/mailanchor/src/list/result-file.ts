/**
 * Results of a long run on disk, a JSON line each, so that a run that was stopped, by whatever, can go on: what stands there with its line
 * end is done. A line that was being written is mended away.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileProblem, MailanchorError, UsageError } from '../errors.ts';
import { type FileLock, lockFile } from '../file-lock.ts';
import { type DoneBefore, nothingBefore, type ResultLines, readBefore } from './done-before.ts';
import { rewriteWithout } from './without-lines.ts';

export type { DoneBefore, ResultLines } from './done-before.ts';

/** Append: what stands there is never written over. */
const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND;

export class ResultFile<W extends string> {
  readonly path: string;
  readonly before: DoneBefore<W>;
  readonly #handle: FileHandle;
  readonly #lock: FileLock | undefined;

  private constructor(path: string, handle: FileHandle, lock: FileLock | undefined, before: DoneBefore<W>) {
    this.path = path;
    this.#handle = handle;
    this.#lock = lock;
    this.before = before;
  }

  /**
   * Opens a new file, or with `resume` one that may be there, whose lines of `lines.again` are taken out. It is locked until `close`. Throws
   * `UsageError` for one that is there and not to be gone on with, that another run is writing to, that holds something else, or cannot be
   * opened.
   */
  static async open<W extends string>(
    path: string,
    resume: boolean,
    lines: ResultLines<W>,
  ): Promise<ResultFile<W>> {
    // A pipe or a device is not gone on with by anybody.
    const lock = (await isOfLines(path)) ? await lockFile(path, '--output') : undefined;
    try {
      if (resume) {
        const before = await goOnWith(path, lines);
        return new ResultFile(path, await openOutput(path, FLAGS), lock, before);
      }
      // Nobody misses what an empty file holds.
      const flags = (await isEmpty(path)) ? FLAGS : FLAGS | constants.O_EXCL;
      return new ResultFile(path, await openOutput(path, flags), lock, nothingBefore<W>());
    } catch (error) {
      lock?.release();
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
      this.#lock?.release();
    }
  }
}

async function openOutput(path: string, flags: number): Promise<FileHandle> {
  try {
    return await open(path, flags, 0o644);
  } catch (error) {
    throw new UsageError(`--output: ${openProblem(error, path)}`, { cause: error });
  }
}

async function isOfLines(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
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

/** Reads what is there, and takes out a last line that is not whole and lines that are to be asked again. */
async function goOnWith<W extends string>(path: string, lines: ResultLines<W>): Promise<DoneBefore<W>> {
  const handle = await openOutput(path, FLAGS);
  try {
    const { size } = await handle.stat();
    const { whole, obsolete, ...before } = await readBefore(path, size, lines);
    try {
      if (obsolete.length > 0) await rewriteWithout(path, whole, obsolete);
      else if (size > whole) await handle.truncate(whole);
    } catch (error) {
      throw new UsageError(`--output: cannot go on with ${path}: ${fileProblem(error)}`, { cause: error });
    }
    return before;
  } finally {
    await handle.close();
  }
}
