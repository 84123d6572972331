/** What `check` finds where senders report a failure: the findings behind each result type of rfc8460#section-4.3, the likeliest first. */
import type { FindingCode, TlsRptResultType } from '@mailanchor/smtp';

const FINDINGS: Readonly<
  Record<TlsRptResultType, { readonly tlsa: readonly FindingCode[]; readonly other: readonly FindingCode[] }>
> = {
  'starttls-not-supported': both('starttls-missing', 'starttls-selective', 'starttls-refused'),
  // Whoever validates DANE says it of a name under usage 2, and some say it of any record that does not match.
  'certificate-host-mismatch': { tlsa: ['tlsa-mismatch', 'ta-name'], other: ['sts-mx-mismatch'] },
  'certificate-expired': both('certificate-expired', 'ta-expiry'),
  'certificate-not-trusted': { tlsa: ['tlsa-mismatch', 'ta-not-sent'], other: ['chain-order'] },
  'validation-failure': { tlsa: ['tlsa-mismatch', 'tls-fails'], other: ['tls-fails', 'sts-mx-mismatch'] },
  'tlsa-invalid': both('tlsa-unusable', 'tlsa-lookup-fails'),
  'dnssec-invalid': both('tlsa-lookup-fails', 'denial-broken', 'domain-bogus', 'mx-lookup-fails'),
  'dane-required': both('tlsa-none', 'mx-unsigned-host', 'domain-unsigned'),
  'sts-policy-fetch-error': both('sts-invalid'),
  'sts-policy-invalid': both('sts-invalid'),
  'sts-webpki-invalid': both('sts-invalid'),
};

function both(...codes: FindingCode[]): {
  readonly tlsa: readonly FindingCode[];
  readonly other: readonly FindingCode[];
} {
  return { tlsa: codes, other: codes };
}

/** Empty for a type that is not in the registry. */
export function findingsOf(resultType: string, policyType: string): readonly FindingCode[] {
  const known = Object.hasOwn(FINDINGS, resultType) ? FINDINGS[resultType as TlsRptResultType] : undefined;
  return known?.[policyType === 'tlsa' ? 'tlsa' : 'other'] ?? [];
}
