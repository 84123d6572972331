/** Files that the user names: read whole, bounded, with errors that name them. */
import { type FileHandle, open } from 'node:fs/promises';
import { fileProblem, UsageError } from './errors.ts';

/** Octets beyond which no file of ours makes sense. */
export const MAX_FILE_OCTETS = 4 * 1024 * 1024;

/** The file's text. `what` says what it should be, for the error: `--trust-anchor`. Throws `UsageError`. */
export async function readTextFile(path: string, what: string): Promise<string> {
  return (await readOctets(path, what)).toString('utf8');
}

/** The file's octets. Throws `UsageError`. */
export async function readOctets(path: string, what: string): Promise<Buffer> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    // Read to a bound, not by the size the file claims: a device or a pipe claims none.
    const chunks: Buffer[] = [];
    let octets = 0;
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(65536), 0, 65536);
      if (bytesRead === 0) break;
      octets += bytesRead;
      if (octets > MAX_FILE_OCTETS)
        throw new UsageError(`${what}: ${path} is larger than 4 MB, which is not what belongs here`);
      chunks.push(buffer.subarray(0, bytesRead));
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${what}: cannot read ${path}: ${fileProblem(error)}`, { cause: error });
  } finally {
    await handle?.close();
  }
}
