/**
 * Looking up anew what is asked for often, shortly before it expires, so that nobody has to wait for it. The one who asks is answered from
 * the cache at once; the lookup goes on behind, once for all askers, with a budget of its own. Where it fails, what is kept stays
 * until its time is up and not a second longer: nothing stale is ever served.
 */
import type { Name } from '@mailanchor/dns';
import { BoundedMap } from '../bounded-map.ts';
import { BudgetExceeded, type Budgets, Work } from '../budget.ts';
import type { Validated } from '../validated.ts';

export interface PrefetcherOptions {
  readonly budgets: Budgets;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Asks the servers and keeps what holds. */
  readonly lookUp: (name: Name, type: number, work: Work) => Promise<Validated>;
  /** Called after each lookup. */
  readonly done: (work: Work) => void;
}

/** The last part of its time in which an answer is looked up anew. */
const LAST_PART = 0.1;
/** Seconds of life below which an answer is not worth it. */
const SHORTEST = 10;
/** Lookups under way at most: those who wait for answers come first. */
const AT_ONCE = 32;
/** Packets for one. */
const PACKETS = 50;

export class Prefetcher {
  readonly #options: PrefetcherOptions;
  readonly #budgets: Budgets;
  readonly #underWay = new Set<string>();
  /** When what failed may be tried again, milliseconds since the epoch. */
  readonly #failed = new BoundedMap<number>(1000);

  constructor(options: PrefetcherOptions) {
    this.#options = options;
    const { budgets } = options;
    this.#budgets = { ...budgets, upstreamQueries: Math.min(PACKETS, budgets.upstreamQueries) };
  }

  /** Begins a lookup where the answer `known` is near its end. Never throws, never waits. */
  consider(name: Name, type: number, known: Validated): void {
    const { lifetime, ttl } = known;
    if (lifetime === undefined || lifetime < SHORTEST || ttl > lifetime * LAST_PART) return;
    if (known.kind === 'failure' || this.#underWay.size >= AT_ONCE) return;
    const key = `${type}/${name.key}`;
    const { clock } = this.#options;
    if (this.#underWay.has(key) || (this.#failed.get(key) ?? 0) > clock()) return;
    this.#underWay.add(key);
    void this.#lookUp(name, type, key);
  }

  async #lookUp(name: Name, type: number, key: string): Promise<void> {
    const { clock, lookUp, done } = this.#options;
    const work = new Work(this.#budgets, clock() + this.#budgets.timeMs);
    let good = false;
    try {
      good = (await lookUp(name, type, work)).kind !== 'failure';
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error;
    } finally {
      this.#underWay.delete(key);
      if (!good) this.#failed.set(key, clock() + this.#budgets.failureTtl * 1000);
      done(work);
    }
  }
}
