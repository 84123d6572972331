/** A network namespace of our own: real ports on loopback addresses that nothing else on the machine can see. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds until the process is killed; its status is then null. */
  readonly timeoutMs?: number;
}

/** Settings of the machine must not reach the program under test. */
function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const clean = Object.entries(process.env).filter(
    ([key]) => !/^MAILANCHOR_|^NO_COLOR$|^FORCE_COLOR$|^NODE_|^VITEST/.test(key),
  );
  return { ...Object.fromEntries(clean), ...extra };
}

/** Runs a program inside the namespace to its end. */
export function runIn(namespace: string, command: readonly string[], options: RunOptions = {}): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn('ip', ['netns', 'exec', namespace, ...command], {
      env: environment(options.env),
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 60_000,
      killSignal: 'SIGKILL',
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
    child.on('close', (status) => resolve({ status, stdout, stderr }));
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** Starts a server inside the namespace; it ends with the namespace. */
export function startIn(namespace: string, command: readonly string[]): ChildProcess {
  return spawn('ip', ['netns', 'exec', namespace, ...command], { env: environment(), stdio: 'ignore' });
}

function must(...command: readonly string[]): void {
  const { status, stderr } = spawnSync(command[0]!, command.slice(1), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr.trim()}`);
}

/** Names carry the process that made them, so that what a killed run left behind is told from what a running one uses. */
export function namespaceName(purpose: string): string {
  return `mailanchor-${purpose}-${process.pid}`;
}

export function makeNamespace(name: string): void {
  must('ip', 'netns', 'add', name);
  must('ip', 'netns', 'exec', name, 'ip', 'link', 'set', 'lo', 'up');
}

function pidsIn(namespace: string): readonly number[] {
  const { stdout } = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').filter(Boolean).map(Number);
}

/** Ends every process in the namespace, then the namespace. Does nothing where there is none. */
export function removeNamespace(name: string): void {
  for (const pid of pidsIn(name)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone meanwhile.
    }
  }
  spawnSync('ip', ['netns', 'del', name]);
  rmSync(`/etc/netns/${name}`, { recursive: true, force: true });
}

/** Removes namespaces whose maker is gone. */
export function removeForsaken(): void {
  const { stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  for (const line of (stdout ?? '').split('\n')) {
    const match = /^(mailanchor-[a-z]+-(\d+))\b/.exec(line);
    if (match !== null && !existsSync(`/proc/${match[2]}`)) removeNamespace(match[1]!);
  }
}
