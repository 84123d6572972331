/** UTC days: a report is of one (rfc8460#section-4.1). Numbered from 1 January 1970. */
import { UsageError } from '../errors.ts';

export const DAY_MS = 86_400_000;

/** `at`: milliseconds since the epoch. */
export function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}

/** `2026-11-25`. */
export function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** Reads `2026-11-25`, `today` and `yesterday`. Throws `UsageError`. */
export function dayFrom(text: string, now: number): number {
  if (text === 'today') return dayOf(now);
  if (text === 'yesterday') return dayOf(now) - 1;
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(at) || dayText(dayOf(at)) !== text) {
    throw new UsageError(`"${text}" is no day: expected such as 2026-11-25, today or yesterday`);
  }
  return dayOf(at);
}
