/** Files that hold a secret. */
import { stat } from 'node:fs/promises';
import { readTextFile } from '../file.ts';
import type { NamedFile } from '../options/lookup.ts';

/** Bits of the mode by which others than owner and group may read. */
const OTHERS_READ = 0o004;

/** The text. `warn` is told where everybody on the machine can read it. Throws `UsageError`. */
export async function readSecretFile(
  { path, from }: NamedFile,
  warn: (text: string) => void,
): Promise<string> {
  const text = await readTextFile(path, from);
  const { mode } = await stat(path);
  if ((mode & OTHERS_READ) !== 0)
    warn(`${from}: every user of this machine can read the secret in ${path}: chmod 640 ${path}`);
  return text;
}
