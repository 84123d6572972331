/** A command of the user's, with something on its standard input and a time limit. No shell is involved. */
import { spawn } from 'node:child_process';
import { fileProblem } from '../errors.ts';
import { printable } from '../terminal/printable.ts';

export type CommandResult =
  | { readonly kind: 'ended'; readonly status: number; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string };

/** Octets of its output that are told. */
const MAX_OUTPUT = 2000;
/** Milliseconds between asking it to end and making it. */
const GRACE_MS = 2000;

/** Never rejects. The command is ended where its time is over or `signal` aborts. */
export function runCommand(
  [program = '', ...args]: readonly string[],
  input: string | Uint8Array,
  timeoutMs: number,
  signal: AbortSignal,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: environment, detached: true });
    let output = '';
    let ended = '';
    let forced: NodeJS.Timeout | undefined;
    const kill = (name: NodeJS.Signals) => {
      // The whole group: what the command has begun goes with it.
      if (child.pid !== undefined && child.exitCode === null) {
        try {
          process.kill(-child.pid, name);
        } catch {
          child.kill(name);
        }
      }
    };
    const stop = (why: string) => {
      ended ||= why;
      kill('SIGTERM');
      forced ??= setTimeout(() => kill('SIGKILL'), GRACE_MS);
    };
    const timer = setTimeout(() => stop(`took longer than ${timeoutMs / 1000} s`), timeoutMs);
    const aborted = () => stop('stopped');
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    const done = (result: CommandResult) => {
      clearTimeout(timer);
      clearTimeout(forced);
      signal.removeEventListener('abort', aborted);
      resolve(result);
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        if (output.length < MAX_OUTPUT) output += chunk.toString('utf8');
      });
    }
    // A command that reads nothing is none of our business.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.once('error', (error) => done({ kind: 'failed', text: `cannot be run: ${fileProblem(error)}` }));
    child.once('close', (status, by) => {
      const said = printable(output.trim().slice(0, MAX_OUTPUT).replaceAll('\n', ' '));
      if (ended !== '') done({ kind: 'failed', text: ended });
      else if (status === null) done({ kind: 'failed', text: `ended by ${by ?? 'a signal'}` });
      else done({ kind: 'ended', status, text: `exit status ${status}${said === '' ? '' : `: ${said}`}` });
    });
  });
}
