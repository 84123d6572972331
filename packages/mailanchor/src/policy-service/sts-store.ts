/** MTA-STS policies by domain, in memory: bounded, and held by both clocks, that of the machine and the one that only runs on. */
import { type KeptSts, refreshTime, type StsPolicy, type StsStore } from '@mailanchor/smtp';

interface Entry {
  readonly kept: KeptSts;
  /** Of the clock that only runs on: its end, and when it should be fetched anew. */
  readonly until: number;
  readonly refresh: number;
}

/** Milliseconds after its time by which a policy that should have been fetched anew is told of, or a quarter of all its time. */
const GRACE_MS = 86_400_000;

export interface StsStoreOptions {
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds of a clock that only runs on. */
  readonly running: () => number;
  readonly max: number;
}

export class MemoryStsStore implements StsStore {
  readonly #options: StsStoreOptions;
  readonly #entries = new Map<string, Entry>();
  /** Counts every change. */
  changes = 0;

  constructor(options: StsStoreOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Neither a clock set back nor one that was ahead for a while has a policy hold for longer than it may. */
  get(domain: string): KeptSts | undefined {
    const entry = this.#entries.get(domain);
    if (!entry) return undefined;
    if (this.#options.running() < entry.until && this.#options.clock() < entry.kept.expires)
      return entry.kept;
    this.delete(domain);
    return undefined;
  }

  set(domain: string, kept: KeptSts): void {
    const { clock, running, max } = this.#options;
    this.#entries.delete(domain);
    // The one that was fetched longest ago goes.
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < max) break;
      this.#entries.delete(oldest);
    }
    const behind = running() - clock();
    this.#entries.set(domain, {
      kept,
      until: kept.expires + behind,
      refresh: refreshTime(kept) + behind,
    });
    this.changes++;
  }

  delete(domain: string): void {
    if (this.#entries.delete(domain)) this.changes++;
  }

  /** Seconds for which it holds still. */
  left(domain: string): number {
    const entry = this.#entries.get(domain);
    if (!entry) return 0;
    const { clock, running } = this.#options;
    return Math.max(0, Math.min(entry.kept.expires - clock(), entry.until - running()) / 1000);
  }

  /** The longest kept first. */
  *all(): IterableIterator<readonly [domain: string, KeptSts]> {
    for (const [domain, { kept }] of this.#entries) yield [domain, kept];
  }

  /** Those that should be fetched anew by now. */
  *due(): IterableIterator<string> {
    const running = this.#options.running();
    for (const [domain, { refresh, until }] of this.#entries)
      if (running >= refresh && running < until) yield domain;
  }

  /** The number of those that should have been long ago: somebody may be in the way. `none` is how a domain takes its leave. */
  overdue(): number {
    const running = this.#options.running();
    return [...this.#entries.values()].filter(({ kept, refresh, until }) => {
      const grace = Math.min(GRACE_MS, (kept.policy.maxAge * 1000) / 4);
      return kept.policy.mode !== 'none' && running >= refresh + grace && running < until;
    }).length;
  }

  /** By mode. */
  modes(): Record<StsPolicy['mode'], number> {
    const modes = { enforce: 0, testing: 0, none: 0 };
    for (const { kept } of this.#entries.values()) modes[kept.policy.mode]++;
    return modes;
  }
}
