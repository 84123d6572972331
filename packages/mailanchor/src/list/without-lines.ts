/** A file of results without some of its lines: written beside it and put in its place, so that a run that is killed meanwhile loses nothing. */
import { createReadStream } from 'node:fs';
import { chmod, open, realpath, rename, rm, stat } from 'node:fs/promises';
import type { Stretch } from './done-before.ts';

/** Keeps the first `whole` octets but for `obsolete`, which are in order. Rejects with the file system's error; the file is then as it was. */
export async function rewriteWithout(
  path: string,
  whole: number,
  obsolete: readonly Stretch[],
): Promise<void> {
  // The file itself, not a link to it, is what is replaced.
  const file = await realpath(path);
  const { mode } = await stat(file);
  const temporary = `${file}.rewriting`;
  try {
    // The lock of the run is held: one that is there was left by a run that was killed.
    const handle = await open(temporary, 'w', 0o600);
    try {
      let from = 0;
      for (const { start, end } of [...obsolete, { start: whole, end: whole }]) {
        if (start > from) {
          const kept = createReadStream(file, { start: from, end: start - 1, highWaterMark: 1 << 20 });
          for await (const chunk of kept) await handle.appendFile(chunk as Buffer);
        }
        from = end;
      }
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await chmod(temporary, mode & 0o777);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}
