/** The words and tones of verdicts: what a person reads first. */
import type {
  DomainCheck,
  DomainVerdict,
  Finding,
  HostCheck,
  HostVerdict,
  Severity,
  TlsVersionReport,
} from '@mailanchor/smtp';
import type { Tone } from '../terminal/paint.ts';

export const VERDICT_TONE: Readonly<Record<DomainVerdict, Tone>> = {
  protected: 'good',
  broken: 'bad',
  unprotected: 'warn',
  partial: 'warn',
  unknown: 'warn',
};

/** The order of verdicts in the counts of a run. */
export const PROGRESS_ORDER: readonly DomainVerdict[] = [
  'protected',
  'partial',
  'unprotected',
  'broken',
  'unknown',
];

/** One sentence on the verdict. */
export function summary(check: DomainCheck): string {
  const hosts = check.hosts.length;
  const bad = check.hosts.filter((host) => host.verdict === 'mismatch' || host.verdict === 'deferred').length;
  if (check.kind === 'null-mx') return 'accepts no mail, and says so (null MX)';
  if (check.kind === 'no-such-domain') return 'does not exist';
  if (check.kind === 'no-such-service') {
    return check.dns.srv?.records.length ? 'not offered, and says so' : 'no SRV records: not offered';
  }
  if (check.kind === 'host' || check.kind === 'srv-service') {
    const said = serviceSummary(check);
    if (said) return said;
  }
  switch (check.verdict) {
    case 'protected':
      return hosts === 1
        ? 'its mail host is the one that DNSSEC names'
        : `all ${hosts} mail hosts are the ones that DNSSEC names`;
    case 'broken':
      if (check.dns.status === 'bogus')
        return 'its MX records fail DNSSEC validation: senders that validate defer all mail';
      return bad > 0 && hosts > 1
        ? `senders that verify DANE do not deliver to ${bad} of ${hosts} mail hosts`
        : 'senders that verify DANE do not deliver mail here';
    case 'unprotected':
      return unprotectedBecause(check);
    case 'partial':
      return partialBecause(check);
    case 'unknown':
      return 'could not be found out';
  }
}

/** A service is used by clients, and has servers. */
function serviceSummary({ kind, verdict, dns, hosts }: DomainCheck): string | undefined {
  const located = kind === 'srv-service';
  switch (verdict) {
    case 'protected':
      return hosts.length === 1
        ? 'the server is the one that DNSSEC names'
        : `all ${hosts.length} servers are the ones that DNSSEC names`;
    case 'broken':
      return dns.status === 'bogus'
        ? 'its SRV records fail DNSSEC validation: clients that validate do not connect'
        : 'clients that verify DANE do not go on here';
    case 'unprotected':
      if (located && dns.status === 'insecure')
        return 'its SRV records are not signed with DNSSEC: DANE does not apply';
      if (hosts.every(({ tlsa }) => tlsa.status === 'not-asked'))
        return 'its address is not signed with DNSSEC: DANE does not apply';
      return undefined;
    case 'partial': {
      const dane = hosts.filter(({ policy }) => policy === 'dane').length;
      return located && dane > 0 ? `DANE protects ${dane} of ${hosts.length} servers` : undefined;
    }
    case 'unknown':
      return undefined;
  }
}

function unprotectedBecause({ kind, dns, hosts }: DomainCheck): string {
  if (kind === 'address-literal') return 'DANE does not apply to an address';
  if (dns.negativeTrustAnchor) return 'not validated, by your own choice: DANE does not apply';
  if (dns.status === 'insecure') return 'not signed with DNSSEC: DANE does not apply';
  if (hosts.some((host) => host.tlsa.status === 'secure')) return 'no TLSA records: DANE does not apply';
  if (hosts.some((host) => host.addresses.length > 0))
    return 'its mail hosts are not signed with DNSSEC: DANE does not apply';
  return 'DANE does not apply';
}

function partialBecause({ dns, hosts }: DomainCheck): string {
  const dane = hosts.filter((host) => host.policy === 'dane').length;
  if (dane === 0) return 'encrypted, but nothing can be authenticated';
  if (dane < hosts.length) return `DANE protects ${dane} of ${hosts.length} mail hosts`;
  if (dns.status === 'insecure') return 'its mail hosts have DANE, but the MX records can be forged';
  return 'protected in part';
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

/** e.g. `accepts TLS 1.3, 1.2; not 1.1, 1.0`. */
export function tlsVersionWords(versions: readonly TlsVersionReport[]): string {
  const which = (accepted: boolean | null): string =>
    versions
      .filter((each) => each.accepted === accepted)
      .map(({ version }) => (version === 'TLSv1' ? '1.0' : version.slice('TLSv'.length)))
      .join(', ');
  const [yes, no, open] = [which(true), which(false), which(null)];
  const parts = [`accepts TLS ${yes}`, no && `not ${no}`, open && `not found out: ${open}`];
  return parts.filter(Boolean).join('; ');
}
