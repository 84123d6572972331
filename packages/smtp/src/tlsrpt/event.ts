/**
 * What a TLS report counts (rfc8460#section-4): one delivery decision, made by us or told to us. A session that was set up to the
 * satisfaction of the policy, or one that failed, under one policy. Plain data, JSON as it stands.
 */

/** The registry of result types (rfc8460#section-6.6). */
export const TLSRPT_RESULT_TYPES = [
  'starttls-not-supported',
  'certificate-host-mismatch',
  'certificate-expired',
  'certificate-not-trusted',
  'validation-failure',
  'tlsa-invalid',
  'dnssec-invalid',
  'dane-required',
  'sts-policy-fetch-error',
  'sts-policy-invalid',
  'sts-webpki-invalid',
] as const;

export type TlsRptResultType = (typeof TLSRPT_RESULT_TYPES)[number];

export const TLSRPT_POLICY_TYPES = ['tlsa', 'sts', 'no-policy-found'] as const;

export type TlsRptPolicyType = (typeof TLSRPT_POLICY_TYPES)[number];

/** The policy that was applied (rfc8460#section-4.4). */
export interface TlsRptPolicy {
  readonly type: TlsRptPolicyType;
  /** The TLSA base domain of a `tlsa` policy, else the recipient domain; A-labels, no trailing dot. */
  readonly domain: string;
  /** The TLSA records, or the lines of the MTA-STS policy, a string each; empty for `no-policy-found`. */
  readonly strings: readonly string[];
  /** The `mx` patterns of an MTA-STS policy; else empty. */
  readonly mxHosts: readonly string[];
}

/** What is known of a failed session. Absent: not known. */
export interface TlsRptFailure {
  readonly resultType: TlsRptResultType;
  readonly sendingMtaIp?: string;
  readonly receivingMxHostname?: string;
  /** The name in the server's greeting or in its reply to EHLO. */
  readonly receivingMxHelo?: string;
  readonly receivingIp?: string;
  /** Short: an error code or words. */
  readonly reasonCode?: string;
  /** A URI. */
  readonly additionalInformation?: string;
}

export interface TlsRptEvent {
  /** Where the teller may tell it again: of events with one id a store counts one. At most 64 octets. */
  readonly id?: string;
  /** Milliseconds since the epoch; the UTC day decides which report it is in. */
  readonly at: number;
  /** The recipient domain, A-labels: its `_smtp._tls` record names where reports go. */
  readonly domain: string;
  readonly policy: TlsRptPolicy;
  /** Null: the session was set up as the policy demands. */
  readonly failure: TlsRptFailure | null;
  /** Further failures that the same session met with: details, no sessions of their own (rfc8460#section-4 lets counts overlap). */
  readonly more?: readonly TlsRptFailure[];
}

/** Takes an event; resolves when it is durable, rejects when it is not and has not been counted. */
export type TlsRptSink = (event: TlsRptEvent) => void | Promise<void>;
