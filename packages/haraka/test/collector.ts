/** `mailanchor tlsrpt collect` as a process, to which the plug-in tells what TLS reports count. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../mailanchor/bin/mailanchor.js', import.meta.url));

export interface Counted {
  readonly domain: string;
  readonly successes: number;
  readonly failures: number;
}

export interface Collector {
  readonly socket: string;
  /** Sessions of today, by domain. */
  counted(): Counted[];
  stop(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const folder = mkdtempSync(join(tmpdir(), 'mailanchor-collector-'));
  const socket = join(folder, 'events');
  const database = join(folder, 'tlsrpt.sqlite');
  const child = spawn(
    process.execPath,
    [PROGRAM, 'tlsrpt', 'collect', '--listen', `unix:${socket}`, '--database', database],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  while (!/ready/.test(said)) {
    const [text] = (await once(child.stderr, 'data')) as [Buffer];
    said += String(text);
  }
  return {
    socket,
    counted: () => {
      const args = ['tlsrpt', 'show', '--json', '--day', 'today', '--database', database];
      const { stdout } = spawnSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8' });
      return stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Counted);
    },
    stop: async () => {
      child.kill();
      await once(child, 'close');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
