/**
 * The report's JSON as JSON Schema (draft 2020-12). RFC 8460 has a sketch and prose (rfc8460#section-4.4) and no schema; this one demands what
 * the prose demands and no more. Two places follow the RFC's own example (rfc8460#appendix-B), which reports of real senders do as well: `mx-host` may
 * be one string, and of a failure only `result-type` and `failed-session-count` must be there.
 */
import { TLSRPT_POLICY_TYPES } from './event.ts';

const text = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;
/** RFC 3339 with its zone. */
const dateTime = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?([Zz]|[+-]\\d\\d:\\d\\d)$',
} as const;
/** A-labels. */
const domain = {
  type: 'string',
  pattern: '^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*\\.?$',
  maxLength: 254,
} as const;
const ipAddress = {
  type: 'string',
  anyOf: [{ pattern: '^\\d{1,3}(\\.\\d{1,3}){3}$' }, { pattern: '^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$' }],
} as const;

const policy = {
  type: 'object',
  required: ['policy-type', 'policy-domain'],
  properties: {
    'policy-type': { enum: TLSRPT_POLICY_TYPES },
    'policy-string': { type: 'array', items: text },
    'policy-domain': domain,
    'mx-host': { anyOf: [{ type: 'array', items: text }, text] },
  },
} as const;

const failure = {
  type: 'object',
  required: ['result-type', 'failed-session-count'],
  properties: {
    // Not an enumeration: the registry of rfc8460#section-6.6 is open to new types.
    'result-type': { type: 'string', pattern: '^[a-z][a-z0-9-]*$' },
    'sending-mta-ip': ipAddress,
    'receiving-mx-hostname': text,
    'receiving-mx-helo': text,
    'receiving-ip': ipAddress,
    'failed-session-count': count,
    'additional-information': text,
    'failure-reason-code': text,
  },
} as const;

export const TLSRPT_REPORT_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'SMTP TLS report (RFC 8460, section 4.4)',
  type: 'object',
  required: ['organization-name', 'date-range', 'contact-info', 'report-id', 'policies'],
  properties: {
    'organization-name': text,
    'date-range': {
      type: 'object',
      required: ['start-datetime', 'end-datetime'],
      properties: { 'start-datetime': dateTime, 'end-datetime': dateTime },
    },
    'contact-info': { type: 'string', pattern: '^[^@\\s]+@[^@\\s]+$' },
    'report-id': { type: 'string', minLength: 1 },
    policies: {
      type: 'array',
      items: {
        type: 'object',
        required: ['policy', 'summary'],
        properties: {
          policy,
          summary: {
            type: 'object',
            required: ['total-successful-session-count', 'total-failure-session-count'],
            properties: { 'total-successful-session-count': count, 'total-failure-session-count': count },
          },
          'failure-details': { type: 'array', items: failure },
        },
      },
    },
  },
} as const;
