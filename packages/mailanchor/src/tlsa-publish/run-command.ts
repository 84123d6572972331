/** A command of the operator's: no shell, bounded in time and output, and gone with all that it started when its time is over. */
import { type ChildProcess, spawn } from 'node:child_process';
import { printable } from '../terminal/printable.ts';

export interface CommandOptions {
  /** Given on standard input, which is then closed. */
  readonly input?: string;
  /** Beside what the program itself has. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export type CommandResult =
  /** It ended by itself. `said`: the last line that it wrote, to standard error if there was any, made printable; may be empty. */
  | { readonly kind: 'ended'; readonly status: number; readonly said: string }
  /** It did not, or not by itself: killed by a signal, or its time was over. */
  | { readonly kind: 'stopped'; readonly text: string; readonly said: string }
  /** It could not be started: nothing was done. */
  | { readonly kind: 'not-started'; readonly text: string };

/** Octets of output that are kept; the rest is read and thrown away. */
const KEPT_OCTETS = 16_384;
/** Milliseconds for which output of what has ended is waited for: what it left running in the background may hold it open. */
const DRAIN_MS = 200;

/** Rejects only where `signal` aborts; the command is killed then. */
export function runCommand(command: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const { input = '', environment, timeoutMs, signal } = options;
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    // A group of its own: it is killed with its children.
    const child = spawn(program, args, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(environment && { env: { ...process.env, ...environment } }),
    });
    const output = new Output(child);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, timeoutMs);
    const aborted = () => killGroup(child);
    signal.addEventListener('abort', aborted);
    const settle = (result: CommandResult) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      if (signal.aborted) reject(signal.reason);
      else resolve(result);
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) settle({ kind: 'not-started', text: notStarted(program, error) });
    });
    child.on('exit', async (status, killedBy) => {
      clearTimeout(timer);
      const said = await output.lastLine();
      if (timedOut)
        settle({ kind: 'stopped', text: `not done after ${timeoutMs / 1000} s and killed`, said });
      else if (status === null) settle({ kind: 'stopped', text: `killed by ${killedBy}`, said });
      else settle({ kind: 'ended', status, said });
    });
    // A command that does not read its input is none of our business.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

class Output {
  #kept = { stdout: '', stderr: '' };
  readonly #closed: Promise<void>;

  constructor(child: ChildProcess) {
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this.#kept[name] = (this.#kept[name] + text).slice(-KEPT_OCTETS);
      });
    this.#closed = new Promise((resolve) => child.once('close', () => resolve()));
  }

  async lastLine(): Promise<string> {
    await Promise.race([this.#closed, new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref())]);
    const { stdout, stderr } = this.#kept;
    const lines = (stderr.trim() || stdout.trim()).split(/[\r\n]+/);
    return printable((lines.at(-1) ?? '').trim()).slice(0, 500);
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

function notStarted(program: string, { code, message }: NodeJS.ErrnoException): string {
  const why = code === 'ENOENT' ? 'no such program' : code === 'EACCES' ? 'not executable' : message;
  return `${printable(program)} cannot be run: ${why}`;
}

/** `nsd-control reload`, as a person would type it. */
export function commandText(command: readonly string[]): string {
  return command
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`))
    .join(' ');
}

/** `exit status 1: it said so`; `said` where there is anything. */
export function resultText(result: CommandResult): string {
  if (result.kind === 'not-started') return result.text;
  const what = result.kind === 'ended' ? `exit status ${result.status}` : result.text;
  return result.said === '' ? what : `${what}: ${result.said}`;
}
