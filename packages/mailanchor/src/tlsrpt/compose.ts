/** A domain's report out of its counts: composed once, and kept as it is sent. */
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { composeReport, domainOf, type TlsRptPolicyCounts, type TlsRptReportJson } from '@mailanchor/smtp';
import { DAY_MS, dayText } from './day.ts';

export interface Submitter {
  readonly organizationName: string;
  /** An address: its domain is the submitter (rfc8460#section-5.3). */
  readonly contactInfo: string;
}

/** `left@right`, as the subject wants it. The part of chance keeps several senders of one organisation apart. */
export function newReportId(day: number, domain: string, { contactInfo }: Submitter): string {
  return `${dayText(day)}.${randomBytes(6).toString('hex')}.${domain}@${domainOf(contactInfo)}`;
}

/** The JSON of one day. */
export function reportOf(
  day: number,
  reportId: string,
  { organizationName, contactInfo }: Submitter,
  policies: readonly TlsRptPolicyCounts[],
): TlsRptReportJson {
  return composeReport({ organizationName, contactInfo, reportId, ...rangeOf(day), policies });
}

/** First and last second of a day, milliseconds since the epoch. */
export function rangeOf(day: number): { readonly start: number; readonly end: number } {
  return { start: day * DAY_MS, end: (day + 1) * DAY_MS - 1000 };
}

export function compressed(report: TlsRptReportJson): Uint8Array {
  return gzipSync(JSON.stringify(report), { level: 9 });
}
