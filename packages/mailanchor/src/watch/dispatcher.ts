/**
 * Brings what waits to its channels. Each channel by itself: one that is down holds up no other. A message is tried again and again, ever more
 * rarely, for a week; what was taken is written down after, so a message may come twice, and never not at all.
 */
import type { Channel, Delivered } from './channel.ts';
import type { Delivery, Outbox } from './outbox.ts';
import type { Timers } from './timers.ts';

export interface DispatcherOptions {
  readonly outbox: Outbox;
  readonly timers: Timers;
  /** This machine. */
  readonly host: string;
  /** Milliseconds that changes wait for others to be told with. */
  readonly groupMs: number;
  /** Told of each attempt. */
  readonly onAttempt: (channel: Channel, delivery: Delivery, result: Delivered, givenUp: boolean) => void;
  /** The file cannot be written to, or another error of ours. */
  readonly onError: (error: unknown) => void;
}

const MINUTE = 60_000;
const FIRST_RETRY_MS = MINUTE;
const LONGEST_RETRY_MS = 60 * MINUTE;
const GIVE_UP_MS = 7 * 24 * 60 * MINUTE;
/** Milliseconds after an error of our own. */
const AFTER_ERROR_MS = MINUTE;

/** Milliseconds until a message is tried again that was tried so often. */
export function retryAfter(attempts: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts, 10));
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #lanes = new Map<string, Lane>();
  #groupMs: number;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#groupMs = options.groupMs;
  }

  /** The channels from now on. What is under way on others ends. */
  use(channels: readonly Channel[], groupMs: number): void {
    this.#groupMs = groupMs;
    for (const lane of this.#lanes.values()) lane.stop();
    this.#lanes.clear();
    for (const channel of channels) {
      const lane = new Lane(channel, this.#options, this.#groupMs);
      this.#lanes.set(channel.name, lane);
      try {
        this.#options.outbox.hurry(channel.name, this.#options.timers.now());
      } catch (error) {
        this.#options.onError(error);
      }
      lane.look();
    }
  }

  /** Something may wait now. */
  look(): void {
    for (const lane of this.#lanes.values()) lane.look();
  }

  /** What is under way is ended; it is tried again by whoever starts next. */
  async stop(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop()));
  }
}

class Lane {
  readonly #channel: Channel;
  readonly #options: DispatcherOptions;
  readonly #groupMs: number;
  readonly #stop = new AbortController();
  #cancel: (() => void) | undefined;
  #working: Promise<void> | undefined;
  /** Something was added while it was at work. */
  #again = false;

  constructor(channel: Channel, options: DispatcherOptions, groupMs: number) {
    this.#channel = channel;
    this.#options = options;
    this.#groupMs = groupMs;
  }

  look(): void {
    if (this.#stop.signal.aborted) return;
    this.#again = this.#working !== undefined;
    if (this.#again) return;
    this.#cancel?.();
    this.#working = this.#work()
      .catch((error: unknown) => {
        this.#options.onError(error);
        return this.#options.timers.now() + AFTER_ERROR_MS;
      })
      .then((next) => {
        this.#working = undefined;
        if (this.#again) return this.look();
        if (next === undefined || this.#stop.signal.aborted) return;
        const { timers } = this.#options;
        this.#cancel = timers.after(Math.max(0, next - timers.now()), () => this.look());
      });
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    this.#cancel?.();
    await this.#working;
  }

  /** Delivers what is due. Says when to look again; undefined where nothing waits. */
  async #work(): Promise<number | undefined> {
    const { outbox, timers, host, onAttempt } = this.#options;
    const { signal } = this.#stop;
    for (;;) {
      const now = timers.now();
      const gathered = outbox.gather(this.#channel.name, now, this.#groupMs);
      const delivery = outbox.due(this.#channel.name, now);
      if (!delivery || 'at' in delivery) return earliest(gathered, delivery?.at);
      const { id, madeAt, alerts } = delivery;
      const result = await this.#channel.deliver({ id, madeAt, alerts, host }, signal);
      if (signal.aborted && result.kind !== 'delivered') return undefined;
      onAttempt(this.#channel, delivery, result, this.#keep(delivery, result));
    }
  }

  /** Whether it is given up. */
  #keep({ id, madeAt, attempts }: Delivery, result: Delivered): boolean {
    const { outbox, timers } = this.#options;
    const now = timers.now();
    if (result.kind === 'delivered') {
      outbox.done(id, now);
      return false;
    }
    if (result.kind === 'refused' || now - madeAt >= GIVE_UP_MS) {
      outbox.giveUp(id, now, result.text);
      return true;
    }
    outbox.retry(id, now + retryAfter(attempts), result.text);
    return false;
  }
}

function earliest(...times: (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
