/**
 * One run at a time for a host. The lock is one that the system holds on an open file, through SQLite, which ends with the process whatever
 * becomes of it: nothing is left behind to be judged stale.
 */
import { closeSync, constants, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { fileProblem, MailanchorError } from '../errors.ts';

const RETRY_MS = 100;
/** SQLITE_BUSY */
const BUSY = 5;

export interface HostLock {
  release(): void;
}

/** Throws `MailanchorError` 'locked' where another process has had it for `waitMs`, and where the folder cannot be written. */
export async function lockHost(folder: string, waitMs: number, signal: AbortSignal): Promise<HostLock> {
  const path = join(folder, 'lock');
  const end = performance.now() + waitMs;
  for (;;) {
    const lock = tryLock(folder, path);
    if (lock) return lock;
    if (performance.now() >= end) {
      throw new MailanchorError('locked', `${folder} is in use by another run${holder(folder)}`);
    }
    await pause(RETRY_MS, undefined, { signal });
  }
}

function tryLock(folder: string, path: string): HostLock | undefined {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
    database = new DatabaseSync(path);
    database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    const held = database;
    writeFileSync(join(folder, 'lock-holder'), `${process.pid}\n`, { mode: 0o600 });
    return { release: () => held.close() };
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === BUSY) return undefined;
    throw new MailanchorError('state', `${folder} cannot be used: ${fileProblem(error)}`, { cause: error });
  }
}

function holder(folder: string): string {
  try {
    const pid = readFileSync(join(folder, 'lock-holder'), 'utf8').trim();
    return /^\d+$/.test(pid) ? ` (process ${pid})` : '';
  } catch {
    return '';
  }
}
