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

/** Lines made between two turns for others. */
const CHUNK = 1_000;

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

/** A value a line. Throws `Error` that says why where they cannot be used. */
export function readLines({ format, what }: LinesKind, fingerprint: string, octets: Uint8Array): unknown[] {
  const whole = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const newline = whole.indexOf(0x0a);
  const first = whole.toString('latin1', 0, Math.max(0, newline));
  const [, made, sum] = new RegExp(`^${format} ([0-9a-f]+) ([0-9a-f]+)$`).exec(first) ?? [];
  if (made === undefined) throw new Error(`it is no ${what}`);
  const body = whole.subarray(newline + 1);
  if (sum !== createHash('sha256').update(body).digest('hex')) throw new Error('it is damaged');
  if (made !== fingerprint) throw new Error('it was made under other settings');
  return body
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}
