/** Hours in which only what is grave is told. Judged by the clock on the wall of a time zone, summer time included. */
import type { Severity } from '@mailanchor/smtp';
import { isGraver } from './problem.ts';

export interface QuietHours {
  /** Minutes after midnight; `from` after `to` spans midnight, and from equal to `to` is the whole day. */
  readonly from: number;
  readonly to: number;
  /** Days on which quiet hours begin, 0 is Sunday; empty: every day. */
  readonly days: readonly number[];
  /** IANA name: `Europe/Berlin`. */
  readonly timeZone: string;
  /** What is told all the same: this severity and graver. */
  readonly letThrough: Severity;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether something of this severity waits for the end of the quiet hours. `now`: milliseconds since the epoch. */
export function isHeld(quiet: QuietHours | undefined, severity: Severity, now: number): boolean {
  if (!quiet || !isGraver(quiet.letThrough, severity)) return false;
  const { minute, day } = wallClock(quiet.timeZone, now);
  const { from, to, days } = quiet;
  const begins = (at: number) => days.length === 0 || days.includes(at);
  if (from < to) return minute >= from && minute < to && begins(day);
  // What began yesterday goes on until `to`.
  return (minute >= from && begins(day)) || (minute < to && begins((day + 6) % 7));
}

function wallClock(timeZone: string, now: number): { minute: number; day: number } {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]));
  return {
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
    day: DAYS.indexOf(parts.get('weekday') ?? ''),
  };
}
