/** What an earlier run left in a file of results: lines that count as done, lines that are to be asked again, and how far the file is whole. */
import { createReadStream } from 'node:fs';
import { UsageError } from '../errors.ts';

const LF = 0x0a;
/** Octets of the longest line that is read; a check of many hosts with long chains has some hundred thousand. */
const MAX_LINE = 64 << 20;

/** What the lines of a file are. `W`: the words that a result may end in. */
export interface ResultLines<W extends string> {
  /** What one line is, for errors: `check`. */
  readonly what: string;
  /** The member that names the target; the first of the line. */
  readonly target: string;
  /** The member that says how it ended. */
  readonly outcome: string;
  readonly outcomes: readonly W[];
  /** Those that say that nothing was found out: a run that goes on asks such targets again. Default: none. */
  readonly again?: readonly W[];
}

/** What an earlier run left. */
export interface DoneBefore<W extends string> {
  /** How often each target was done. */
  readonly targets: Map<string, number>;
  readonly outcomes: Map<W, number>;
  readonly count: number;
  /** Results that count as not done, and are no longer in the file. */
  readonly again: number;
}

/** Octets of a file, from the first to before the last. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

export interface ReadBefore<W extends string> extends DoneBefore<W> {
  /** Lines to be taken out, in their order. */
  readonly obsolete: readonly Stretch[];
  /** Octets up to the end of the last whole line. */
  readonly whole: number;
}

export function nothingBefore<W extends string>(): DoneBefore<W> {
  return { targets: new Map(), outcomes: new Map(), count: 0, again: 0 };
}

/** Reads `path`, of `size` octets. Throws `UsageError` for a file that holds anything else than lines of this format. */
export async function readBefore<W extends string>(
  path: string,
  size: number,
  format: ResultLines<W>,
): Promise<ReadBefore<W>> {
  const alien = (line: number) => new UsageError(`--output: ${path}:${line} is no line of a ${format.what}`);
  const targets = new Map<string, number>();
  const outcomes = new Map<W, number>();
  const obsolete: Stretch[] = [];
  let lines = 0;
  let whole = 0;
  let broken: number | undefined;
  for await (const { line, end } of wholeLines(path)) {
    // Only a last line can have been left half written; anything before it is another file.
    if (broken !== undefined) throw alien(broken);
    const done = line.length === 0 ? undefined : readLine(line, format);
    if (!done) {
      broken = lines + 1;
      continue;
    }
    if (format.again?.includes(done.outcome)) obsolete.push({ start: whole, end });
    else {
      targets.set(done.target, (targets.get(done.target) ?? 0) + 1);
      outcomes.set(done.outcome, (outcomes.get(done.outcome) ?? 0) + 1);
    }
    lines++;
    whole = end;
  }
  // A file that holds no line of ours at all is not ours to cut.
  if (whole === 0 && size > 0) {
    if (broken !== undefined || !(await beginsLikeOurs(path, `{"${format.target}":`))) throw alien(1);
  }
  const again = obsolete.length;
  return { targets, outcomes, count: lines - again, again, obsolete, whole };
}

/** The first `count` results of a file that `readBefore` has read, as they stand there. */
export async function* earlierResults(path: string, count: number): AsyncGenerator<unknown> {
  let given = 0;
  for await (const { line } of wholeLines(path)) {
    if (given++ === count) return;
    yield JSON.parse(line.toString('utf8'));
  }
}

async function beginsLikeOurs(path: string, beginning: string): Promise<boolean> {
  for await (const chunk of createReadStream(path, { end: beginning.length - 1 })) {
    return beginning.startsWith((chunk as Buffer).toString('latin1'));
  }
  return true;
}

/** Lines that have their end, and the offset behind it. */
async function* wholeLines(path: string): AsyncGenerator<{ line: Buffer; end: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (let end = rest.indexOf(LF); end >= 0; end = rest.indexOf(LF)) {
      offset += end + 1;
      yield { line: rest.subarray(0, end), end: offset };
      rest = rest.subarray(end + 1);
    }
    if (rest.length > MAX_LINE) throw new UsageError(`--output: ${path} is no file of results`);
  }
}

function readLine<W extends string>(
  line: Buffer,
  format: ResultLines<W>,
): { target: string; outcome: W } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const members = new Map<string, unknown>(Object.entries(value));
  const target = members.get(format.target);
  const outcome = format.outcomes.find((one) => one === members.get(format.outcome));
  return typeof target === 'string' && outcome !== undefined ? { target, outcome } : undefined;
}
