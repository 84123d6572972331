/** One writer of a file at a time, over processes. What a killed process left behind holds nobody up. */
import { open, readFile, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const RETRY_MS = 50;

/** Runs `work` while no other process does so for `path`; undefined where it did not get its turn in time. */
export async function withFileLock<T>(
  path: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T | undefined> {
  const lock = `${path}.lock`;
  const end = performance.now() + timeoutMs;
  while (!(await take(lock))) {
    if (await isForsaken(lock)) await rm(lock, { force: true });
    else if (performance.now() >= end) return undefined;
    else await delay(RETRY_MS, undefined, { signal });
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    const handle = await open(lock, 'wx', 0o600);
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Whether its process is gone. One that has not yet written its number is at it just now. */
async function isForsaken(lock: string): Promise<boolean> {
  const text = await readFile(lock, 'utf8').catch(() => '');
  const pid = Number(text);
  if (text === '' || !Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
