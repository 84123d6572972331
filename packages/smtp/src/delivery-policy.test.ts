import { describe, expect, test } from 'vitest';
import { type DeliveryPolicy, type DeliveryQuestion, deliveryPolicy } from './delivery-policy.ts';
import type { HostPolicy } from './verdict.ts';

type Sts = 'none' | 'enforce' | 'enforce, not listed' | 'testing' | 'testing, not listed';

function decide(
  policy: HostPolicy,
  sts: Sts = 'none',
  options: Partial<DeliveryQuestion> & { readonly mx?: 'secure' | 'insecure' } = {},
): string {
  const { mx = 'secure', ...rest } = options;
  const mode = sts.replace(/,.*/, '') as 'none' | 'enforce' | 'testing';
  return words(
    deliveryPolicy({
      host: { policy, mxStatus: mx },
      sts: mode === 'none' ? { mode } : { mode, listed: !sts.endsWith('not listed') },
      mode: 'opportunistic',
      insecureMx: 'dane',
      requireTls: false,
      tlsRequiredNo: false,
      ...rest,
    }),
  );
}

function words(policy: DeliveryPolicy): string {
  if (policy.kind === 'pass') return `pass: ${policy.why}`;
  const { tls, onFailure, secure, requireTls, reported } = policy;
  return [tls, onFailure, secure ? 'secure' : '', requireTls ? 'REQUIRETLS' : '', reported]
    .filter(Boolean)
    .join(', ');
}

describe('rule 26: no cleartext once secure TLSA records exist', () => {
  test.each<[string, string, string]>([
    ['usable', decide('dane'), 'dane, next-host, secure, tlsa'],
    ['none usable', decide('dane-unusable'), 'encrypt, next-host, tlsa'],
    ['no records', decide('none'), 'may, deliver, no-policy-found'],
    ['lookup failed', decide('unreachable'), 'pass: lookup-failed'],
    ['usable, insecure MX', decide('dane', 'none', { mx: 'insecure' }), 'dane, next-host, tlsa'],
    [
      'usable, insecure MX, by setting encrypt',
      decide('dane', 'none', { mx: 'insecure', insecureMx: 'encrypt' }),
      'encrypt, next-host, tlsa',
    ],
    [
      'usable, insecure MX, by setting may',
      decide('dane', 'none', { mx: 'insecure', insecureMx: 'may' }),
      'may, deliver, tlsa',
    ],
    [
      'none usable, insecure MX, by setting may',
      decide('dane-unusable', 'none', { mx: 'insecure', insecureMx: 'may' }),
      'may, deliver, tlsa',
    ],
    ['dane-only, usable', decide('dane', 'none', { mode: 'dane-only' }), 'dane, next-host, secure, tlsa'],
    ['dane-only, none usable', decide('dane-unusable', 'none', { mode: 'dane-only' }), 'pass: dane-required'],
    ['dane-only, no records', decide('none', 'enforce', { mode: 'dane-only' }), 'pass: dane-required'],
    [
      'dane-only, insecure MX',
      decide('dane', 'none', { mode: 'dane-only', mx: 'insecure' }),
      'pass: dane-required',
    ],
    ['audit, usable', decide('dane', 'none', { mode: 'audit' }), 'dane, deliver, secure, tlsa'],
    ['audit, lookup failed', decide('unreachable', 'none', { mode: 'audit' }), 'pass: lookup-failed'],
  ])('%s', (_, got, want) => expect(got).toBe(want));
});

describe('rule 28: DANE wins over MTA-STS', () => {
  test.each<[string, string, string]>([
    ['usable, enforced', decide('dane', 'enforce'), 'dane, next-host, secure, tlsa'],
    ['usable, not in the policy', decide('dane', 'enforce, not listed'), 'dane, next-host, secure, tlsa'],
    [
      'none usable, enforced: STS does not rescue',
      decide('dane-unusable', 'enforce'),
      'encrypt, next-host, tlsa',
    ],
    ['lookup failed, enforced: STS does not rescue', decide('unreachable', 'enforce'), 'pass: lookup-failed'],
    ['no records, enforced', decide('none', 'enforce'), 'pkix, next-host, secure, sts'],
    ['no records, not in the policy', decide('none', 'enforce, not listed'), 'pass: not-listed'],
    ['no records, testing', decide('none', 'testing'), 'pkix, deliver, sts'],
    ['no records, testing, not in the policy', decide('none', 'testing, not listed'), 'may, deliver, sts'],
  ])('%s', (_, got, want) => expect(got).toBe(want));
});

