/**
 * Reads a report that anybody may have sent (rfc8460#section-7): bounded in size, depth and number, and without trust in a single field. Real
 * senders depart from the RFC in many small ways; what can be understood is, and what was wrong is said. Nothing that it returns is longer than
 * its limit, and its strings are printable.
 */
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { printable } from '../printable.ts';
import { TLSRPT_POLICY_TYPES, TLSRPT_RESULT_TYPES } from './event.ts';
import type { TlsRptDetail, TlsRptPolicyCounts, TlsRptReport } from './report.ts';
import { type Fields, ReportReader } from './report-reader.ts';

export type ParsedReport =
  /** `notes`: what is not as the RFC has it, a clause each, in the order found; empty for a report without fault. */
  | { readonly kind: 'report'; readonly report: TlsRptReport; readonly notes: readonly string[] }
  /** `text`: why, without full stop. */
  | { readonly kind: 'invalid'; readonly text: string };

export interface ReportLimits {
  /** Octets of the file as it came. */
  readonly file: number;
  /** Octets after decompression. */
  readonly text: number;
  readonly depth: number;
  /** Of all kinds, as commas and brackets tell. */
  readonly values: number;
  readonly policies: number;
  /** Of all policies together. */
  readonly details: number;
  /** Strings of one policy. */
  readonly strings: number;
}

export const REPORT_LIMITS: ReportLimits = {
  file: 10_485_760,
  text: 52_428_800,
  depth: 16,
  values: 2_000_000,
  policies: 10_000,
  details: 100_000,
  strings: 1_000,
};

/** Text, or a file's octets, which may be compressed by gzip whatever they are called. Rejects never. */
export async function parseReport(
  source: string | Uint8Array,
  given: Partial<ReportLimits> = {},
): Promise<ParsedReport> {
  const limits = { ...REPORT_LIMITS, ...given };
  const size = typeof source === 'string' ? Buffer.byteLength(source) : source.length;
  if (size > limits.file && typeof source !== 'string') {
    return invalid(`the file is larger than ${limits.file} octets`);
  }
  const text = typeof source === 'string' ? source : await textOf(source, limits);
  if (typeof text !== 'string') return text;
  if (Buffer.byteLength(text) > limits.text)
    return invalid(`the report is larger than ${limits.text} octets`);
  const { depth, values } = measure(text);
  if (depth > limits.depth) return invalid(`it is nested more than ${limits.depth} deep`);
  if (values > limits.values) return invalid(`it holds more than ${limits.values} values`);
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return invalid('it is no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return invalid('it is no JSON object');
  return readReport(value as Fields, limits);
}

async function textOf(octets: Uint8Array, limits: ReportLimits): Promise<string | ParsedReport> {
  let plain = octets;
  if (octets[0] === 0x1f && octets[1] === 0x8b) {
    try {
      plain = await promisify(gunzip)(octets, { maxOutputLength: limits.text });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return invalid(
        code === 'ERR_BUFFER_TOO_LARGE'
          ? `the report is larger than ${limits.text} octets once decompressed`
          : 'it cannot be decompressed',
      );
    }
  }
  // Decodes what is no UTF-8 to replacement characters, and drops a byte order mark.
  return new TextDecoder().decode(plain);
}

/** What JSON text would come to: counted before anything is built from it. */
function measure(text: string): { readonly depth: number; readonly values: number } {
  let [open, depth, values] = [0, 0, 1];
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) quoted = !quoted;
    else if (quoted) {
      if (code === BACKSLASH) i++;
    } else if (code === BRACKET || code === BRACE) {
      depth = Math.max(depth, ++open);
      values++;
    } else if (code === BRACKET_END || code === BRACE_END) open--;
    else if (code === COMMA) values++;
  }
  return { depth, values };
}

const [QUOTE, BACKSLASH, BRACKET, BRACE, BRACKET_END, BRACE_END, COMMA] = [...'"\\[{]},'].map((c) =>
  c.charCodeAt(0),
);

