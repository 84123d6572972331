/** Lists of things, one a line, from a file or standard input: each read as it comes, bad lines reported and passed over. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileProblem, UsageError } from '../errors.ts';

/** Characters beyond which a line is no target. */
const MAX_LINE = 1024;

export type ListLine<T> =
  | { readonly kind: 'target'; readonly text: string; readonly target: T }
  /** A line that is no target; the rest is done. */
  | { readonly kind: 'bad'; readonly where: string; readonly problem: string };

/** Reads the text of one line. Throws `UsageError` for one that means nothing. */
export type ReadLine<T> = (text: string) => T;

/** Lines of a file; blank ones and those that begin with # are passed over. Throws `UsageError` if it cannot be read. */
export async function* fromFile<T>(path: string, read: ReadLine<T>): AsyncGenerator<ListLine<T>> {
  const stream = createReadStream(path);
  try {
    yield* fromLines(stream, path, read);
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

export async function* fromLines<T>(
  input: AsyncIterable<Uint8Array | string>,
  source: string,
  read: ReadLine<T>,
): AsyncGenerator<ListLine<T>> {
  let number = 0;
  for await (const line of lines(input)) {
    number++;
    const text = (number === 1 ? line.replace(/^\ufeff/, '') : line).trim();
    if (text === '' || text.startsWith('#')) continue;
    try {
      if (text.length >= MAX_LINE) throw new UsageError('longer than any name');
      yield { kind: 'target', text, target: read(text) };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      // The place says already that it is one.
      const problem = error.message.replace(/^(target|zone) /, '');
      yield { kind: 'bad', where: `${source}:${number}`, problem };
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
