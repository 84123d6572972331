/** The program run as a user runs it: a process, its output, its exit status. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const BIN = fileURLToPath(new URL('../bin/mailanchor.js', import.meta.url));
const BUILT = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** The reason for skipping where there is no build; undefined where there is. */
export const unbuilt = existsSync(BUILT) ? undefined : 'not built: npm run build';

export interface Run {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly input?: string;
  /** Called once the process runs. */
  readonly started?: (child: ChildProcess) => void;
}

/** Settings of the machine must not reach the tests. */
export function environment(extra: Record<string, string> | undefined): NodeJS.ProcessEnv {
  const clean = Object.entries(process.env).filter(
    ([key]) => !/^MAILANCHOR_|^NO_COLOR$|^FORCE_COLOR$|^NODE_/.test(key),
  );
  return { ...Object.fromEntries(clean), ...extra };
}

export function mailanchor(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: options.cwd ?? tmpdir(),
      env: environment(options.env),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
    // A program that reads nothing may be gone before its input is written.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    options.started?.(child);
  });
}

/** A folder that is gone when `done` is called. */
export function temporaryFolder(): { path: string; done: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'mailanchor-test-'));
  return { path, done: () => rmSync(path, { recursive: true, force: true }) };
}
