import type { TlsRptPolicy } from '@mailanchor/smtp';
import { expect, test } from 'vitest';
import type { LoggedSession } from './postfix-log.ts';
import type { SessionEnd } from './session-end.ts';
import { type KnownPolicy, sessionEvent } from './session-event.ts';

const TLSA: TlsRptPolicy = { type: 'tlsa', domain: 'mx.a.example', strings: ['3 1 1 ab'], mxHosts: [] };
const STS: TlsRptPolicy = {
  type: 'sts',
  domain: 'a.example',
  strings: ['version: STSv1'],
  mxHosts: ['mx.a.example'],
};
const known: Record<string, KnownPolicy> = {
  dane: { kind: 'tlsa', policy: TLSA, usable: true, secureMx: true },
  'dane, MX unsigned': { kind: 'tlsa', policy: TLSA, usable: true, secureMx: false },
  unusable: { kind: 'tlsa', policy: TLSA, usable: false, secureMx: true },
  enforce: { kind: 'sts', policy: STS, enforced: true },
  testing: { kind: 'sts', policy: STS, enforced: false },
  none: { kind: 'none' },
  other: { kind: 'other-host' },
  unknown: { kind: 'unknown' },
};
const failed = (
  resultType: Extract<SessionEnd, { kind: 'failed' }>['resultType'],
  reasonCode?: string,
  dane = false,
): SessionEnd => ({
  kind: 'failed',
  resultType,
  ...(reasonCode !== undefined && { reasonCode }),
  dane,
});
const ends: Record<string, SessionEnd> = {
  verified: { kind: 'established', verified: true, trusted: true },
  trusted: { kind: 'established', verified: false, trusted: true },
  untrusted: { kind: 'established', verified: false, trusted: false },
  'no match': failed('validation-failure', 'dane-no-match', true),
  lookup: failed('dnssec-invalid', 'tlsa-lookup', true),
  required: failed('dane-required', undefined, true),
  unusable: failed('tlsa-invalid', 'tlsa-unusable', true),
  name: failed('certificate-host-mismatch'),
  'not verified': failed('validation-failure', 'not-verified'),
  starttls: failed('starttls-not-supported'),
  handshake: failed('validation-failure', 'wrong version number'),
};

const words = (end: SessionEnd, policy: KnownPolicy): string => {
  const session: LoggedSession = {
    at: 1,
    domain: 'a.example',
    host: { name: 'mx.a.example', address: '192.0.2.1', port: 25 },
    end,
  };
  const decided = sessionEvent(session, policy);
  if (decided.kind === 'unclear') return `? ${decided.reason}`;
  const { event } = decided;
  expect(event).toMatchObject({ at: 1, domain: 'a.example' });
  if (event.failure)
    expect(event.failure).toMatchObject({ receivingMxHostname: 'mx.a.example', receivingIp: '192.0.2.1' });
  return `${event.policy.type} ${event.failure?.resultType ?? 'success'}`;
};

/** Columns in the order of `known`. */
const TABLE: Record<string, string[]> = {
  verified: [
    'tlsa success',
    'tlsa success',
    '? policy-changed',
    'sts success',
    'sts success',
    'no-policy-found success',
    '? other-host',
    '? policy-unknown',
  ],
  trusted: [
    '? not-enforced',
    'tlsa success',
    'tlsa tlsa-invalid',
    '? not-enforced',
    '? not-enforced',
    'no-policy-found success',
    '? other-host',
    '? policy-unknown',
  ],
  untrusted: [
    '? not-enforced',
    '? not-enforced',
    'tlsa tlsa-invalid',
    '? not-enforced',
    '? not-enforced',
    'no-policy-found success',
    '? other-host',
    '? policy-unknown',
  ],
  'no match': [
    'tlsa validation-failure',
    'tlsa validation-failure',
    'tlsa validation-failure',
    '? policy-changed',
    '? policy-changed',
    '? policy-changed',
    '? other-host',
    '? policy-unknown',
  ],
  lookup: [
    'tlsa dnssec-invalid',
    'tlsa dnssec-invalid',
    'tlsa dnssec-invalid',
    'tlsa dnssec-invalid',
    'tlsa dnssec-invalid',
    'tlsa dnssec-invalid',
    '? other-host',
    'tlsa dnssec-invalid',
  ],
  required: [
    'tlsa dane-required',
    'tlsa dane-required',
    'tlsa dane-required',
    'tlsa dane-required',
    'tlsa dane-required',
    'tlsa dane-required',
    '? other-host',
    'tlsa dane-required',
  ],
  unusable: [
    'tlsa tlsa-invalid',
    'tlsa tlsa-invalid',
    'tlsa tlsa-invalid',
    '? policy-changed',
    '? policy-changed',
    '? policy-changed',
    '? other-host',
    '? policy-unknown',
  ],
  name: [
    'tlsa certificate-host-mismatch',
    'tlsa certificate-host-mismatch',
    '? own-demand',
    'sts certificate-host-mismatch',
    '? own-demand',
    '? own-demand',
    '? other-host',
    '? policy-unknown',
  ],
  'not verified': [
    'tlsa validation-failure',
    'tlsa validation-failure',
    '? own-demand',
    'sts validation-failure',
    '? own-demand',
    '? own-demand',
    '? other-host',
    '? policy-unknown',
  ],
  starttls: [
    'tlsa starttls-not-supported',
    'tlsa starttls-not-supported',
    'tlsa starttls-not-supported',
    'sts starttls-not-supported',
    'sts starttls-not-supported',
    'no-policy-found starttls-not-supported',
    '? other-host',
    '? policy-unknown',
  ],
  handshake: [
    'tlsa validation-failure',
    'tlsa validation-failure',
    'tlsa validation-failure',
    'sts validation-failure',
    'sts validation-failure',
    'no-policy-found validation-failure',
    '? other-host',
    '? policy-unknown',
  ],
};

test.each(Object.entries(TABLE))('%s', (end, row) => {
  expect(Object.values(known).map((policy) => words(ends[end]!, policy))).toEqual(row);
});

test('a host without address has none in its event', () => {
  const session: LoggedSession = {
    at: 1,
    domain: 'a.example',
    host: { name: 'mx.a.example', port: 25 },
    end: ends['lookup']!,
  };
  const decided = sessionEvent(session, { kind: 'unknown' });
  expect(decided).toEqual({
    kind: 'event',
    event: {
      at: 1,
      domain: 'a.example',
      policy: { type: 'tlsa', domain: 'mx.a.example', strings: [], mxHosts: [] },
      failure: {
        resultType: 'dnssec-invalid',
        reasonCode: 'tlsa-lookup',
        receivingMxHostname: 'mx.a.example',
      },
    },
  });
});
