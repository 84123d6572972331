import type { MismatchReason } from '@mailanchor/dane';
import { expect, test } from 'vitest';
import type { StsDiscovery } from '../mta-sts/discover.ts';
import type { HostPlan, HostProblem, SessionOutcome } from '../verdict.ts';
import { noPolicy, stsPolicy, tlsaPolicy } from './policy.ts';
import { lookupResult, matchResult, pkixResult, sessionResult, stsResult } from './result-type.ts';

const shown = (result: ReturnType<typeof matchResult>): string =>
  result ? `${result.resultType} ${result.reasonCode ?? ''}`.trim() : 'not reported';

test.each<[MismatchReason, string]>([
  ['no-match', 'validation-failure dane-no-match'],
  ['name-mismatch', 'certificate-host-mismatch'],
  ['expired', 'certificate-expired'],
  ['not-yet-valid', 'certificate-expired not-yet-valid'],
  ['untrusted', 'certificate-not-trusted untrusted'],
  ['not-a-ca', 'certificate-not-trusted not-a-ca'],
  ['path-length', 'certificate-not-trusted path-length'],
  ['name-constraint', 'certificate-not-trusted name-constraint'],
  ['purpose', 'certificate-not-trusted purpose'],
  ['bad-signature', 'certificate-not-trusted bad-signature'],
])('rule 31: a mismatch for %s is %s', (reason, expected) => {
  expect(shown(matchResult({ kind: 'mismatch', reason, depth: null, text: '' }))).toBe(expected);
});

test('rule 31: records that cannot be used are tlsa-invalid, a match is no failure', () => {
  expect(shown(matchResult({ kind: 'unusable', records: [] }))).toBe('tlsa-invalid tlsa-unusable');
  const match = { kind: 'match', usage: 3, selector: 1, matching: 1, depth: 0, record: 0 } as const;
  expect(matchResult(match)).toBeNull();
});

test.each<[SessionOutcome, string | undefined, string]>([
  ['starttls-not-offered', undefined, 'starttls-not-supported'],
  ['starttls-refused', undefined, 'starttls-not-supported starttls-refused'],
  ['ehlo-refused', undefined, 'starttls-not-supported ehlo-refused'],
  ['injected-data', undefined, 'validation-failure injected-data'],
  ['tls-failed', 'ERR_SSL_UNSUPPORTED_PROTOCOL', 'validation-failure ERR_SSL_UNSUPPORTED_PROTOCOL'],
  ['tls-failed', undefined, 'validation-failure tls-failed'],
  ['tls-timeout', undefined, 'validation-failure tls-timeout'],
  ['established', undefined, 'not reported'],
  ['connect-refused', 'ECONNREFUSED', 'not reported'],
  ['greeting-refused', undefined, 'not reported'],
  ['closed', undefined, 'not reported'],
  ['deadline', undefined, 'not reported'],
])('rule 31: a session that ends with %s %s is %s', (outcome, code, expected) => {
  expect(shown(sessionResult(outcome, code))).toBe(expected);
});

test.each<[HostProblem['stage'], HostProblem['status'], string]>([
  ['tlsa', 'bogus', 'dnssec-invalid ede-7'],
  ['tlsa', 'indeterminate', 'dnssec-invalid ede-7'],
  ['addresses', 'bogus', 'dnssec-invalid ede-7'],
  ['addresses', 'indeterminate', 'not reported'],
  ['no-address', 'secure', 'not reported'],
  ['limit', 'secure', 'not reported'],
])('rule 31: a host unreachable at %s, %s, is %s', (stage, status, expected) => {
  expect(shown(lookupResult({ stage, status, ede: 7, text: '' }))).toBe(expected);
});

test.each<[Extract<StsDiscovery, { kind: 'invalid' }>['part'], string]>([
  ['record', 'sts-policy-invalid sts-record'],
  ['policy', 'sts-policy-invalid sts-policy'],
  ['media-type', 'sts-policy-invalid sts-media-type'],
  ['size', 'sts-policy-invalid sts-size'],
  ['certificate', 'sts-webpki-invalid sts-certificate'],
  ['address', 'sts-policy-fetch-error sts-address'],
  ['connection', 'sts-policy-fetch-error sts-connection'],
  ['status', 'sts-policy-fetch-error sts-status'],
  ['time', 'sts-policy-fetch-error sts-time'],
])('rule 31: an MTA-STS policy that fails at its %s is %s', (part, expected) => {
  expect(shown(stsResult({ kind: 'invalid', part, text: '' }))).toBe(expected);
  expect(stsResult({ kind: 'absent' })).toBeNull();
});

test.each([
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate-host-mismatch'],
  ['CERT_HAS_EXPIRED', 'certificate-expired'],
  ['CERT_NOT_YET_VALID', 'certificate-expired not-yet-valid'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate-not-trusted DEPTH_ZERO_SELF_SIGNED_CERT'],
])('rule 31: %s, of the public CAs, is %s', (code, expected) => {
  expect(shown(pkixResult(code))).toBe(expected);
});

test('rule 31: the policy domain of tlsa is the TLSA base domain, the policy string the records', () => {
  const records = [
    { usage: 3, selector: 1, matching: 1, data: 'ab12' },
    { usage: 2, selector: 0, matching: 2, data: 'cd' },
  ];
  const tlsa: HostPlan['tlsa'] = {
    status: 'secure',
    base: 'mail.example.net',
    records,
    usable: records,
    unusable: [],
    questions: [],
  };
  expect(tlsaPolicy({ host: 'mx1.example.org', tlsa })).toEqual({
    type: 'tlsa',
    domain: 'mail.example.net',
    strings: ['3 1 1 ab12', '2 0 2 cd'],
    mxHosts: [],
  });
  const without = { ...tlsa, base: null, records: [] };
  expect(tlsaPolicy({ host: 'mx1.example.org', tlsa: without })).toMatchObject({ domain: 'mx1.example.org' });
});

test('an MTA-STS policy as rfc8460#section-4.5 has it', () => {
  const policy = { mode: 'testing', mx: ['mx1.example.com', 'mx2.example.com'], maxAge: 604_800 } as const;
  expect(stsPolicy('example.com', policy)).toEqual({
    type: 'sts',
    domain: 'example.com',
    strings: [
      'version: STSv1',
      'mode: testing',
      'mx: mx1.example.com',
      'mx: mx2.example.com',
      'max_age: 604800',
    ],
    mxHosts: policy.mx,
  });
  expect(stsPolicy('example.com', undefined)).toMatchObject({ type: 'sts', strings: [], mxHosts: [] });
  expect(noPolicy('example.com')).toMatchObject({ type: 'no-policy-found', domain: 'example.com' });
});
