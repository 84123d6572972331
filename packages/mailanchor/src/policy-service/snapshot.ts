/**
 * The cache on disk: a line that says what it is, under which settings it was made and the digest of the rest, then a line an answer. What is
 * damaged or was made under other settings is not read at all.
 */
import { createHash } from 'node:crypto';
import type { Answer } from './answer.ts';
import type { AnswerCache } from './answer-cache.ts';
import { parseKey } from './key.ts';

export const SNAPSHOT_FILE = 'policy-cache';
const FORMAT = 'mailanchor policy cache 2';

/** [key, status, text, reason, since, expires, attributes] */
type Line = [string, 'OK' | 'NOTFOUND', string, string, number, number, string?];

/** `fingerprint`: of what answers rest on besides the Internet. */
export function writeSnapshot(cache: AnswerCache, fingerprint: string, now: number): Buffer {
  const lines: string[] = [];
  for (const { key, answer, since, expires } of cache.values()) {
    if ((answer.status !== 'OK' && answer.status !== 'NOTFOUND') || expires <= now) continue;
    const line: Line = [key, answer.status, answer.text, answer.reason, since, expires];
    if (answer.attributes !== undefined) line.push(answer.attributes);
    lines.push(JSON.stringify(line));
  }
  const body = lines.map((line) => `${line}\n`).join('');
  return Buffer.from(`${FORMAT} ${fingerprint} ${digest(body)}\n${body}`);
}

/** The number of answers taken up. Throws `Error` that says why where it cannot be used. */
export function readSnapshot(
  octets: Uint8Array,
  cache: AnswerCache,
  fingerprint: string,
  now: number,
  running: number,
): number {
  const text = Buffer.from(octets).toString('utf8');
  const newline = text.indexOf('\n');
  const [, made, sum] = new RegExp(`^${FORMAT} ([0-9a-f]+) ([0-9a-f]+)$`).exec(text.slice(0, newline)) ?? [];
  const body = text.slice(newline + 1);
  if (newline < 0 || made === undefined) throw new Error('it is no cache of this program');
  if (sum !== digest(body)) throw new Error('it is damaged');
  if (made !== fingerprint) throw new Error('it was made under other settings');
  let taken = 0;
  for (const line of body.split('\n')) {
    if (line === '') continue;
    const [key, status, text, reason, since, expires, attributes] = JSON.parse(line) as Line;
    // Made in the future: the clock has been set back.
    if (expires <= now || since > now || parseKey(key).kind === 'other') continue;
    const answer: Answer = { status, text, ...(attributes !== undefined && { attributes }), reason };
    cache.set(key, answer, expires - now, now, running, since);
    taken++;
  }
  return taken;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
