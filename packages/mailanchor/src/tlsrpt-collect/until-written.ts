/** Tries a transaction again until the disk takes it: whoever told what is in it will not tell it again. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { Log } from '../resolver-service/log.ts';

const RETRY_MS = 1_000;

/** Rejects where the signal aborts. */
export async function untilWritten<T>(write: () => T, log: Log, signal: AbortSignal): Promise<T> {
  for (let told = false; ; told = true) {
    try {
      const result = write();
      if (told) log.event('store', 'written again');
      return result;
    } catch (error) {
      if (!told) log.problem('store', `nothing can be counted: ${messageOf(error)}`);
      await delay(RETRY_MS, undefined, { signal });
    }
  }
}
