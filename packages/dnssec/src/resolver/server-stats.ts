/**
 * What is known of servers by address: how fast they answer, which do not answer, and for which zones they are lame. Fast servers
 * are asked first, others now and then, so that a change is noticed.
 */
import { BoundedMap } from '../bounded-map.ts';

interface Stats {
  /** Smoothed round trip, milliseconds. */
  rtt: number;
  /** Time-outs in a row. */
  timeouts: number;
  /** Milliseconds since the epoch until which the server is asked last. */
  shunnedUntil: number;
}

/** Round trip assumed of a server never asked, milliseconds: new ones are tried before known slow ones. */
const UNKNOWN_RTT = 120;
/** Servers within this many milliseconds of the best are chosen among at random (rfc5452#section-9: unpredictable server choice). */
const BAND = 40;
const SHUN_MS = 60_000;

export class ServerStats {
  readonly #stats = new BoundedMap<Stats>(20_000);
  readonly #lame = new BoundedMap<number>(20_000);
  readonly #clock: () => number;
  readonly #random: () => number;

  constructor(clock: () => number, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  #of(server: string): Stats {
    let stats = this.#stats.get(server);
    if (!stats) {
      stats = { rtt: UNKNOWN_RTT, timeouts: 0, shunnedUntil: 0 };
      this.#stats.set(server, stats);
    }
    return stats;
  }

  answered(server: string, ms: number): void {
    const stats = this.#of(server);
    stats.rtt = stats.rtt * 0.7 + ms * 0.3;
    stats.timeouts = 0;
    stats.shunnedUntil = 0;
  }

  /** No answer in time, or no way to reach it. */
  silent(server: string): void {
    const stats = this.#of(server);
    stats.rtt = Math.min(stats.rtt * 2, 10_000);
    if (++stats.timeouts >= 3) stats.shunnedUntil = this.#clock() + SHUN_MS;
  }

  /** The server does not serve the zone (rfc1912#section-2.8). */
  lame(server: string, zoneKey: string): void {
    this.#lame.set(`${server} ${zoneKey}`, this.#clock() + SHUN_MS);
  }

  /** Milliseconds to wait for this server: a multiple of its usual time, within `max`. */
  patience(server: string, attempt: number, max: number): number {
    const base = Math.max(300, this.#of(server).rtt * 4);
    return Math.min(max, base * 2 ** attempt);
  }

  /** The servers in the order to ask them in. */
  order<T extends { readonly id: string }>(servers: readonly T[], zoneKey: string): T[] {
    const now = this.#clock();
    const ordered: T[] = [];
    const costs: number[] = [];
    // Most zones have two servers: an insertion each, and nothing made besides.
    for (const server of servers) {
      const stats = this.#of(server.id);
      const lame = this.#lame.size > 0 && (this.#lame.get(`${server.id} ${zoneKey}`) ?? 0) > now;
      const penalty = lame ? 100_000 : stats.shunnedUntil > now ? 50_000 : 0;
      const cost = stats.rtt + penalty + this.#random() * BAND;
      let at = ordered.length;
      for (; at > 0 && costs[at - 1]! > cost; at--) {
        ordered[at] = ordered[at - 1]!;
        costs[at] = costs[at - 1]!;
      }
      ordered[at] = server;
      costs[at] = cost;
    }
    return ordered;
  }
}
