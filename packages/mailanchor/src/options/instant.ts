/** Times as people give them: ISO 8601, or seconds since 1970. */
import { bad, type Given } from './given.ts';

const ISO =
  /^([0-9]{4})-([0-9]{2})(?:-([0-9]{2})(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})([.,][0-9]+)?)?([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?)?$/;
const BASIC =
  /^([0-9]{4})([0-9]{2})([0-9]{2})[Tt]([0-9]{2})([0-9]{2})([0-9]{2})?([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?$/;

/**
 * Milliseconds since the epoch. Digits alone are epoch seconds. A time without offset is UTC and a date without time its first second: a
 * script gives the same answer wherever it runs.
 */
export function parseInstant(given: Given): number {
  const text = given.value.trim();
  if (/^[0-9]{1,11}(\.[0-9]{1,3})?$/.test(text)) return Math.round(Number(text) * 1000);
  const basic = BASIC.exec(text);
  const parts = basic
    ? [basic[1], basic[2], basic[3], basic[4], basic[5], basic[6], undefined, basic[7]]
    : ISO.exec(text)?.slice(1);
  if (!parts) throw bad(given, WANTS);
  const [year, month, day = '01', hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] =
    parts;
  // A leap second is the first of the next minute; Date would wrap every other overflow silently, so the parts are compared.
  const whole = Math.min(Number(second), 59);
  const utc = new Date(0);
  utc.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  utc.setUTCHours(Number(hour), Number(minute), whole);
  const same =
    utc.getUTCMonth() === Number(month) - 1 &&
    utc.getUTCDate() === Number(day) &&
    utc.getUTCHours() === Number(hour) &&
    utc.getUTCMinutes() === Number(minute) &&
    Number(second) <= 60;
  if (!same) throw bad(given, WANTS);
  const milliseconds = fraction ? Math.trunc(Number(`0.${fraction.slice(1)}`) * 1000) : 0;
  const leap = Number(second) === 60 ? 1000 : 0;
  return utc.getTime() + milliseconds + leap - offset(zone, given);
}

const WANTS = 'a time such as 2026-11-01T12:00:00Z or epoch seconds';

function offset(zone: string, given: Given): number {
  if (zone === 'Z' || zone === 'z') return 0;
  const digits = zone.slice(1).replace(':', '');
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2) || '0');
  if (hours > 23 || minutes > 59) throw bad(given, WANTS);
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
