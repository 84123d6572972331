/** The name of a report's file (rfc8460#section-5.1). It says nothing that the report does not say itself. */
import { printable } from '../printable.ts';

export interface ReportFileName {
  /** Domain of the contact address. */
  readonly submitter: string;
  readonly policyDomain: string;
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  /** Letters and digits. */
  readonly uniqueId?: string;
  /** Whether the content is compressed by gzip. */
  readonly compressed: boolean;
}

export function reportFileName(name: ReportFileName): string {
  const seconds = (at: number): number => Math.floor(at / 1000);
  const parts = [name.submitter, name.policyDomain, seconds(name.start), seconds(name.end)];
  const unique = name.uniqueId === undefined ? '' : `!${name.uniqueId.replace(/[^A-Za-z0-9]/g, '')}`;
  return `${parts.join('!')}${unique}.${name.compressed ? 'json.gz' : 'json'}`;
}

/** Undefined for other names. */
export function parseReportFileName(text: string): ReportFileName | undefined {
  const match = /^([^!]{1,255})!([^!]{1,255})!(\d{1,12})!(\d{1,12})(?:!([^!]{1,255}))?\.json(\.gz)?$/.exec(
    text,
  );
  if (!match) return undefined;
  const [, submitter = '', policyDomain = '', start, end, uniqueId, gz] = match;
  return {
    submitter: printable(submitter, 255).toLowerCase(),
    policyDomain: printable(policyDomain, 255).toLowerCase(),
    start: Number(start) * 1000,
    end: Number(end) * 1000,
    ...(uniqueId === undefined ? {} : { uniqueId: printable(uniqueId, 255) }),
    compressed: gz !== undefined,
  };
}
