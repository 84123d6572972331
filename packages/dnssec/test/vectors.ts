/** Where the recorded data lies that this repository does not carry: `MAILANCHOR_VECTORS`, else `../shared/vectors`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER =
  process.env['MAILANCHOR_VECTORS'] ?? fileURLToPath(new URL('../../../../shared/vectors', import.meta.url));

/**
 * The folder of one kind of vectors, or undefined where it is absent. Throws where it is absent and must not be
 * (`MAILANCHOR_TEST_PEERS=required`).
 */
export function vectorFolder(kind: 'unbound' | 'rfc'): string | undefined {
  const folder = join(FOLDER, kind);
  if (existsSync(folder)) return folder;
  if (process.env['MAILANCHOR_TEST_PEERS'] === 'required')
    throw new Error(`vectors required, none at ${folder}`);
  return undefined;
}

/** Title of the placeholder test that stands for vectors that are not there. */
export const NO_VECTORS = 'skipped: no recorded vectors (set MAILANCHOR_VECTORS)';

export function readVector(folder: string, file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}
