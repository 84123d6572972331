/**
 * Lines on disk that a later run takes up: a first line says what they are, under which settings they were made and the digest of the rest. What is
 * damaged or was made under other settings is not read at all.
 */
import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';

export interface LinesKind {
  /** What the file begins with. */
  readonly format: string;
  /** Completes "it is no ...". */
  readonly what: string;
}

/** Lines made or read between two turns for others. */
const CHUNK = 1_000;
const NEWLINE = 0x0a;

/** `fingerprint`: of what the lines rest on besides the Internet, in hexadecimal. Others have their turn meanwhile. */
export async function writeLines(
  { format }: LinesKind,
  fingerprint: string,
  values: Iterable<unknown>,
): Promise<Buffer> {
  const hash = createHash('sha256');
  const chunks: Buffer[] = [];
  let lines: string[] = [];
  const flush = () => {
    const chunk = Buffer.from(lines.join(''));
    hash.update(chunk);
    chunks.push(chunk);
    lines = [];
  };
  for (const value of values) {
    lines.push(`${JSON.stringify(value)}\n`);
    if (lines.length < CHUNK) continue;
    flush();
    await turn();
  }
  flush();
  return Buffer.concat([Buffer.from(`${format} ${fingerprint} ${hash.digest('hex')}\n`), ...chunks]);
}

/** A value a line; others have their turn meanwhile. Throws `Error` that says why where they cannot be used, before the first. */
export async function* readLines(
  { format, what }: LinesKind,
  fingerprint: string,
  octets: Uint8Array,
): AsyncGenerator<unknown, void> {
  const whole = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const newline = whole.indexOf(NEWLINE);
  const first = whole.toString('latin1', 0, Math.max(0, newline));
  const [, made, sum] = new RegExp(`^${format} ([0-9a-f]+) ([0-9a-f]+)$`).exec(first) ?? [];
  if (made === undefined) throw new Error(`it is no ${what}`);
  const body = whole.subarray(newline + 1);
  if (sum !== createHash('sha256').update(body).digest('hex')) throw new Error('it is damaged');
  if (made !== fingerprint) throw new Error('it was made under other settings');
  let count = 0;
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf(NEWLINE, at);
    if (end < 0) throw new Error('it is damaged');
    yield JSON.parse(body.toString('utf8', at, end));
    at = end + 1;
    if (++count % CHUNK === 0) await turn();
  }
}
