/** Servers and clients of the benchmark, each a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../../packages/mailanchor/bin/mailanchor.js', import.meta.url));
const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export interface Server {
  readonly pid: number;
  /** Of its first socketmap. */
  readonly port: number;
  stop(): Promise<void>;
}

/** Once it says that it is ready. `before`: words before the command, such as those that enter a namespace. */
export async function startServer(args: readonly string[], before: readonly string[] = []): Promise<Server> {
  const [program, ...words] = [...before, process.execPath, ...args];
  const child = spawn(program!, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const port = await portOf(child);
  return {
    pid: child.pid!,
    port,
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'close');
    },
  };
}

export const startPolicy = (...args: readonly string[]): Promise<Server> =>
  startServer([PROGRAM, 'policy', '--listen', '127.0.0.1:0', '--max-connections', '20000', ...args]);

export const startEcho = (): Promise<Server> => startServer([path('echo.ts')]);

function portOf({ stderr }: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    stderr!.on('data', (chunk) => {
      text += String(chunk);
      if (!/: ready\n/.test(text)) return;
      resolve(Number(/listening on [0-9.]+:(\d+), socketmap/.exec(text)?.[1]));
      text = '';
    });
    stderr!.once('close', () => reject(new Error(text)));
  });
}

/** What a client prints. */
export function runClient<T>(
  name: 'client.ts' | 'ask-all.ts',
  args: readonly (string | number)[],
  before: readonly string[] = [],
): Promise<T> {
  return new Promise((resolve, reject) => {
    const [program, ...words] = [...before, process.execPath, path(name), ...args.map(String)];
    const client = spawn(program!, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    client.stdout.on('data', (chunk) => {
      text += String(chunk);
    });
    client.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text) as T);
      else reject(new Error(`${name} ended with ${code}`));
    });
  });
}

export interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

export function table(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    console.log(
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    );
}
