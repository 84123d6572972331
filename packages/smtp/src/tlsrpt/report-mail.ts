/**
 * A report as a mail message (rfc8460#section-5.3): `multipart/report` of a text and the compressed report, with the header fields by which
 * receivers sort it. The octets are the same whenever it is composed from the same: what is sent again is the same message. A DKIM signature is
 * added by whoever sends it, over {@link SIGNED_FIELDS} among others.
 */
import { createHash } from 'node:crypto';
import { SmtpError } from '../errors.ts';
import { reportFileName } from './report-file-name.ts';

export interface ReportMail {
  /** Address and its domain, which is the report's submitter. */
  readonly from: string;
  readonly to: string;
  /** Milliseconds since the epoch. */
  readonly date: number;
  /** The recipient domain that the report is about. */
  readonly domain: string;
  /** `left@right`. */
  readonly reportId: string;
  readonly start: number;
  readonly end: number;
  /** Lines for people, ASCII; see the RFC for what is usual. */
  readonly text: readonly string[];
  /** The JSON, compressed by gzip. */
  readonly report: Uint8Array;
}

/** Beside those that any signature covers (rfc8460#section-5.3). */
export const SIGNED_FIELDS = ['tls-report-domain', 'tls-report-submitter', 'tls-required'] as const;

export interface ComposedMail {
  readonly messageId: string;
  readonly message: Buffer;
}

/** Throws `SmtpError` 'bad-option' where a value does not fit a header field. */
export function composeReportMail(mail: ReportMail): ComposedMail {
  const submitter = domainOf(mail.from);
  const hash = createHash('sha256').update(`${mail.reportId} ${mail.to}`).digest('hex');
  const boundary = `report-${hash.slice(0, 32)}`;
  const messageId = `<${hash.slice(32)}.tlsrpt@${submitter}>`;
  const fileName = reportFileName({
    submitter,
    policyDomain: mail.domain,
    start: mail.start,
    end: mail.end,
    compressed: true,
  });
  const header = [
    `From: ${field(mail.from)}`,
    `To: ${field(mail.to)}`,
    `Date: ${new Date(mail.date).toUTCString().replace(/GMT$/, '+0000')}`,
    `Message-ID: ${messageId}`,
    // White space between the parts: a line each (rfc8460#section-5.3).
    `Subject: Report Domain: ${field(mail.domain)}`,
    ` Submitter: ${submitter}`,
    ` Report-ID: <${field(mail.reportId)}>`,
    `TLS-Report-Domain: ${field(mail.domain)}`,
    `TLS-Report-Submitter: ${submitter}`,
    // The news that TLS fails must get through where it fails (rfc8460#section-5.3, rfc8689#section-3).
    'TLS-Required: No',
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type="tlsrpt";',
    ` boundary="${boundary}"`,
    'Content-Language: en',
  ];
  const text = [
    'Content-Type: text/plain; charset="us-ascii"',
    'Content-Transfer-Encoding: 7bit',
    '',
    ...mail.text.map((line) => line.replace(/[^\x20-\x7e]/g, '?')),
    '',
  ];
  const attachment = [
    'Content-Type: application/tlsrpt+gzip',
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment;',
    ` filename="${fileName}"`,
    '',
    ...base64Lines(mail.report),
  ];
  const lines = [
    ...header,
    '',
    `--${boundary}`,
    ...text,
    `--${boundary}`,
    ...attachment,
    `--${boundary}--`,
    '',
  ];
  return { messageId, message: Buffer.from(lines.join('\r\n'), 'latin1') };
}

/** The domain of an address, which must be one that a header can hold. */
export function domainOf(address: string): string {
  const domain = /^[^@\s<>",]+@([A-Za-z0-9.-]+)$/.exec(address)?.[1];
  if (domain === undefined) throw new SmtpError('bad-option', `"${address.slice(0, 60)}" is no mail address`);
  return domain.toLowerCase();
}

function field(value: string): string {
  if (!/^[\x21-\x7e]{1,600}$/.test(value)) {
    throw new SmtpError('bad-option', `"${value.slice(0, 60)}" does not fit a header field`);
  }
  return value;
}

function base64Lines(octets: Uint8Array): readonly string[] {
  return (
    Buffer.from(octets)
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  );
}
