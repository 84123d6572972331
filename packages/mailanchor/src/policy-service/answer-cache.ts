/**
 * Answers by key, bounded by their number. None is given out after its time by either clock: that of the machine, which signatures end by and
 * which may be set back, and the one that only runs on.
 */
import type { Answer } from './answer.ts';

export interface CachedAnswer {
  readonly key: string;
  readonly answer: Answer;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly expires: number;
  /** Milliseconds of the clock that only runs on. */
  readonly until: number;
  /** Times given out. */
  asked: number;
  /** Asked for since it was last passed over for removal. */
  fresh: boolean;
  /** When it was last renewed before its time, by the clock that only runs on. */
  renewed: number;
}

/** Entries looked at for one that nobody asks for any more. */
const CHANCES = 16;
/** Answers, and reasons, that others are compared with. */
const SAME = 256;

export class AnswerCache {
  readonly #entries = new Map<string, CachedAnswer>();
  #max: number;
  readonly #same = new SameAnswers();
  evicted = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What is too much then goes at once. */
  set max(max: number) {
    this.#max = max;
    while (this.#entries.size > max) this.#evict();
  }

  get(key: string, now: number, running: number): CachedAnswer | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    // Made in what is now the future: the clock has been set back, and how far nobody knows.
    if (now < entry.expires && running < entry.until && now >= entry.since) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, answer: Answer, ttlMs: number, now: number, running: number, since = now): void {
    this.#entries.delete(key);
    while (this.#entries.size >= this.#max) this.#evict();
    this.#entries.set(key, {
      key,
      answer: this.#same.of(answer),
      since,
      expires: now + ttlMs,
      until: running + ttlMs,
      asked: 0,
      fresh: false,
      renewed: Number.NEGATIVE_INFINITY,
    });
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  values(): IterableIterator<CachedAnswer> {
    return this.#entries.values();
  }

  /** The oldest goes, but what was asked for meanwhile gets another turn. */
  #evict(): void {
    let chances = CHANCES;
    for (const [key, entry] of this.#entries) {
      this.#entries.delete(key);
      if (!entry.fresh || chances-- <= 0) {
        this.evicted++;
        return;
      }
      entry.fresh = false;
      this.#entries.set(key, entry);
    }
  }
}

/** Most destinations get one of a few answers, for one of a few reasons: one object for all of them. */
class SameAnswers {
  readonly #answers = new Map<string, Answer>();
  readonly #reasons = new Map<string, string>();

  of(answer: Answer): Answer {
    const { status, text, reason } = answer;
    const key = `${status}\n${text}\n${reason}`;
    const same = this.#answers.get(key);
    // Those with attributes are as many as their domains.
    if (same && answer.attributes === undefined) return same;
    const kept = { ...answer, reason: sameOf(this.#reasons, reason, reason) };
    return answer.attributes === undefined ? sameOf(this.#answers, key, kept) : kept;
  }
}

function sameOf<T>(known: Map<string, T>, key: string, value: T): T {
  const same = known.get(key);
  if (same !== undefined) return same;
  if (known.size >= SAME) known.clear();
  known.set(key, value);
  return value;
}
