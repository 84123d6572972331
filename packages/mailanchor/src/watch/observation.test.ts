import type { DomainCheck, Finding, HostCheck } from '@mailanchor/smtp';
import { describe, expect, test } from 'vitest';
import { keyOf, lookOf, problemsOf } from './observation.ts';
import type { Seen } from './problem.ts';

const OPTIONS = { least: 'warning', ignore: new Set<string>() } as const;

const host = (more: Partial<HostCheck> = {}): HostCheck =>
  ({
    host: 'mx.example.org',
    policy: 'dane',
    tlsa: { status: 'secure' },
    addresses: ['192.0.2.1'],
    sessions: [{ address: '192.0.2.1', outcome: 'established', chain: [] }],
    ...more,
  }) as unknown as HostCheck;
const check = (more: Partial<DomainCheck> = {}): DomainCheck =>
  ({
    target: 'example.org',
    kind: 'mail-domain',
    verdict: 'protected',
    dns: { domain: 'example.org', status: 'secure', outcome: 'answer' },
    hosts: [host()],
    findings: [],
    ...more,
  }) as unknown as DomainCheck;
const found = (
  code: string,
  subject = 'mx.example.org',
  severity: Finding['severity'] = 'error',
): Finding => ({
  code,
  subject,
  severity,
  text: `${code} of ${subject}.`,
});
const seen = (code: string, subject = 'mx.example.org'): Seen => ({ ...found(code, subject), effect: '' });

describe('what was seen', () => {
  const keys = (given: Partial<DomainCheck>, options: Partial<Parameters<typeof problemsOf>[1]> = {}) => [
    ...problemsOf(check(given), { ...OPTIONS, ...options }).keys(),
  ];

  test.each<[string, Partial<DomainCheck>, string[]]>([
    ['nothing', {}, []],
    [
      'findings that are grave enough',
      { findings: [found('a'), found('b', 'x', 'notice')] },
      ['a mx.example.org'],
    ],
    ['the same code of two subjects', { findings: [found('a', 'x'), found('a', 'y')] }, ['a x', 'a y']],
    ['a verdict that no finding explains', { verdict: 'unprotected' }, ['verdict-unprotected example.org']],
    ['a verdict that one does', { verdict: 'broken', findings: [found('a')] }, ['a mx.example.org']],
    [
      'a verdict that only what is not told explains',
      { verdict: 'partial', findings: [found('a', 'x', 'notice')] },
      ['verdict-partial example.org'],
    ],
  ])('%s', (_, given, expected) => {
    expect(keys(given)).toEqual(expected);
  });

  test('what nobody wants to know', () => {
    expect(keys({ findings: [found('a'), found('b')] }, { ignore: new Set(['a']) })).toEqual([
      'b mx.example.org',
    ]);
    expect(keys({ verdict: 'unprotected' }, { ignore: new Set(['verdict-unprotected']) })).toEqual([]);
    expect(keys({ verdict: 'unprotected' }, { least: 'error' })).toEqual([]);
  });

  test('two findings of a code on one subject are one problem, as grave as the graver, with both texts', () => {
    const two = [found('a', 'x', 'warning'), { ...found('a', 'x'), text: 'Another.', fix: 'do' }];
    expect([...problemsOf(check({ findings: two }), OPTIONS).values()]).toEqual([
      { code: 'a', subject: 'x', severity: 'error', effect: '', text: 'a of x.\nAnother.', fix: 'do' },
    ]);
  });
});

describe('a known problem that is not seen', () => {
  const unknown = { verdict: 'unknown' } as const;
  const noDns = {
    dns: { domain: 'example.org', status: 'indeterminate' },
  } as unknown as Partial<DomainCheck>;
  const refused = host({
    sessions: [
      { address: '192.0.2.1', outcome: 'connect-refused', chain: [] },
    ] as unknown as HostCheck['sessions'],
  });

  test.each<[string, string, Seen, Partial<DomainCheck>]>([
    ['absent', 'the host was looked at', seen('tlsa-mismatch'), {}],
    ['blind', 'the host does not answer', seen('tlsa-mismatch'), { hosts: [refused], ...unknown }],
    [
      'blind',
      'the host does not answer, another does',
      seen('tlsa-mismatch'),
      { hosts: [refused, host({ host: 'mx2.example.org' })] },
    ],
    [
      'absent',
      'of the other host',
      seen('tlsa-mismatch', 'mx2.example.org'),
      { hosts: [refused, host({ host: 'mx2.example.org' })] },
    ],
    ['absent', 'the host is no MX any more', seen('tlsa-mismatch', 'old.example.org'), {}],
    ['absent', 'the host answers again', seen('host-unreachable'), {}],
    ['blind', 'the name servers do not answer', seen('tlsa-mismatch'), noDns],
    ['blind', 'the name servers do not answer, and it was another thing', seen('host-unreachable'), noDns],
    [
      'blind',
      'the lookups of the host fail',
      seen('starttls-missing'),
      { hosts: [host({ problem: { stage: 'tlsa' } as HostCheck['problem'] & object })] },
    ],
    ['absent', 'of the domain', seen('mx-partial', 'example.org'), {}],
    [
      'blind',
      'of the domain, not all of whose hosts could be looked at',
      seen('mx-partial', 'example.org'),
      unknown,
    ],
    [
      'blind',
      'its zone was not inspected',
      seen('signature-expires', 'example.org'),
      { findings: [found('check-incomplete', 'example.org', 'info')] },
    ],
    [
      'blind',
      'of one address that does not answer',
      seen('address-differs', 'mx.example.org [192.0.2.2]'),
      {
        hosts: [
          host({
            sessions: [
              { address: '192.0.2.1', outcome: 'established', chain: [] },
              { address: '192.0.2.2', outcome: 'connect-timeout', chain: [] },
            ] as unknown as HostCheck['sessions'],
          }),
        ],
      },
    ],
    ['absent', 'nothing is connected to', seen('tlsa-usage-pkix'), { hosts: [host({ sessions: [] })] }],
    ['absent', 'a verdict that was', seen('verdict-unprotected', 'example.org'), {}],
    ['blind', 'a verdict that was, and nobody knows', seen('verdict-unprotected', 'example.org'), unknown],
    [
      'blind',
      'the verdict that was, with a finding that explains it',
      seen('verdict-unprotected', 'example.org'),
      { verdict: 'unprotected', findings: [found('a')] },
    ],
    ['absent', 'a check that failed before', seen('check-failed', 'example.org'), noDns],
  ])('%s: %s', (kind, _, problem, given) => {
    const now = check(given);
    expect(lookOf(now, problem, problemsOf(now, OPTIONS)).kind).toBe(kind);
  });

  test('one that is seen is seen', () => {
    const now = check({ findings: [found('a')], ...noDns });
    expect(lookOf(now, seen('a'), problemsOf(now, OPTIONS))).toMatchObject({
      kind: 'present',
      seen: { code: 'a' },
    });
    expect(keyOf(seen('a'))).toBe('a mx.example.org');
  });
});
