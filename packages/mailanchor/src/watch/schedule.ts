/** When a target is looked at next: pure. */

export interface Rhythm {
  /** Milliseconds. */
  readonly intervalMs: number;
  /** Milliseconds until another look at what is not settled yet. */
  readonly retryMs: number;
}

/** Part of the interval by which a look comes earlier or later: machines that were started together drift apart. */
const JITTER = 0.1;

/** Milliseconds since the epoch. `random`: 0 to 1. */
export function nextCheck(
  now: number,
  { intervalMs, retryMs }: Rhythm,
  unsettled: boolean,
  random: number,
): number {
  const base = unsettled ? Math.min(retryMs, intervalMs) : intervalMs;
  return Math.round(now + base * (1 + (2 * random - 1) * JITTER));
}

/** Milliseconds between two targets that are looked at for the first time. */
const SPREAD_MS = 250;

/**
 * The first look after a start. What is due later stays so; what is overdue, or was never looked at, comes soon, and not all at once.
 * `planned`: what an earlier run had in mind.
 */
export function firstCheck(
  now: number,
  planned: number | undefined,
  intervalMs: number,
  place: { readonly count: number },
  random: number,
): number {
  // A clock that was set back must not keep anybody waiting for ever.
  if (planned !== undefined && planned > now && planned <= now + intervalMs * (1 + JITTER)) return planned;
  return Math.round(now + random * Math.min(intervalMs, place.count * SPREAD_MS));
}
