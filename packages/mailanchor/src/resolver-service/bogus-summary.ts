/** Says that answers are bogus, with the reason, no more often than once in a while: a broken zone that is asked for a lot fills no disk. */

import { rrTypeToText } from '@mailanchor/dns';
import type { Resolution } from '@mailanchor/dnssec';
import type { Log } from './log.ts';

/** Milliseconds between two summaries. */
const PERIOD = 60_000;
/** Zones named in one. */
const NAMED = 5;

export class BogusSummary {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #zones = new Map<string, { count: number; example: string }>();
  #more = 0;
  #saidAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** `now`: milliseconds, of any epoch. */
  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  add({ name, type, reason }: Resolution): void {
    const zone = reason?.zone?.toString() ?? name.toString();
    const known = this.#zones.get(zone);
    if (known) known.count++;
    else if (this.#zones.size < NAMED) {
      this.#zones.set(zone, { count: 1, example: `${name} ${rrTypeToText(type)}: ${reason?.text ?? ''}` });
    } else this.#more++;
    const wait = this.#saidAt + PERIOD - this.#now();
    if (wait <= 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), wait).unref();
  }

  /** Says what has gathered. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [zone, { count, example }] of this.#zones) {
      const times = count === 1 ? '' : `, ${count} times`;
      this.#log.problem('bogus', `bogus: ${zone}${times} (${example})`, { zone, count });
    }
    if (this.#more > 0)
      this.#log.problem('bogus', `bogus: ${this.#more} answers of other zones`, { count: this.#more });
    if (this.#zones.size > 0) this.#saidAt = this.#now();
    this.#zones.clear();
    this.#more = 0;
  }
}
