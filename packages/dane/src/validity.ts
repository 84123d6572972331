/** Times of a certificate (rfc5280#section-4.1.2.5). */
import { type DerValue, Tag } from './der.ts';

const FORM = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

/** Epoch seconds of a UTCTime or GeneralizedTime in the form that RFC 5280 allows, else null. Years to 9999. */
export function parseTime(value: DerValue): number | null {
  const text = Buffer.from(value.content).toString('latin1');
  const fields = FORM.exec(text)?.slice(1);
  if (!fields) return null;
  const short = fields[0]!.length === 2;
  if (value.tag !== (short ? Tag.UTC_TIME : Tag.GENERALIZED_TIME)) return null;
  const [y, month, day, hour, minute, second] = fields.map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // UTCTime: 50 to 99 are of the twentieth century.
  const year = short ? (y < 50 ? 2000 + y : 1900 + y) : y;
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  time.setUTCHours(hour, minute, second);
  const exact =
    time.getUTCFullYear() === year &&
    time.getUTCMonth() === month - 1 &&
    time.getUTCDate() === day &&
    time.getUTCHours() === hour &&
    time.getUTCMinutes() === minute &&
    time.getUTCSeconds() === second;
  return exact ? time.getTime() / 1000 : null;
}

/** `2026-11-24 12:00:00 UTC`, for texts. */
export function timeToText(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime())
    ? `${seconds}`
    : `${date.toISOString().slice(0, -5).replace('T', ' ')} UTC`;
}
