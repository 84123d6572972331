/**
 * A TLS report as we hold it (rfc8460#section-4.4): one day, one reporter, one domain. The JSON of the RFC is written by
 * `composeReport` and read by `parseReport`. Plain data.
 */
import type { TlsRptFailure, TlsRptPolicy } from './event.ts';

export interface TlsRptReport {
  readonly organizationName: string;
  /** An address, `addr-spec`. */
  readonly contactInfo: string;
  readonly reportId: string;
  /** First and last second, milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  readonly policies: readonly TlsRptPolicyCounts[];
}

export interface TlsRptPolicyCounts {
  /** `type` as written: of a report that was read it may be none of the three. */
  readonly policy: Omit<TlsRptPolicy, 'type'> & { readonly type: string };
  /** Sessions. */
  readonly successes: number;
  readonly failures: number;
  readonly details: readonly TlsRptDetail[];
}

/** Failures that are alike. `resultType`: the registry grows, so a report that was read may have others. */
export interface TlsRptDetail extends Omit<TlsRptFailure, 'resultType'> {
  readonly resultType: string;
  readonly sessions: number;
}

/** The JSON itself, in the order of the RFC. */
export interface TlsRptReportJson {
  readonly 'organization-name': string;
  readonly 'date-range': { readonly 'start-datetime': string; readonly 'end-datetime': string };
  readonly 'contact-info': string;
  readonly 'report-id': string;
  readonly policies: readonly {
    readonly policy: {
      readonly 'policy-type': string;
      readonly 'policy-string': readonly string[];
      readonly 'policy-domain': string;
      readonly 'mx-host'?: readonly string[];
    };
    readonly summary: {
      readonly 'total-successful-session-count': number;
      readonly 'total-failure-session-count': number;
    };
    readonly 'failure-details': readonly TlsRptDetailJson[];
  }[];
}

export interface TlsRptDetailJson {
  readonly 'result-type': string;
  readonly 'sending-mta-ip'?: string;
  readonly 'receiving-mx-hostname'?: string;
  readonly 'receiving-mx-helo'?: string;
  readonly 'receiving-ip'?: string;
  readonly 'failed-session-count': number;
  readonly 'additional-information'?: string;
  readonly 'failure-reason-code'?: string;
}