describe('rule 28: an enforced MTA-STS policy comes before hosts of unsigned MX records', () => {
  const mx = 'insecure' as const;
  test.each<[string, string, string]>([
    ['usable, named', decide('dane', 'enforce', { mx }), 'dane, next-host, secure, tlsa'],
    [
      'usable, not named: a forger has records too',
      decide('dane', 'enforce, not listed', { mx }),
      'pass: not-listed',
    ],
    [
      'usable, named, by setting may',
      decide('dane', 'enforce', { mx, insecureMx: 'may' }),
      'pkix, next-host, secure, sts',
    ],
    [
      'usable, named, by setting encrypt',
      decide('dane', 'enforce', { mx, insecureMx: 'encrypt' }),
      'pkix, next-host, secure, sts',
    ],
    ['none usable, named', decide('dane-unusable', 'enforce', { mx }), 'pkix, next-host, secure, sts'],
    ['no records, named', decide('none', 'enforce', { mx }), 'pkix, next-host, secure, sts'],
    ['usable, testing', decide('dane', 'testing, not listed', { mx }), 'dane, next-host, tlsa'],
    ['lookup failed, named', decide('unreachable', 'enforce', { mx }), 'pass: lookup-failed'],
    [
      'dane-only, usable, named',
      decide('dane', 'enforce', { mx, mode: 'dane-only' }),
      'dane, next-host, secure, tlsa',
    ],
    [
      'dane-only, no records, named',
      decide('none', 'enforce', { mx, mode: 'dane-only' }),
      'pass: dane-required',
    ],
  ])('%s', (_, got, want) => expect(got).toBe(want));
});

describe('rule 27: REQUIRETLS and TLS-Required', () => {
  const requireTls = { requireTls: true } as const;
  const no = { tlsRequiredNo: true } as const;
  test.each<[string, string, string]>([
    ['usable', decide('dane', 'none', requireTls), 'dane, next-host, secure, REQUIRETLS, tlsa'],
    [
      'no records, secure MX: the certificate is verified all the same',
      decide('none', 'none', requireTls),
      'pkix, next-host, secure, REQUIRETLS, no-policy-found',
    ],
    [
      'none usable: encryption alone is not enough',
      decide('dane-unusable', 'none', requireTls),
      'pkix, next-host, secure, REQUIRETLS, tlsa',
    ],
    ['insecure MX', decide('none', 'none', { ...requireTls, mx: 'insecure' }), 'pass: requiretls'],
    ['insecure MX, usable', decide('dane', 'none', { ...requireTls, mx: 'insecure' }), 'pass: requiretls'],
    [
      'insecure MX, enforced',
      decide('none', 'enforce', { ...requireTls, mx: 'insecure' }),
      'pkix, next-host, secure, REQUIRETLS, sts',
    ],
    [
      'insecure MX, testing',
      decide('none', 'testing', { ...requireTls, mx: 'insecure' }),
      'pass: requiretls',
    ],
    [
      'insecure MX, not in the policy',
      decide('none', 'enforce, not listed', { ...requireTls, mx: 'insecure' }),
      'pass: requiretls',
    ],
    [
      'audit is no excuse',
      decide('dane', 'none', { ...requireTls, mode: 'audit' }),
      'dane, next-host, secure, REQUIRETLS, tlsa',
    ],
    [
      'dane-only, no records',
      decide('none', 'none', { ...requireTls, mode: 'dane-only' }),
      'pass: dane-required',
    ],
    ['lookup failed', decide('unreachable', 'none', requireTls), 'pass: lookup-failed'],
    ['TLS-Required: No, usable', decide('dane', 'none', no), 'may, deliver, tlsa'],
    ['TLS-Required: No, enforced', decide('none', 'enforce, not listed', no), 'may, deliver, sts'],
    [
      'TLS-Required: No, dane-only',
      decide('none', 'none', { ...no, mode: 'dane-only' }),
      'may, deliver, no-policy-found',
    ],
    ['TLS-Required: No, lookup failed', decide('unreachable', 'none', no), 'pass: lookup-failed'],
    [
      'both: the option counts',
      decide('none', 'none', { ...requireTls, ...no, mx: 'insecure' }),
      'pass: requiretls',
    ],
  ])('%s', (_, got, want) => expect(got).toBe(want));
});
