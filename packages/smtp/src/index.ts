/** `@mailanchor/smtp`: destination plan, SMTP session, verdicts and findings of DANE for SMTP (rfc7672). */
export type { BesideDane } from './beside-dane.ts';
export { checkDestination } from './check-destination.ts';
export type { CheckOptions, CheckProgress } from './check-options.ts';
export { daneConnect } from './dane-connect.ts';
export type { Attempt as DaneConnectAttempt } from './dane-connect-attempt.ts';
export type {
  DaneConnected,
  DaneConnection,
  DaneConnectOptions,
  DaneConnectRefusal,
  DaneRefused,
} from './dane-connect-types.ts';
export { defaultResolver } from './default-resolver.ts';
export { connectMx } from './deliver/connect-mx.ts';
export { MX_LIMITS, type MxLimits } from './deliver/limits.ts';
export type {
  ConnectMxOptions,
  MxAttempt,
  MxAuthentication,
  MxConnected,
  MxConnection,
  MxDeferred,
  MxFailed,
  MxFlaw,
  MxReason,
} from './deliver/types.ts';
export {
  type DeliveryPolicy,
  type DeliveryQuestion,
  deliveryPolicy,
  type StsOfHost,
} from './delivery-policy.ts';
export {
  type DomainPolicy,
  type DomainPolicyQuestion,
  domainPolicy,
  type EnforcedSts,
} from './domain-policy.ts';
export * from './errors.ts';
export { FINDING_GUIDE, type FindingAdvice, type FindingSection } from './finding-guide.ts';
export { FINDINGS, type FindingCode } from './finding-table.ts';
export { discoverSts, fetchStsPolicy, type StsDiscovery, type StsFetch } from './mta-sts/discover.ts';
export {
  type FetchedPolicy,
  type FetchPolicy,
  type FetchStage,
  type PolicyFetchOptions,
  type PolicyRequest,
  policyFetcher,
} from './mta-sts/fetch.ts';
export { allowsMx, matchesMx } from './mta-sts/match.ts';
export { type ParsedPolicy, parsePolicy, type StsMode, type StsPolicy } from './mta-sts/policy.ts';
export { parseStsRecord, type StsRecord } from './mta-sts/record.ts';
export {
  type KeptSts,
  refreshTime,
  StsCache,
  type StsCacheOptions,
  type StsFinding,
  type StsQuestion,
  type StsSource,
  type StsStore,
} from './mta-sts/sts-cache.ts';
export {
  type DestinationPlan,
  type PlanOptions,
  planDestination,
} from './plan.ts';
export { planRelay } from './plan-relay.ts';
export { matchesRecord, type Presented, presented } from './presented.ts';
export { type HostOrigin, referenceNames } from './reference-names.ts';
export { RETIRED_CAS, RETIRED_CAS_AS_OF, type RetiredCa } from './retired-cas.ts';
export { protocolOfPort, SERVICES, type Service, type ServiceName, type ServiceProtocol } from './service.ts';
export {
  type OpenSession,
  openSession,
  type SessionOptions,
  type SessionResult,
} from './session.ts';
export { SESSION_LIMITS, type SessionLimits } from './session-limits.ts';
export { SharedSessions, type SharedSessionsOptions } from './shared-sessions.ts';
export { type ShortestTtl, shortestTtl } from './shortest-ttl.ts';
export * from './target.ts';
export type { Connect } from './tcp-connect.ts';
export { oldVersions, type TlsVersion, type TlsVersionReport } from './tls-versions.ts';
export { tlsaBaseCandidates } from './tlsa-base.ts';
export { composeReport } from './tlsrpt/compose-report.ts';
export {
  discoverTlsRpt,
  mailtoAddress,
  type ReportLookupOptions,
  type TlsRptDiscovery,
} from './tlsrpt/discover.ts';
export {
  TLSRPT_POLICY_TYPES,
  TLSRPT_RESULT_TYPES,
  type TlsRptEvent,
  type TlsRptFailure,
  type TlsRptPolicy,
  type TlsRptPolicyType,
  type TlsRptResultType,
  type TlsRptSink,
} from './tlsrpt/event.ts';
export { type ParsedReport, parseReport, REPORT_LIMITS, type ReportLimits } from './tlsrpt/parse-report.ts';
export { noPolicy, stsPolicy, stsPolicyStrings, tlsaPolicy, tlsaPolicyString } from './tlsrpt/policy.ts';
export {
  type PostOutcome,
  type PostReport,
  type PostStage,
  type ReportPost,
  type ReportPosterOptions,
  reportPoster,
} from './tlsrpt/post-report.ts';
export { isUri, type ReadTlsRptEvent, readTlsRptEvent } from './tlsrpt/read-event.ts';
export { parseTlsRptRecord, type TlsRptRecord } from './tlsrpt/record.ts';
export type {
  TlsRptDetail,
  TlsRptDetailJson,
  TlsRptPolicyCounts,
  TlsRptReport,
  TlsRptReportJson,
} from './tlsrpt/report.ts';
export { parseReportFileName, type ReportFileName, reportFileName } from './tlsrpt/report-file-name.ts';
export {
  type ComposedMail,
  composeReportMail,
  domainOf,
  type ReportMail,
  SIGNED_FIELDS,
} from './tlsrpt/report-mail.ts';
export { TLSRPT_REPORT_SCHEMA } from './tlsrpt/report-schema.ts';
export {
  DANE_REQUIRED,
  lookupResult,
  MX_NOT_LISTED,
  matchResult,
  pkixResult,
  sessionResult,
  stsResult,
  type TlsRptResult,
} from './tlsrpt/result-type.ts';
export { type SocketSink, type SocketSinkOptions, tlsRptSocketSink } from './tlsrpt/socket-sink.ts';
export * from './verdict.ts';
export {
  type InspectionLimits,
  ZoneInspector,
  type ZoneInspectorOptions,
} from './zone-inspection/inspector.ts';
export type * from './zone-inspection/zone-inspection.ts';
