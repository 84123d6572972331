/**
 * One run at a time on one file. Node has no flock(2); SQLite holds a lock of the operating system, which ends with the process however that
 * ends. It is held on an empty file beside the one that is locked, `results.jsonl.lock`, which goes when the lock is given back.
 */
import { closeSync, constants, openSync, realpathSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileProblem, UsageError } from '../errors.ts';

/** SQLite's primary result code SQLITE_BUSY: somebody else has the lock. */
const BUSY = 5;
/** Times that a lock file may go from under us, each time because another run ended at that moment. */
const MAX_TRIES = 20;

export interface FileLock {
  release(): void;
}

/**
 * Locks `path`, which need not be there. `option` is what named it, for errors: `--output`. Throws `UsageError` where another process has it
 * locked, or nothing can be written beside it.
 */
export async function lockFile(path: string, option: string): Promise<FileLock> {
  const { DatabaseSync } = await import('node:sqlite');
  const file = `${realPath(path)}.lock`;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    let handle: InstanceType<typeof DatabaseSync> | undefined;
    try {
      closeSync(openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600));
      const inode = statSync(file).ino;
      const database = new DatabaseSync(file, { timeout: 0 });
      handle = database;
      // Nothing is ever written to it: it needs no journal beside it.
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      // A run that ended between the open and the lock has removed the file: what is locked then is nobody's any more.
      if (inodeOf(file) === inode) return { release: () => release(file, database) };
      database.close();
    } catch (error) {
      if (handle?.isOpen) handle.close();
      if (Number((error as { errcode?: unknown }).errcode) % 256 === BUSY)
        throw new UsageError(`${option}: another run is writing to ${path}`, { cause: error });
      const what = isAbsent(error) ? `cannot open ${path}` : `cannot lock ${path} by ${file}`;
      throw new UsageError(`${option}: ${what}: ${fileProblem(error)}`, { cause: error });
    }
  }
  throw new UsageError(`${option}: cannot lock ${path}: ${file} keeps going away`);
}

/** Removed while it is locked, so that nobody takes the lock of a file that is about to go. */
function release(file: string, database: { close(): void }): void {
  try {
    rmSync(file, { force: true });
  } finally {
    database.close();
  }
}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}

/** Of a file that may be made: its folder is not there. */
function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** One lock by whichever way the file is named. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    try {
      return join(realpathSync(dirname(path)), basename(path));
    } catch {
      return path;
    }
  }
}
