/** Targets from the command line, a file or standard input. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { parseTarget, SmtpError, type Target } from '@mailanchor/smtp';
import { fileProblem, messageOf, UsageError } from '../errors.ts';
import { shown } from '../options/given.ts';

/** Characters beyond which a line is no target. */
const MAX_LINE = 1024;

export type TargetLine =
  | { readonly kind: 'target'; readonly text: string; readonly target: Target }
  /** A line that is no target; the rest is done. */
  | { readonly kind: 'bad'; readonly where: string; readonly problem: string };

/** A target as the user wrote it. Throws `UsageError`. */
export function readTarget(text: string): Target {
  let target: Target;
  try {
    target = parseTarget(text);
  } catch (error) {
    if (error instanceof SmtpError) throw new UsageError(`target ${messageOf(error)}`, { cause: error });
    throw error;
  }
  const name =
    target.kind === 'service' ? target.host : target.kind === 'address-literal' ? undefined : target.domain;
  // Names of the DNS may hold any octet; names of mail domains and hosts do not.
  if (name !== undefined && !/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(name)) {
    throw new UsageError(`target ${shown(text)}: not a domain name`);
  }
  return target;
}

/** Targets of the command line: all are read before any is checked. */
export async function* fromArguments(texts: readonly string[]): AsyncGenerator<TargetLine> {
  for (const text of texts) yield { kind: 'target', text, target: readTarget(text) };
}

/** Targets of a file, a line each; blank lines and those that begin with # are passed over. Throws `UsageError` if it cannot be read. */
export async function* fromFile(path: string): AsyncGenerator<TargetLine> {
  const stream = createReadStream(path);
  try {
    yield* fromLines(stream, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined || error instanceof UsageError) throw error;
    throw new UsageError(`--file: cannot read ${path}: ${fileProblem(error)}`, { cause: error });
  } finally {
    stream.destroy();
  }
}

/** How many lines of a file are targets or want to be; undefined where it cannot be read twice. */
export async function countLines(path: string): Promise<number | undefined> {
  try {
    if (!(await stat(path)).isFile()) return undefined;
    let count = 0;
    for await (const line of lines(createReadStream(path))) {
      const text = line.trim();
      if (text !== '' && !text.startsWith('#')) count++;
    }
    return count;
  } catch {
    // Whoever reads it next says why it cannot be read.
    return undefined;
  }
}

export async function* fromLines(
  input: AsyncIterable<Uint8Array | string>,
  source: string,
): AsyncGenerator<TargetLine> {
  let number = 0;
  for await (const line of lines(input)) {
    number++;
    const text = (number === 1 ? line.replace(/^\ufeff/, '') : line).trim();
    if (text === '' || text.startsWith('#')) continue;
    try {
      if (text.length >= MAX_LINE) throw new UsageError('target longer than any name');
      yield { kind: 'target', text, target: readTarget(text) };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      yield { kind: 'bad', where: `${source}:${number}`, problem: error.message.replace(/^target /, '') };
    }
  }
}

/** Lines of a stream; of an endless one no more than its beginning is kept. */
async function* lines(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of input) {
    const parts = (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })).split(
      /\r?\n/,
    );
    for (const [i, part] of parts.entries()) {
      rest += part.slice(0, Math.max(0, MAX_LINE - rest.length));
      if (i === parts.length - 1) break;
      yield rest;
      rest = '';
    }
  }
  if (rest !== '') yield rest;
}
