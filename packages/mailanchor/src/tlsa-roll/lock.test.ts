/** One run at a time, and none that a killed one holds up. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockHost } from './lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailanchor-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const { signal } = new AbortController();
const SCRIPT = `const { lockHost } = await import(process.argv[1]);
await lockHost(process.argv[2], 0, new AbortController().signal);
process.stdout.write('locked');
setInterval(() => {}, 1000);`;

/** Another process that has the lock. */
async function holder() {
  const module = fileURLToPath(new URL('./lock.ts', import.meta.url));
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, module, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('another process is waited for, and named', async () => {
  const child = await holder();
  await expect(lockHost(folder, 200, signal)).rejects.toThrow(`in use by another run (process ${child.pid})`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  // Nothing is left behind by a process that was killed.
  const lock = await lockHost(folder, 0, signal);
  lock.release();
});

test('released, it is free for the next', async () => {
  const first = await lockHost(folder, 0, signal);
  await expect(lockHost(folder, 0, signal)).rejects.toThrow('in use');
  first.release();
  const second = await lockHost(folder, 0, signal);
  second.release();
});

test('who waits gets it once it is released', async () => {
  const first = await lockHost(folder, 0, signal);
  const second = lockHost(folder, 5000, signal);
  first.release();
  (await second).release();
});

test('a folder that cannot be written is told', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await expect(lockHost(join(file, 'mx1'), 0, signal)).rejects.toThrow('mx1 cannot be used');
});
