/** The files by which other programs find the lab: root hints, trust anchor, configuration. */
import { mkdir, mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Lab } from '@mailanchor/lab';
import { fileProblem, UsageError } from '../errors.ts';

export interface LabFolder {
  readonly path: string;
  readonly rootHints: string;
  readonly trustAnchor: string;
  readonly config: string;
  /** Takes away what was made. */
  remove(): Promise<void>;
}

/** Writes the files into `dir`, or into a folder of their own. Throws `UsageError`; files of others are never overwritten. */
export async function writeLabFolder(lab: Lab, dir: string | undefined): Promise<LabFolder> {
  const path = dir === undefined ? await mkdtemp(join(tmpdir(), 'mailanchor-lab-')) : resolve(dir);
  const files = {
    rootHints: join(path, 'root.hints'),
    trustAnchor: join(path, 'root.key'),
    ca: join(path, 'lab-ca.pem'),
    config: join(path, 'mailanchor.yaml'),
  };
  const written: string[] = [];
  let made = dir === undefined;
  const remove = async () => {
    for (const file of written) await rm(file, { force: true });
    // A folder that was there stays, and so does one in which somebody put something.
    if (made) await rmdir(path).catch(() => {});
  };
  try {
    if (dir !== undefined) made = (await mkdir(path, { recursive: true })) !== undefined;
    for (const [file, text] of [
      [files.rootHints, lab.rootHints],
      [files.trustAnchor, lab.trustAnchor],
      [files.ca, lab.ca],
      [files.config, configText(lab)],
    ] as const) {
      await writeFile(file, text, { flag: 'wx' });
      written.push(file);
    }
  } catch (error) {
    await remove();
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    const file = (error as NodeJS.ErrnoException).path ?? path;
    const problem = exists
      ? `${file} exists already: choose another folder, or remove it`
      : fileProblem(error);
    throw new UsageError(`--dir: ${problem}`, { cause: error });
  }
  return { path, ...files, remove };
}

function configText(lab: Lab): string {
  return `# Points at the lab for as long as it runs.
root-hints: root.hints
trust-anchor: root.key
dns-port: ${lab.dnsPort}
check:
  port: ${lab.mailPort}
  sts-port: ${lab.policyPort}
  sts-ca: lab-ca.pem
  sts-private-addresses: true
policy-service:
  sts-port: ${lab.policyPort}
  sts-ca: lab-ca.pem
  sts-private-addresses: true
`;
}