function readReport(fields: Fields, limits: ReportLimits): ParsedReport {
  const reader = new ReportReader();
  const range = reader.object(fields, 'date-range');
  const start = reader.time(range, 'start-datetime');
  const end = reader.time(range, 'end-datetime');
  if (start === undefined) return invalid('it has no start-datetime');
  const policies = reader.list(fields, 'policies', limits.policies);
  if (!policies) return invalid('it has no policies');
  let room = limits.details;
  const report: TlsRptReport = {
    organizationName: reader.text(fields, 'organization-name', 255, 'required'),
    contactInfo: contactInfo(reader, fields),
    reportId: reader.text(fields, 'report-id', 255, 'required'),
    start,
    end: end === undefined || end < start ? start + 86_399_000 : end,
    policies: policies.flatMap((one) => {
      const counts = readPolicy(reader, one, { ...limits, details: room });
      room -= counts?.details.length ?? 0;
      return counts ? [counts] : [];
    }),
  };
  if (end !== undefined && end < start) reader.note('end-datetime is before start-datetime');
  return { kind: 'report', report, notes: reader.notes };
}

function contactInfo(reader: ReportReader, fields: Fields): string {
  const given = reader.text(fields, 'contact-info', 320, 'required');
  const address = /^(?:mailto:|.*<)?([^@<>\s]+@[^@<>\s]+?)>?$/i.exec(given)?.[1];
  if (given !== '' && address !== given) reader.note('contact-info is no bare address');
  return address ?? given;
}

function readPolicy(
  reader: ReportReader,
  value: unknown,
  limits: ReportLimits,
): TlsRptPolicyCounts | undefined {
  const fields = reader.asObject(value, 'an entry of policies');
  if (!fields) return undefined;
  const policy = reader.object(fields, 'policy');
  const summary = reader.object(fields, 'summary');
  const type = reader.text(policy, 'policy-type', 40, 'required').toLowerCase();
  if (!TLSRPT_POLICY_TYPES.some((known) => known === type)) reader.note('policy-type is none of the three');
  const details = reader.list(fields, 'failure-details', limits.details) ?? [];
  const mxHost = Object.hasOwn(policy, 'mx-host') ? 'mx-host' : 'mx-host-pattern';
  if (Object.hasOwn(policy, 'mx-host-pattern')) reader.note('mx-host is called mx-host-pattern');
  return {
    policy: {
      type: type === '' ? 'no-policy-found' : type,
      domain: hostName(reader.text(policy, 'policy-domain', 255, 'required')),
      strings: reader.texts(policy, 'policy-string', limits.strings, 16_384),
      mxHosts: reader.texts(policy, mxHost, limits.strings, 255).map(hostName),
    },
    successes: reader.count(summary, 'total-successful-session-count'),
    failures: reader.count(summary, 'total-failure-session-count'),
    details: details.flatMap((one) => readDetail(reader, one)),
  };
}

function readDetail(reader: ReportReader, value: unknown): TlsRptDetail[] {
  const fields = reader.asObject(value, 'an entry of failure-details');
  if (!fields) return [];
  const given = reader.text(fields, 'result-type', 80, 'required');
  const resultType = given.toLowerCase();
  if (given !== resultType) reader.note('result-type is in capitals');
  if (!TLSRPT_RESULT_TYPES.some((known) => known === resultType))
    reader.note('a result-type is not in the registry');
  const address = (key: string): string => {
    const text = reader.text(fields, key, 60, 'optional');
    if (text === '' || isIP(text) !== 0) return text;
    reader.note(`${key} is no address`);
    return '';
  };
  const optional = {
    sendingMtaIp: address('sending-mta-ip'),
    receivingMxHostname: hostName(reader.text(fields, 'receiving-mx-hostname', 255, 'optional')),
    receivingMxHelo: reader.text(fields, 'receiving-mx-helo', 255, 'optional'),
    receivingIp: address('receiving-ip'),
    additionalInformation: reader.text(fields, 'additional-information', 1_000, 'optional'),
    reasonCode: reader.text(fields, 'failure-reason-code', 1_000, 'optional'),
  };
  const known = Object.entries(optional).filter(([, text]) => text !== '');
  const sessions = reader.count(fields, 'failed-session-count');
  return [{ resultType, ...Object.fromEntries(known), sessions }];
}

function hostName(text: string): string {
  return printable(text, 255).toLowerCase().replace(/\.$/, '');
}

function invalid(text: string): { readonly kind: 'invalid'; readonly text: string } {
  return { kind: 'invalid', text };
}
