/** Where the targets of a command come from: its arguments, `--file`, or standard input. */
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { fromFile, fromLines, type ListLine, type ReadLine } from './lines.ts';

export interface ListSource<T> {
  readonly lines: AsyncGenerator<ListLine<T>>;
  /** A list is done as it comes; targets of the command line are told in their order. */
  readonly isList: boolean;
  /** Whether there is more than one target. */
  readonly several: boolean;
  readonly file?: string;
}

export interface ListCommand<T> {
  /** The command's name, for errors. */
  readonly command: string;
  /** What it takes, and an example, where nothing is given: `targets`, `nothing to check. Give ...`. */
  readonly targets: string;
  readonly nothing: string;
  readonly read: ReadLine<T>;
}

/** Throws `UsageError` for targets of the command line before anything is looked up. */
export function chooseSource<T>(
  { command, targets, nothing, read }: ListCommand<T>,
  texts: readonly string[],
  file: string | undefined,
  context: Context,
): ListSource<T> {
  const standardInput = texts.includes('-') || file === '-';
  const named = file !== undefined && file !== '-';
  if (Number(standardInput) + Number(named) + Number(texts.some((text) => text !== '-')) > 1) {
    throw new UsageError(`${command}: give ${targets}, or --file, or - for standard input: one of them`);
  }
  if (standardInput)
    return { lines: fromLines(context.stdin, 'standard input', read), isList: true, several: true };
  if (file !== undefined) return { lines: fromFile(file, read), isList: true, several: true, file };
  if (texts.length === 0) throw new UsageError(`${command}: ${nothing}`);
  const given = texts.map((text) => ({ kind: 'target', text, target: read(text) }) as const);
  return { lines: each(given), isList: false, several: texts.length > 1 };
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
