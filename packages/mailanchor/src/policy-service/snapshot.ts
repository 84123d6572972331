/** The answers on disk. */
import type { Answer } from './answer.ts';
import type { AnswerCache } from './answer-cache.ts';
import { type LinesKind, readLines, writeLines } from './kept-lines.ts';
import { parseKey } from './key.ts';

export const SNAPSHOT_FILE = 'policy-cache';
const KIND: LinesKind = { format: 'mailanchor policy cache 2', what: 'cache of this program' };

type Line = [
  key: string,
  status: 'OK' | 'NOTFOUND',
  text: string,
  reason: string,
  since: number,
  expires: number,
  attributes?: string,
];

/** `fingerprint`: of what answers rest on besides the Internet. */
export function writeSnapshot(cache: AnswerCache, fingerprint: string, now: number): Promise<Buffer> {
  return writeLines(KIND, fingerprint, linesOf(cache, now));
}

function* linesOf(cache: AnswerCache, now: number): IterableIterator<Line> {
  for (const { key, answer, since, expires } of cache.values()) {
    const { status, text, reason, attributes } = answer;
    if ((status === 'OK' || status === 'NOTFOUND') && expires > now)
      yield [
        key,
        status,
        text,
        reason,
        since,
        expires,
        ...(attributes === undefined ? [] : [attributes]),
      ] as Line;
  }
}

/** The number of answers taken up. Throws `Error` that says why where it cannot be used. */
export async function readSnapshot(
  octets: Uint8Array,
  cache: AnswerCache,
  fingerprint: string,
  now: number,
  running: number,
): Promise<number> {
  let taken = 0;
  for await (const line of readLines(KIND, fingerprint, octets)) {
    const [key, status, text, reason, since, expires, attributes] = line as Line;
    // Made in the future: the clock has been set back.
    if (expires <= now || since > now || parseKey(key).kind === 'other') continue;
    const answer: Answer = { status, text, ...(attributes !== undefined && { attributes }), reason };
    cache.set(key, answer, expires - now, now, running, since);
    taken++;
  }
  return taken;
}
