/**
 * The cache on disk, between one run and the next. What is in it is the resolver's business, damage included. It is trusted as the process's
 * own memory is, so it is read only where nobody else can have written it.
 */
import { constants } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileProblem } from '../errors.ts';

export const SNAPSHOT_FILE = 'resolver-cache';
/** Octets of a snapshot that is read back at all. */
const LARGEST = 1024 * 1024 * 1024;

export type SnapshotRead =
  | { readonly kind: 'read'; readonly octets: Uint8Array }
  | { readonly kind: 'none' }
  | { readonly kind: 'unusable'; readonly why: string };

/** Never rejects. */
export async function readSnapshot(folder: string): Promise<SnapshotRead> {
  const path = join(folder, SNAPSHOT_FILE);
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

/** The old file or the new one is there at every moment, whole. Rejects where the folder cannot be written. */
export async function writeSnapshot(folder: string, octets: Uint8Array): Promise<void> {
  const path = join(folder, SNAPSHOT_FILE);
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
    await rm(temporary, { force: true });
    throw error;
  }
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function unusable(why: string): SnapshotRead {
  return { kind: 'unusable', why };
}
