/**
 * One run at a time on one file. Node has no flock(2); SQLite holds a lock of the operating system, which ends with the process however that
 * ends. It is held on an empty file beside the one that is locked, `results.jsonl.lock`, which goes when the lock is given back.
 */
import { closeSync, constants, openSync, realpathSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileProblem, UsageError } from './errors.ts';

/** SQLite's primary result code SQLITE_BUSY: somebody else has the lock. */
const BUSY = 5;
/** Times that a lock file may go from under us, each time because another run ended at that moment. */
const MAX_TRIES = 20;
/** Milliseconds between one try and the next. */
const RETRY_MS = 50;

export interface FileLock {
  release(): void;
}

/**
 * Locks `path`, which need not be there. `option` is what named it, for errors: `--output`. Throws `UsageError` where another process has it
 * locked, or nothing can be written beside it.
 */
export async function lockFile(path: string, option: string): Promise<FileLock> {
  let lock: FileLock | undefined;
  try {
    lock = await tryLockFile(path);
  } catch (error) {
    const what = isAbsent(error) ? `cannot open ${path}` : `cannot lock ${path} by ${lockPath(path)}`;
    throw new UsageError(`${option}: ${what}: ${fileProblem(error)}`, { cause: error });
  }
  if (!lock) throw new UsageError(`${option}: another run is writing to ${path}`);
  return lock;
}

/** As `lockFile`, once it is free; undefined where it is not within `timeoutMs`. Rejects with the system's errors, and where `signal` aborts. */
export async function waitForLock(
  path: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<FileLock | undefined> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const lock = await tryLockFile(path);
    if (lock || performance.now() >= end) return lock;
    await delay(RETRY_MS, undefined, { signal });
  }
}

/** Undefined where somebody else has it. */
async function tryLockFile(path: string): Promise<FileLock | undefined> {
  const { DatabaseSync } = await import('node:sqlite');
  const file = lockPath(path);
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
      if (Number((error as { errcode?: unknown }).errcode) % 256 === BUSY) return undefined;
      throw error;
    }
  }
  return undefined;
}

function lockPath(path: string): string {
  return `${realPath(path)}.lock`;
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
