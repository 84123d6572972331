/** Looks at each target when its time has come, and keeps what was seen. Clock, chance and the look itself are parameters. */
import { messageOf } from '../errors.ts';
import { Crowd } from './crowd.ts';
import type { Looked } from './look.ts';
import type { ProblemPolicy } from './problem.ts';
import { type LookOutcome, recordLook, recordSight } from './record-look.ts';
import { firstCheck, nextCheck } from './schedule.ts';
import type { Recorded, WatchStore } from './store.ts';
import type { WatchTarget } from './targets.ts';
import type { Timers } from './timers.ts';

export interface WatcherSettings {
  readonly targets: readonly WatchTarget[];
  readonly policy: ProblemPolicy;
  readonly retryMs: number;
}

export interface WatcherOptions {
  readonly store: WatchStore;
  readonly timers: Timers;
  /** 0 to 1. */
  readonly random: () => number;
  /** May reject where `signal` aborts, or by an error of ours. */
  readonly look: (target: WatchTarget, signal: AbortSignal) => Promise<Looked>;
  /** Targets at a time. */
  readonly parallel: number;
  /** Milliseconds after which a look is given up, whatever it waits for. */
  readonly deadlineMs: number;
  /** Told of each look, once it is kept. */
  readonly onLooked: (
    target: WatchTarget,
    outcome: LookOutcome,
    recorded: Recorded,
    durationMs: number,
  ) => void;
  /** An error of ours: of a look, or of the file. */
  readonly onError: (what: string, error: unknown) => void;
}

/** The pseudo-target of what concerns this machine alone. */
export const SELF = '(this machine)';

/** Milliseconds after which a look gives its place to others. */
const SLOW_MS = 3_000;
const MAX_SLOW = 512;

interface Watched {
  readonly id: number;
  target: WatchTarget;
  cancel: () => void;
  looking: boolean;
  /** Whether the last look took long. */
  slow: boolean;
}

export class Watcher {
  readonly #options: WatcherOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #crowd: Crowd;
  readonly #stop = new AbortController();
  readonly #looking = new Set<Promise<void>>();
  #settings: WatcherSettings;
  #self = 0;
  /** Whether there may be something to be told of this machine itself: an earlier run may have left it. */
  #isDim = true;

