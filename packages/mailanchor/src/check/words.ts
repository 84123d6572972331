/** The words and tones of verdicts: what a person reads first. */
import type { DomainCheck, DomainVerdict, Finding, HostCheck, HostVerdict, Severity } from '@mailanchor/smtp';
import type { Tone } from '../terminal/paint.ts';

export const VERDICT_TONE: Readonly<Record<DomainVerdict, Tone>> = {
  protected: 'good',
  broken: 'bad',
  unprotected: 'warn',
  partial: 'warn',
  unknown: 'warn',
};

/** One sentence on the verdict. */
export function summary(check: DomainCheck): string {
  const hosts = check.hosts.length;
  const bad = check.hosts.filter((host) => host.verdict === 'mismatch' || host.verdict === 'deferred').length;
  if (check.kind === 'null-mx') return 'accepts no mail, and says so (null MX)';
  if (check.kind === 'no-such-domain') return 'does not exist';
  switch (check.verdict) {
    case 'protected':
      return hosts === 1
        ? 'its mail host is the one that DNSSEC names'
        : `all ${hosts} mail hosts are the ones that DNSSEC names`;
    case 'broken':
      return bad > 0 && hosts > 1
        ? `senders that verify DANE do not deliver to ${bad} of ${hosts} mail hosts`
        : 'senders that verify DANE do not deliver mail here';
    case 'unprotected':
      return 'DANE does not protect mail on its way here';
    case 'partial':
      return 'protected in part';
    case 'unknown':
      return 'could not be found out';
  }
}

const HOST_WORDS: Readonly<Record<HostVerdict, readonly [Tone, string]>> = {
  verified: ['good', 'verified'],
  mismatch: ['bad', 'mismatch'],
  unauthenticated: ['warn', 'encrypted, not authenticated'],
  'no-dane': ['dim', 'no DANE'],
  deferred: ['bad', 'not delivered to'],
};

export function hostWords(host: HostCheck): readonly [Tone, string] {
  if (host.verdict !== null) return HOST_WORDS[host.verdict];
  if (host.policy === 'dane') return ['plain', 'DANE published, not connected to'];
  if (host.policy === 'dane-unusable') return ['warn', 'no usable TLSA record, not connected to'];
  if (host.policy === 'unreachable') return ['bad', 'unreachable'];
  return ['dim', 'no DANE'];
}

export const SEVERITY_TONE: Readonly<Record<Severity, Tone>> = {
  error: 'bad',
  warning: 'warn',
  notice: 'plain',
  info: 'dim',
};

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'notice', 'info'];

/** The gravest first, otherwise as they come. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}
