/** Signature times in record text (rfc4034#section-3.2): `YYYYMMDDHHMMSS` in UTC, or seconds since 1970. */
import { DnsFormatError } from '../errors.ts';

/** Seconds since 1970, 0 to 2^32-1, taken as they stand (years 1970 to 2106). */
export function signatureTimeToText(seconds: number): string {
  return new Date(seconds * 1000)
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replaceAll(/\D/g, '');
}

export function signatureTimeFromText(text: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (parts) {
    const [year, month, day, hour, minute, second] = parts.slice(1).map(Number);
    const seconds = Date.UTC(year!, month! - 1, day, hour, minute, second) / 1000;
    // Date.UTC carries overflowing fields over: a date that does not come back is none.
    if (seconds >= 0 && seconds <= 0xffffffff && signatureTimeToText(seconds) === text) return seconds;
  } else if (/^\d{1,10}$/.test(text) && Number(text) <= 0xffffffff) return Number(text);
  throw new DnsFormatError(
    'bad-record-text',
    `expected a time as YYYYMMDDHHMMSS or seconds since 1970, found "${text}"`,
  );
}
