/**
 * An event from outside, such as a line of JSON: checked, and made to fit. What cannot be counted at all is refused; what merely says too
 * much or says it badly is cut, since the session it tells of did happen.
 */
import { isIP } from 'node:net';
import { printable } from '../printable.ts';
import {
  TLSRPT_POLICY_TYPES,
  TLSRPT_RESULT_TYPES,
  type TlsRptEvent,
  type TlsRptFailure,
  type TlsRptPolicy,
  type TlsRptPolicyType,
  type TlsRptResultType,
} from './event.ts';

export type ReadTlsRptEvent =
  | { readonly kind: 'event'; readonly event: TlsRptEvent }
  /** `text`: which part, without full stop. */
  | { readonly kind: 'invalid'; readonly text: string };

const MAX_ID = 64;
/** Of one policy: strings, characters of one and of all, patterns of MX hosts. A TLSA record may hold a whole certificate. */
const MAX_STRINGS = 100;
const MAX_STRING = 16_384;
const MAX_ALL_STRINGS = 65_536;
const MAX_MX_HOSTS = 100;
const MAX_REASON = 200;
const MAX_URI = 1_000;
/** Of one session, beside the first. */
const MAX_MORE = 10;

/** Never throws. Names come out in lower case and without trailing dot, TLSA records sorted: an RRset has no order. */
export function readTlsRptEvent(value: unknown): ReadTlsRptEvent {
  try {
    return { kind: 'event', event: readEvent(record(value, 'the event')) };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'invalid', text: error.message };
    throw error;
  }
}

class Refusal extends Error {}

type Fields = Readonly<Record<string, unknown>>;

function record(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(`${what} is no object`);
  }
  return value as Fields;
}

function readEvent(fields: Fields): TlsRptEvent {
  const { id, at, failure, more } = fields;
  if (id !== undefined && (typeof id !== 'string' || id === '' || Buffer.byteLength(id) > MAX_ID)) {
    throw new Refusal(`id is no string of 1 to ${MAX_ID} octets`);
  }
  // The years 1970 to 9999: what RFC 3339 can write.
  if (typeof at !== 'number' || !(at >= 0 && at < 253_402_300_800_000)) {
    throw new Refusal('at is no time in milliseconds');
  }
  if (more !== undefined && !Array.isArray(more)) throw new Refusal('more is no list');
  const others = (more ?? []).slice(0, MAX_MORE).map((one) => readFailure(record(one, 'a further failure')));
  return {
    ...(id === undefined ? {} : { id }),
    at: Math.trunc(at),
    domain: domainName(fields['domain'], 'domain'),
    policy: readPolicy(record(fields['policy'], 'policy')),
    failure: failure === null || failure === undefined ? null : readFailure(record(failure, 'failure')),
    ...(others.length > 0 ? { more: others } : {}),
  };
}

function readPolicy(fields: Fields): TlsRptPolicy {
  const type = TLSRPT_POLICY_TYPES.find((known) => known === fields['type']);
  if (!type) throw new Refusal(`policy.type is none of ${TLSRPT_POLICY_TYPES.join(', ')}`);
  return {
    type,
    domain: domainName(fields['domain'], 'policy.domain'),
    strings: policyStrings(type, fields['strings']),
    mxHosts: texts(fields['mxHosts'], 'policy.mxHosts')
      .slice(0, MAX_MX_HOSTS)
      .map((host) =>
        printable(host, 255)
          .toLowerCase()
          .replace(/[. ]+$/, ''),
      ),
  };
}

function policyStrings(type: TlsRptPolicyType, value: unknown): string[] {
  const strings = texts(value, 'policy.strings')
    .slice(0, MAX_STRINGS)
    .map((text) => printable(text, MAX_STRING));
  let room = MAX_ALL_STRINGS;
  const fitting = strings.filter((text) => {
    room -= text.length;
    return room >= 0;
  });
  return type === 'tlsa' ? fitting.sort() : fitting;
}

function readFailure(fields: Fields): TlsRptFailure {
  const resultType = resultTypeOf(fields['resultType']);
  const text = (key: string, maxLength: number): string => {
    const value = fields[key];
    return typeof value === 'string' ? printable(value, maxLength) : '';
  };
  const sendingMtaIp = address(fields['sendingMtaIp']);
  const receivingIp = address(fields['receivingIp']);
  const receivingMxHostname = text('receivingMxHostname', 255)
    .toLowerCase()
    .replace(/[. ]+$/, '');
  const receivingMxHelo = text('receivingMxHelo', 255);
  const reasonCode = text('reasonCode', MAX_REASON);
  const uri = fields['additionalInformation'];
  const additionalInformation = typeof uri === 'string' && uri.length <= MAX_URI && isUri(uri) ? uri : '';
  return {
    resultType,
    ...(sendingMtaIp && { sendingMtaIp }),
    ...(receivingMxHostname && { receivingMxHostname }),
    ...(receivingMxHelo && { receivingMxHelo }),
    ...(receivingIp && { receivingIp }),
    ...(reasonCode && { reasonCode }),
    ...(additionalInformation && { additionalInformation }),
  };
}

function resultTypeOf(value: unknown): TlsRptResultType {
  const known = TLSRPT_RESULT_TYPES.find((type) => type === value);
  if (!known) throw new Refusal('resultType is none of the registry (rfc8460 section 6.6)');
  return known;
}

/** A domain name in A-labels. */
function domainName(value: unknown, what: string): string {
  const name = typeof value === 'string' ? value.toLowerCase().replace(/\.$/, '') : '';
  const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
  if (name.length > 253 || !name.split('.').every((label) => LABEL.test(label))) {
    throw new Refusal(`${what} is no domain name in A-labels`);
  }
  return name;
}

function texts(value: unknown, what: string): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) {
    throw new Refusal(`${what} is no list of strings`);
  }
  return value;
}

function address(value: unknown): string | undefined {
  return typeof value === 'string' && isIP(value) !== 0 && !value.includes('%') ? value : undefined;
}

/** A URI (RFC 3986), as far as it can be told at sight: a scheme, then printable characters without spaces and quotes. */
export function isUri(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:[^\s"<>\\^`{|}]+$/i.test(text) && /^[\x21-\x7e]+$/.test(text);
}
