/**
 * The bed: a signed DNS served by NSD, Unbound beside us, STARTTLS sinks, a receiving and a sending Postfix, all in one network
 * namespace. Raised by the scripts that come with it; read here.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  namespaceName,
  type Run,
  type RunOptions,
  removeForsaken,
  removeNamespace,
  runIn,
} from './namespace.ts';
import { BED_SCRIPTS } from './peers.ts';

const PROGRAM = fileURLToPath(new URL('../../packages/mailanchor/bin/mailanchor.js', import.meta.url));

/** Where a bed, or another network of signed zones, can be asked. Plain data: it crosses from the global setup to the tests. */
export interface Network {
  /** Holds root.hints and root.key, and the bed's tables. */
  readonly folder: string;
  readonly namespace: string;
  /** Address of Unbound there. */
  readonly unbound: string;
}

/** What `lower` takes down again: processes, namespace, files. It may be called twice. */
export interface RaisedNetwork {
  readonly network: Network;
  lower(): void;
}

/** Raises a bed; takes some ten seconds. Throws, and leaves nothing behind, when a part of it does not start. */
export function raiseBed(domains: number, hosts: number): RaisedNetwork {
  removeForsaken();
  // Postfix gives up its rights and must still be able to enter: mkdtemp makes folders for the owner alone.
  const parent = mkdtempSync(join(tmpdir(), 'mailanchor-bed-'));
  chmodSync(parent, 0o755);
  const folder = join(parent, 'bed');
  const namespace = namespaceName('bed');
  let up = true;
  const lower = (): void => {
    if (!up) return;
    up = false;
    process.removeListener('exit', lower);
    spawnSync('bash', [join(BED_SCRIPTS, 'bed-down.sh'), folder, '--purge'], {
      stdio: 'ignore',
      timeout: 60_000,
    });
    removeNamespace(namespace);
    rmSync(parent, { recursive: true, force: true });
  };
  process.on('exit', lower);
  const { status, stdout, stderr } = spawnSync(
    'bash',
    [
      join(BED_SCRIPTS, 'bed-up.sh'),
      folder,
      ...['--domains', String(domains), '--hosts', String(hosts), '--ns', namespace],
    ],
    {
      encoding: 'utf8',
      timeout: 120_000,
      env: {
        ...process.env,
        PATH: [dirname(process.execPath), process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter),
      },
    },
  );
  if (status !== 0) {
    lower();
    throw new Error(`the bed did not come up (status ${status}):\n${stdout}${stderr}`);
  }
  return { network: { folder, namespace, unbound: '127.0.53.10' }, lower };
}

/** Rows of one of the bed's tables, the line of headings left out. */
export function readTable(bed: Network, file: string): readonly (readonly string[])[] {
  return readFileSync(join(bed.folder, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'));
}

/** Runs the program inside, on the network's root hints and trust anchor. */
export function mailanchor(
  { folder, namespace }: Network,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Run> {
  const roots = ['--root-hints', join(folder, 'root.hints'), '--trust-anchor', join(folder, 'root.key')];
  return runIn(namespace, [process.execPath, PROGRAM, ...args, ...roots], options);
}
