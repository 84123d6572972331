/**
 * What libtlsrpt sends for Postfix 3.10 and later, a datagram a session: `d` is the recipient domain, `pr` its TLSRPT record, and each policy
 * has its type and the type of each failure as a number (tlsrpt.h), `f` is 0 where it was satisfied in the end.
 */
import { readTlsRptEvent, type TlsRptEvent, type TlsRptFailure } from '@mailanchor/smtp';

const POLICY_TYPES: Readonly<Record<number, string>> = { 1: 'tlsa', 2: 'sts', 9: 'no-policy-found' };
const RESULT_TYPES: Readonly<Record<number, string>> = {
  201: 'starttls-not-supported',
  202: 'certificate-host-mismatch',
  203: 'certificate-not-trusted',
  204: 'certificate-expired',
  205: 'validation-failure',
  301: 'sts-policy-fetch-error',
  302: 'sts-policy-invalid',
  303: 'sts-webpki-invalid',
  304: 'tlsa-invalid',
  305: 'dnssec-invalid',
  306: 'dane-required',
};

type Fields = Readonly<Record<string, unknown>>;

/** One for each policy; undefined where it cannot be read. `at`: milliseconds since the epoch, when it came. */
export function readDatagram(text: string, at: number): TlsRptEvent[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { d: domain, policies } = value as Fields;
  if (!Array.isArray(policies) || policies.length === 0 || policies.length > 16) return undefined;
  const events: TlsRptEvent[] = [];
  for (const policy of policies as unknown[]) {
    if (typeof policy !== 'object' || policy === null) return undefined;
    const read = readTlsRptEvent({ at, domain, ...ofPolicy(policy as Fields, domain) });
    if (read.kind === 'invalid') return undefined;
    events.push(read.event);
  }
  return events;
}

function ofPolicy(fields: Fields, domain: unknown): Fields {
  const details = Array.isArray(fields['failure-details']) ? (fields['failure-details'] as Fields[]) : [];
  const failures = details.map(ofFailure);
  const failed = fields['f'] !== 0;
  // A failure without details is one all the same.
  const failure = failed ? (failures[0] ?? { resultType: 'validation-failure' }) : null;
  return {
    policy: {
      type: POLICY_TYPES[Number(fields['policy-type'])],
      domain: fields['policy-domain'] ?? domain,
      strings: fields['policy-string'],
      mxHosts: fields['mx-host'],
    },
    failure,
    more: failed ? failures.slice(1) : failures,
  };
}

/** What the library calls additional information may be any text; in a report it is a URI. */
function ofFailure(fields: Fields): Record<keyof TlsRptFailure, unknown> {
  return {
    resultType: RESULT_TYPES[Number(fields['c'])],
    sendingMtaIp: fields['s'],
    receivingMxHostname: fields['n'],
    receivingMxHelo: typeof fields['h'] === 'string' ? heloOf(fields['h']) : undefined,
    receivingIp: fields['r'],
    reasonCode: fields['f'],
    additionalInformation: fields['a'],
  };
}

/** Postfix gives the whole reply to EHLO; the name is the first word of its first line. */
function heloOf(reply: string): string {
  return /^(?:250[- ])?(\S*)/.exec(reply)?.[1] ?? '';
}
