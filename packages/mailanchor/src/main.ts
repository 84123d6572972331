/** The program: streams, signals, errors and exit status around the commands. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { CommanderError } from 'commander';
import type { Context, ProcessHooks } from './context.ts';
import { MailanchorError, messageOf, UsageError } from './errors.ts';
import { ExitCode } from './exit-code.ts';
import { createProgram, WELCOME } from './program.ts';
import { printable } from './terminal/printable.ts';

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** Milliseconds that a stopped command has to put things in order. */
const GRACE = 2_000;

/** Runs one command line and ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  const stop = new AbortController();
  let stopped: number | undefined;
  const hooks: ProcessHooks = { reload: undefined, graceMs: GRACE };
  for (const [signal, status] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      if (signal === 'SIGHUP' && hooks.reload) return hooks.reload();
      if (stopped !== undefined) process.exit(stopped);
      stopped = status;
      stop.abort(new Error(`stopped by ${signal}`));
      // Whoever does not stop is stopped.
      setTimeout(() => process.exit(status), hooks.graceMs).unref();
    });
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read our output has enough: that is no error worth a word. A full disk is: what was found out is lost.
    if (error.code === 'EPIPE') process.exit(ExitCode.brokenPipe);
    process.stderr.write(`mailanchor: standard output cannot be written to: ${printable(error.message)}\n`);
    process.exit(ExitCode.unknown);
  });
  process.stderr.on('error', () => {});
  const verbose = isVerbose(argv);
  process.on('uncaughtException', (error) => {
    report(error, verbose);
    process.exit(ExitCode.unknown);
  });

  const context: Context = {
    stdout: process.stdout,
    stderr: process.stderr,
    // Standard input is opened by whoever reads it: to touch it would keep a terminal busy.
    stdin: { [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() },
    environment: process.env,
    signal: stop.signal,
    process: hooks,
  };
  let status: number;
  try {
    status = await run(argv, context);
  } catch (error) {
    if (stopped === undefined) report(error, verbose);
    status = stopped ?? statusOf(error);
  }
  await flushed();
  process.exit(status);
}

/** Runs one command line; resolves with the exit status. Rejects with what `statusOf` and `explain` understand. */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  if (argv.length === 0) {
    context.stdout.write(WELCOME);
    return ExitCode.ok;
  }
  let status: number = ExitCode.ok;
  const program = createProgram(context, (result) => {
    status = result;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version end by way of an exception.
    if (error.exitCode === 0) return ExitCode.ok;
    // A command that needs another word has printed its help already.
    if (error.code === 'commander.help') return ExitCode.usage;
    const problem = error.message.replace(/^error: /, '').replace(/\.?$/, '.');
    throw new UsageError(`${problem} See: ${commandOf(argv, program)} --help`, { cause: error });
  }
  return status;
}

/** The command that the words name, as far as they do. */
function commandOf(argv: readonly string[], program: CommandUnknownOpts): string {
  const path = [program.name()];
  let command = program;
  for (const word of argv) {
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (!next) break;
    path.push(word);
    command = next;
  }
  return path.join(' ');
}

/** An error of ours says what the user did; any other is our own failure, and never looks like a verdict. */
export function statusOf(error: unknown): number {
  return error instanceof MailanchorError && error.code === 'usage' ? ExitCode.usage : ExitCode.unknown;
}

/** The one line on standard error. */
export function explain(error: unknown): string {
  const message = printable(messageOf(error));
  return error instanceof MailanchorError ? message : `internal error: ${message} (-v shows where)`;
}

function report(error: unknown, verbose: boolean): void {
  process.stderr.write(`mailanchor: ${explain(error)}\n`);
  if (!verbose) return;
  for (let at = error; at instanceof Error; at = at.cause) process.stderr.write(`${printableStack(at)}\n`);
}

function printableStack(error: Error): string {
  return (error.stack ?? '').split('\n').map(printable).join('\n');
}

function isVerbose(argv: readonly string[]): boolean {
  return (
    argv.some((word) => word === '--verbose' || /^-[qv]*v[qv]*$/.test(word)) ||
    !!process.env['MAILANCHOR_VERBOSE']
  );
}

/** What was written has left for the pipe, and a write that failed has been told: its event comes a turn later. */
function flushed(): Promise<void> {
  return new Promise((resolve) => {
    const turn = () => setImmediate(resolve);
    if (process.stdout.writableLength === 0) turn();
    else process.stdout.write('', turn);
  });
}
