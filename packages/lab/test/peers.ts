/** Programs of Debian's packages that judge beside us, where they are installed; `MAILANCHOR_TEST_PEERS=required` insists. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/sbin'];

/** Path of the program; undefined where it is not installed. Throws where it is required. */
export function findPeer(program: string): string | undefined {
  const path = FOLDERS.map((folder) => join(folder, program)).find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (path === undefined && process.env['MAILANCHOR_TEST_PEERS'] === 'required')
    throw new Error(`${program} is not installed, and MAILANCHOR_TEST_PEERS=required`);
  return path;
}

export function runPeer(path: string, args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(path, args, { encoding: 'utf8', timeout: 15_000 });
  return { status, output: `${stdout}${stderr}` };
}
