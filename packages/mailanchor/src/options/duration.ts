/** Spans of time as people write them. */
import { bad, type Given } from './given.ts';

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `90s`, `15m`, `2h`, `7d`; a bare number is seconds. Milliseconds; `max` too. Throws `UsageError`. */
export function parseDuration(given: Given, max: number): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*([smhd]?)$/.exec(given.value.trim());
  const unit = Object.entries(UNITS).find(([name]) => name === (match?.[2] || 's'))?.[1] ?? 1;
  const milliseconds = match ? Math.round(Number(match[1]) * unit * 1000) : Number.NaN;
  if (!(milliseconds > 0 && milliseconds <= max))
    throw bad(given, `a time such as 90s, 15m, 2h, up to ${durationOf(max)}`);
  return milliseconds;
}

function durationOf(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return seconds % UNITS.d === 0 ? `${seconds / UNITS.d}d` : `${seconds / UNITS.h}h`;
}
