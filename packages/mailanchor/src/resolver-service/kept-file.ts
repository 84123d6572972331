/**
 * Files that outlive the process and are trusted as its own memory is: read only where nobody else can have written them, replaced so that
 * the old file or the new one is there at every moment, whole.
 */
import { constants } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileProblem } from '../errors.ts';

/** Octets of a file that is read back at all. */
const LARGEST = 1024 * 1024 * 1024;

export type KeptFile =
  | { readonly kind: 'read'; readonly octets: Uint8Array }
  | { readonly kind: 'none' }
  | { readonly kind: 'unusable'; readonly why: string };

/** Never rejects. */
export async function readKept(path: string): Promise<KeptFile> {
  try {
    // A link would be somebody's choice of what we trust.
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { uid, mode, size } = await handle.stat();
      const self = process.getuid?.();
      if (self !== undefined && uid !== self && uid !== 0)
        return unusable(`${path} belongs to somebody else`);
      if ((mode & 0o022) !== 0) return unusable(`${path} can be written by others`);
      if (size > LARGEST) return unusable(`${path} is too large`);
      return { kind: 'read', octets: await handle.readFile() };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'none' };
    return unusable(`${path}: ${fileProblem(error)}`);
  }
}

/** Rejects where the folder cannot be written or is full; the old file is still there then. */
export async function replaceKept(path: string, octets: Uint8Array): Promise<void> {
  const folder = dirname(path);
  const temporary = `${path}.${process.pid}`;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const handle = await open(temporary, 'w', 0o600);
    try {
      await handle.writeFile(octets);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function unusable(why: string): KeptFile {
  return { kind: 'unusable', why };
}
