/** The cache on disk, between one run and the next. What is in it is the resolver's business, damage included. */
import { join } from 'node:path';
import { type KeptFile, readKept, replaceKept } from './kept-file.ts';

export const SNAPSHOT_FILE = 'resolver-cache';

/** Never rejects. */
export function readSnapshot(folder: string): Promise<KeptFile> {
  return readKept(join(folder, SNAPSHOT_FILE));
}

/** Rejects where the folder cannot be written. */
export function writeSnapshot(folder: string, octets: Uint8Array): Promise<void> {
  return replaceKept(join(folder, SNAPSHOT_FILE), octets);
}