  constructor(options: WatcherOptions, settings: WatcherSettings) {
    const { timers, parallel } = options;
    this.#options = options;
    this.#settings = settings;
    this.#crowd = new Crowd({
      places: parallel,
      slowMs: SLOW_MS,
      slow: MAX_SLOW,
      after: (ms, call) => timers.after(ms, call),
    });
  }

  get running(): number {
    return this.#crowd.running;
  }

  get waiting(): number {
    return this.#crowd.waiting;
  }

  policyOf(text: string): ProblemPolicy | undefined {
    return text === SELF || this.#watched.has(text) ? this.#settings.policy : undefined;
  }

  /** Begins, or goes on with other settings: what is unchanged keeps its time. Throws `DatabaseError`; everything stays as it was then. */
  watch(settings: WatcherSettings): void {
    const { store, timers, random } = this.#options;
    const rows = store.watch([SELF, ...settings.targets.map(({ text }) => text)]);
    this.#settings = settings;
    this.#self = rows.get(SELF)?.id ?? 0;
    const wanted = new Set(settings.targets.map(({ text }) => text));
    for (const [text, watched] of this.#watched) {
      if (wanted.has(text)) continue;
      watched.cancel();
      this.#watched.delete(text);
    }
    const place = { count: settings.targets.length };
    for (const target of settings.targets) {
      const row = rows.get(target.text);
      if (!row) continue;
      const known = this.#watched.get(target.text);
      const sooner = known !== undefined && known.target.intervalMs === target.intervalMs;
      if (known) known.target = target;
      if (sooner || known?.looking) continue;
      known?.cancel();
      const watched: Watched = known ?? { id: row.id, target, cancel: () => {}, looking: false, slow: false };
      this.#watched.set(target.text, watched);
      this.#plan(watched, firstCheck(timers.now(), row.nextAt, target.intervalMs, place, random()));
    }
  }

  /** No more looks are begun, and those under way are given up: nothing of them is kept. */
  async stop(): Promise<void> {
    for (const { cancel } of this.#watched.values()) cancel();
    this.#watched.clear();
    this.#crowd.clear();
    this.#stop.abort(new Error('stopped'));
    await Promise.all(this.#looking);
  }

  #plan(watched: Watched, at: number): void {
    const { store, timers, onError } = this.#options;
    try {
      store.plan(watched.id, at);
    } catch (error) {
      onError('the history cannot be written to', error);
    }
    watched.cancel = timers.after(Math.max(0, at - timers.now()), () => {
      watched.looking = true;
      this.#crowd.add(() => this.#turn(watched), watched.slow);
    });
  }

  async #turn(watched: Watched): Promise<void> {
    if (this.#stop.signal.aborted || !this.#watched.has(watched.target.text)) return;
    const turn = this.#lookAt(watched);
    this.#looking.add(turn);
    await turn;
    this.#looking.delete(turn);
  }

  async #lookAt(watched: Watched): Promise<void> {
    const { timers, random, onError, onLooked } = this.#options;
    const { target } = watched;
    const began = timers.now();
    let unsettled = true;
    try {
      const outcome = await this.#look(target);
      if (this.#stop.signal.aborted || this.#watched.get(target.text) !== watched) return;
      const durationMs = Math.max(0, timers.now() - began);
      watched.slow = durationMs >= SLOW_MS;
      const recorded = this.#record(watched, outcome, durationMs);
      unsettled = recorded.unsettled || outcome.kind === 'blind';
      onLooked(target, outcome, recorded, durationMs);
    } catch (error) {
      onError('the history cannot be written to', error);
    } finally {
      watched.looking = false;
      if (this.#watched.get(watched.target.text) === watched && !this.#stop.signal.aborted) {
        const rhythm = { intervalMs: watched.target.intervalMs, retryMs: this.#settings.retryMs };
        this.#plan(watched, nextCheck(timers.now(), rhythm, unsettled, random()));
      }
    }
  }

  #record({ id, target }: Watched, outcome: LookOutcome, durationMs: number): Recorded {
    const { store, timers } = this.#options;
    const { policy } = this.#settings;
    const now = timers.now();
    const recorded = recordLook(outcome, { store, id, target, now, policy, durationMs });
    const sees = outcome.kind === 'checked' && outcome.check.verdict !== 'unknown';
    if (outcome.kind === 'blind' || (sees && this.#isDim)) {
      const why = outcome.kind === 'blind' ? outcome.text : '';
      const own = recordSight(sees, why, { store, id: this.#self, text: SELF, now, policy });
      this.#isDim = own.unsettled || Object.keys(own.open).length > 0;
      return { ...recorded, alerts: [...recorded.alerts, ...own.alerts] };
    }
    return recorded;
  }

  /** Within the deadline, whatever the look waits for. An error of ours is one that people are told of, like any other. */
  async #look(target: WatchTarget): Promise<LookOutcome> {
    const { look, timers, deadlineMs, onError } = this.#options;
    const limit = new AbortController();
    const late = Promise.withResolvers<LookOutcome>();
    const cancel = timers.after(deadlineMs, () => {
      const text = `the check has not ended within ${Math.round(deadlineMs / 1000)} s`;
      late.resolve({ kind: 'failed', text });
      limit.abort(new Error(text));
    });
    // Whoever is stopped does not wait for one that does not listen.
    const stopped = () => late.resolve({ kind: 'blind', text: 'stopped' });
    try {
      const signal = AbortSignal.any([this.#stop.signal, limit.signal]);
      this.#stop.signal.addEventListener('abort', stopped, { once: true });
      const looking = look(target, signal);
      looking.catch(() => {});
      return await Promise.race([looking, late.promise]);
    } catch (error) {
      if (this.#stop.signal.aborted) return { kind: 'blind', text: 'stopped' };
      onError(`${target.text}: the check failed`, error);
      return { kind: 'failed', text: messageOf(error) };
    } finally {
      cancel();
      this.#stop.signal.removeEventListener('abort', stopped);
    }
  }
}
