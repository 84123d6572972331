/**
 * Our outcomes as result types of a TLS report (rfc8460#section-4.3). Null: not reported. A report is about TLS: that a host is down or
 * greylists is no news of it, and transient failures need not be told (rfc8460#section-4.3.4). Where the type alone says little, the
 * reason code has our own word for the cause.
 */
import type { MismatchReason } from '@mailanchor/dane';
import type { StsDiscovery } from '../mta-sts/discover.ts';
import type { FetchStage } from '../mta-sts/fetch.ts';
import type { HostProblem, MatchReport, SessionOutcome } from '../verdict.ts';
import type { TlsRptResultType } from './event.ts';

export interface TlsRptResult {
  readonly resultType: TlsRptResultType;
  readonly reasonCode?: string;
}

const MISMATCH: Readonly<Record<MismatchReason, TlsRptResult>> = {
  'no-match': { resultType: 'validation-failure', reasonCode: 'dane-no-match' },
  'name-mismatch': { resultType: 'certificate-host-mismatch' },
  expired: { resultType: 'certificate-expired' },
  'not-yet-valid': { resultType: 'certificate-expired', reasonCode: 'not-yet-valid' },
  untrusted: { resultType: 'certificate-not-trusted', reasonCode: 'untrusted' },
  'not-a-ca': { resultType: 'certificate-not-trusted', reasonCode: 'not-a-ca' },
  'path-length': { resultType: 'certificate-not-trusted', reasonCode: 'path-length' },
  'name-constraint': { resultType: 'certificate-not-trusted', reasonCode: 'name-constraint' },
  purpose: { resultType: 'certificate-not-trusted', reasonCode: 'purpose' },
  'bad-signature': { resultType: 'certificate-not-trusted', reasonCode: 'bad-signature' },
};

/** What DANE says to the presented chain. Null: it matched. */
export function matchResult(match: MatchReport): TlsRptResult | null {
  switch (match.kind) {
    case 'match':
      return null;
    case 'mismatch':
      return MISMATCH[match.reason];
    case 'unusable':
      return { resultType: 'tlsa-invalid', reasonCode: 'tlsa-unusable' };
  }
}

/** How the session ended, where TLS was demanded or offered. `errorCode`: OpenSSL's, of a handshake. */
export function sessionResult(outcome: SessionOutcome, errorCode?: string): TlsRptResult | null {
  switch (outcome) {
    case 'starttls-not-offered':
      return { resultType: 'starttls-not-supported' };
    case 'starttls-refused':
    case 'ehlo-refused':
      return { resultType: 'starttls-not-supported', reasonCode: outcome };
    case 'injected-data':
    case 'tls-timeout':
      return { resultType: 'validation-failure', reasonCode: outcome };
    case 'tls-failed':
      return { resultType: 'validation-failure', reasonCode: errorCode ?? outcome };
    default:
      return null;
  }
}

/** Why a host was passed over for its DNS data. An address lookup without answer is not about TLS; one that fails validation is. */
export function lookupResult({ stage, status, ede }: HostProblem): TlsRptResult | null {
  const reasonCode = `ede-${ede}`;
  if (stage === 'tlsa') return { resultType: 'dnssec-invalid', reasonCode };
  if (stage === 'addresses' && status === 'bogus') return { resultType: 'dnssec-invalid', reasonCode };
  return null;
}

/** Mandatory DANE (rfc7672#section-6), and the host has no secure and usable records. */
export const DANE_REQUIRED: TlsRptResult = { resultType: 'dane-required' };

/** The host is none of those that the enforced MTA-STS policy names (rfc8461#section-4.1). */
export const MX_NOT_LISTED: TlsRptResult = {
  resultType: 'validation-failure',
  reasonCode: 'sts-mx-not-listed',
};

const STS: Readonly<Record<FetchStage | 'record' | 'policy', TlsRptResultType>> = {
  record: 'sts-policy-invalid',
  policy: 'sts-policy-invalid',
  'media-type': 'sts-policy-invalid',
  size: 'sts-policy-invalid',
  certificate: 'sts-webpki-invalid',
  address: 'sts-policy-fetch-error',
  connection: 'sts-policy-fetch-error',
  status: 'sts-policy-fetch-error',
  time: 'sts-policy-fetch-error',
};

/** The domain announces MTA-STS, and its policy cannot be had. */
export function stsResult(discovery: StsDiscovery): TlsRptResult | null {
  if (discovery.kind !== 'invalid') return null;
  return { resultType: STS[discovery.part], reasonCode: `sts-${discovery.part}` };
}

/** The public CAs do not vouch for the host. `code`: Node's or OpenSSL's, of the TLS error. */
export function pkixResult(code: string): TlsRptResult {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') {
    return { resultType: 'certificate-host-mismatch' };
  }
  if (code === 'CERT_HAS_EXPIRED') return { resultType: 'certificate-expired' };
  if (code === 'CERT_NOT_YET_VALID')
    return { resultType: 'certificate-expired', reasonCode: 'not-yet-valid' };
  return { resultType: 'certificate-not-trusted', reasonCode: code };
}
