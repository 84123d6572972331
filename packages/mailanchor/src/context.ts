/** What a command has around it: streams, environment, the signal that Ctrl-C sets off. Tests give their own. */
import type { Environment } from './options/sources.ts';
import { createPaint, type Paint, wantsColour } from './terminal/paint.ts';
import { jsonLine } from './terminal/printable.ts';
import { createProgress, type Progress } from './terminal/progress.ts';

export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Context {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly environment: Environment;
  /** Aborts when the user stops the program. */
  readonly signal: AbortSignal;
  /** What a service may ask of the process that it runs in. */
  readonly process?: ProcessHooks;
}

export interface ProcessHooks {
  /** Called on SIGHUP, which then stops nothing. */
  reload: (() => void) | undefined;
  /** Milliseconds that a stopped command has to put things in order. */
  graceMs: number;
}

/** How much is said: -q, nothing, -v. */
export type Verbosity = 'quiet' | 'normal' | 'verbose';

/** A command's way to speak. */
export class Voice {
  readonly context: Context;
  readonly verbosity: Verbosity;
  readonly json: boolean;
  readonly paint: Paint;
  readonly progress: Progress;

  constructor(context: Context, options: { json: boolean; quiet: boolean; verbose: boolean }) {
    this.context = context;
    this.verbosity = options.quiet ? 'quiet' : options.verbose ? 'verbose' : 'normal';
    this.json = options.json;
    this.paint = createPaint(wantsColour(context.stdout, context.environment));
    this.progress = createProgress(context.stderr, options.quiet);
  }

  /** Columns to write in: the terminal's within reason, 100 elsewhere. */
  get columns(): number {
    return Math.min(120, Math.max(60, this.context.stdout.columns || 100));
  }

  /** Lines on standard output. */
  print(lines: readonly string[]): void {
    this.progress.clear();
    if (lines.length > 0) this.context.stdout.write(`${lines.join('\n')}\n`);
  }

  /** One JSON document on standard output, on one line. */
  printJson(value: unknown): void {
    this.progress.clear();
    this.context.stdout.write(`${jsonLine(value)}\n`);
  }

  /** A line for the user on standard error, also under -q: something is wrong. */
  warn(text: string): void {
    this.progress.clear();
    this.context.stderr.write(`mailanchor: ${text}\n`);
  }

  /** A line on standard error for those who want to know more (-v). */
  detail(text: string): void {
    if (this.verbosity !== 'verbose') return;
    this.progress.clear();
    this.context.stderr.write(`${text}\n`);
  }
}
