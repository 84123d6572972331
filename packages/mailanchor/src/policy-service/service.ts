/** Questions in, answers out: what is set by hand, what is known, else one lookup for all who ask. No sockets here. */
import { type Answer, permanent, temporary } from './answer.ts';
import { AnswerCache, type CachedAnswer } from './answer-cache.ts';
import { parseKey } from './key.ts';
import { FAILURE_SECONDS, type LookedUp, type LookedUpKey } from './look-up.ts';
import { answerOfOverride, Overrides } from './overrides.ts';

export interface PolicyServiceOptions {
  readonly lookUp: (key: LookedUpKey) => Promise<LookedUp>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds of a clock that only runs on; default that of the process. */
  readonly running?: () => number;
  readonly cacheEntries: number;
  /** Lookups under way at a time. */
  readonly maxLookups: number;
  readonly overrides?: Overrides;
  readonly onLookup?: (ms: number, answer: Answer) => void;
}

/** Seconds that an answer is kept at most, whatever its TTLs: a policy, that there is none, that it is not known. */
const LONGEST = { OK: 86_400, NOTFOUND: 900, TEMP: FAILURE_SECONDS, PERM: FAILURE_SECONDS } as const;
/** The last part of an answer's time in which somebody's question has it renewed. */
const RENEW_PART = 0.1;
const RENEW_LEAST_MS = 2_000;
/** Milliseconds between two tries to renew the same. */
const RENEW_EVERY_MS = 1_000;

export class PolicyService {
  readonly cache: AnswerCache;
  readonly counts = {
    answers: { OK: 0, NOTFOUND: 0, TEMP: 0, PERM: 0 },
    hits: 0,
    misses: 0,
    joined: 0,
    renewals: 0,
    overload: 0,
    overridden: 0,
  };
  overrides: Overrides;
  readonly #options: PolicyServiceOptions;
  #maxLookups: number;
  readonly #running: () => number;
  readonly #underWay = new Map<string, Promise<Answer>>();

  constructor(options: PolicyServiceOptions) {
    this.#options = options;
    this.#maxLookups = options.maxLookups;
    this.#running = options.running ?? (() => performance.now());
    this.cache = new AnswerCache(options.cacheEntries);
    this.overrides = options.overrides ?? new Overrides([]);
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** At once where it is known. Never rejects. */
  answer(text: string): Answer | Promise<Answer> {
    const found = this.#find(text);
    if (!(found instanceof Promise)) return this.#counted(found);
    return found.then((answer) => this.#counted(answer));
  }

  #counted(answer: Answer): Answer {
    this.counts.answers[answer.status]++;
    return answer;
  }

  #find(text: string): Answer | Promise<Answer> {
    const now = this.#options.clock();
    // Most keys come in the spelling that they are kept under.
    if (this.overrides.size === 0) {
      const hit = this.#hit(text, now);
      if (hit) return hit;
    }
    const key = parseKey(text);
    if (key.kind === 'other') return { status: 'NOTFOUND', text: '', reason: `it is ${key.why}` };
    if (key.kind === 'unknown-port') return permanent(`${key.text}: write the port as a number`);
    const override = this.overrides.find(key, now);
    if (override) {
      this.counts.overridden++;
      return answerOfOverride(override);
    }
    const hit = this.#hit(key.text, now);
    if (hit) return hit;
    const pending = this.#underWay.get(key.text);
    if (pending) {
      this.counts.joined++;
      return pending;
    }
    this.counts.misses++;
    if (this.#underWay.size >= this.#maxLookups) {
      this.counts.overload++;
      return temporary(`${key.text}: too many lookups are under way`);
    }
    return this.#lookUp(key);
  }

  #hit(text: string, now: number): Answer | undefined {
    const running = this.#running();
    const entry = this.cache.get(text, now, running);
    if (!entry) return undefined;
    this.counts.hits++;
    entry.asked++;
    entry.fresh = true;
    if (this.#due(entry, running)) this.#renew(entry, running);
    return entry.answer;
  }

  #due(entry: CachedAnswer, running: number): boolean {
    const whole = entry.expires - entry.since;
    const left = entry.until - running;
    if (entry.answer.status === 'TEMP' || left > Math.max(RENEW_LEAST_MS, whole * RENEW_PART)) return false;
    return running - entry.renewed >= RENEW_EVERY_MS;
  }

  #renew(entry: CachedAnswer, running: number): void {
    if (this.#underWay.has(entry.key) || this.#underWay.size >= this.#maxLookups) return;
    const key = parseKey(entry.key);
    if (key.kind === 'other' || key.kind === 'unknown-port') return;
    entry.renewed = running;
    this.counts.renewals++;
    void this.#lookUp(key);
  }

  #lookUp(key: LookedUpKey): Promise<Answer> {
    const began = this.#running();
    const lookup = this.#options
      .lookUp(key)
      .catch(
        (error: unknown): LookedUp => ({
          answer: temporary(`${key.text}: ${String(error)}`),
          ttl: FAILURE_SECONDS,
        }),
      )
      .then(({ answer, ttl }) => {
        this.#options.onLookup?.(this.#running() - began, answer);
        // Taken back meanwhile, by a purge or by other settings: whoever asked then is answered, and nobody else.
        if (this.#underWay.get(key.text) === lookup) {
          this.#underWay.delete(key.text);
          this.#keep(key.text, answer, ttl);
        }
        return answer;
      });
    this.#underWay.set(key.text, lookup);
    return lookup;
  }

  #keep(key: string, answer: Answer, ttl: number): void {
    const now = this.#options.clock();
    const running = this.#running();
    // What could not be renewed still holds for as long as it did.
    if (answer.status === 'TEMP' && this.cache.get(key, now, running)) return;
    const seconds = Math.min(ttl, LONGEST[answer.status]);
    if (seconds > 0) this.cache.set(key, answer, seconds * 1000, now, running);
  }

  limit({ cacheEntries, maxLookups }: Pick<PolicyServiceOptions, 'cacheEntries' | 'maxLookups'>): void {
    this.cache.max = cacheEntries;
    this.#maxLookups = maxLookups;
  }

  /** What was known is forgotten, and what is under way is not kept. */
  reset(): void {
    this.#underWay.clear();
    this.cache.clear();
  }

  /** Of one key; its number of answers. Throws `TypeError` where it is none. */
  purge(text: string): number {
    const key = parseKey(text);
    if (key.kind === 'other' || key.kind === 'unknown-port') throw new TypeError('that is no destination');
    this.#underWay.delete(key.text);
    return this.cache.delete(key.text) ? 1 : 0;
  }
}
