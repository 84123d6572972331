/** A report into the JSON of rfc8460#section-4.4. What is alike is added up, and the order is the same whatever order the counts came in. */
import type {
  TlsRptDetail,
  TlsRptDetailJson,
  TlsRptPolicyCounts,
  TlsRptReport,
  TlsRptReportJson,
} from './report.ts';

export function composeReport(report: TlsRptReport): TlsRptReportJson {
  return {
    'organization-name': report.organizationName,
    'date-range': {
      'start-datetime': dateTime(report.start),
      'end-datetime': dateTime(report.end),
    },
    'contact-info': report.contactInfo,
    'report-id': report.reportId,
    policies: mergePolicies(report.policies).map(({ policy, successes, failures, details }) => ({
      policy: {
        'policy-type': policy.type,
        'policy-string': policy.strings,
        'policy-domain': policy.domain,
        // Only MTA-STS has patterns of MX hosts.
        ...(policy.mxHosts.length > 0 ? { 'mx-host': policy.mxHosts } : {}),
      },
      summary: {
        'total-successful-session-count': successes,
        'total-failure-session-count': failures,
      },
      'failure-details': details.map(detailJson),
    })),
  };
}

/** rfc8460#section-4.4: RFC 3339, to the second. */
function dateTime(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

function detailJson(detail: TlsRptDetail): TlsRptDetailJson {
  return {
    'result-type': detail.resultType,
    ...(detail.sendingMtaIp && { 'sending-mta-ip': detail.sendingMtaIp }),
    ...(detail.receivingMxHostname && { 'receiving-mx-hostname': detail.receivingMxHostname }),
    ...(detail.receivingMxHelo && { 'receiving-mx-helo': detail.receivingMxHelo }),
    ...(detail.receivingIp && { 'receiving-ip': detail.receivingIp }),
    'failed-session-count': detail.sessions,
    ...(detail.additionalInformation && { 'additional-information': detail.additionalInformation }),
    ...(detail.reasonCode && { 'failure-reason-code': detail.reasonCode }),
  };
}

/** Policies that are the same become one; within each, details that are the same. Those with most sessions come first. */
function mergePolicies(given: readonly TlsRptPolicyCounts[]): TlsRptPolicyCounts[] {
  const merged = mergeBy(
    given,
    ({ policy }) => JSON.stringify([policy.type, policy.domain, policy.strings, policy.mxHosts]),
    (one, other) => ({
      policy: one.policy,
      successes: one.successes + other.successes,
      failures: one.failures + other.failures,
      details: [...one.details, ...other.details],
    }),
  );
  return inOrder(merged, ({ successes, failures }) => successes + failures).map((counts) => ({
    ...counts,
    details: mergeDetails(counts.details),
  }));
}

function mergeDetails(given: readonly TlsRptDetail[]): TlsRptDetail[] {
  const merged = mergeBy(
    given,
    (one) => JSON.stringify({ ...detailJson(one), 'failed-session-count': 0 }),
    (one, other) => ({ ...one, sessions: one.sessions + other.sessions }),
  );
  return inOrder(merged, ({ sessions }) => sessions);
}

type Keyed<T> = ReadonlyMap<string, T>;

function mergeBy<T>(given: readonly T[], keyOf: (one: T) => string, add: (one: T, other: T) => T): Keyed<T> {
  const merged = new Map<string, T>();
  for (const one of given) {
    const key = keyOf(one);
    const there = merged.get(key);
    merged.set(key, there === undefined ? one : add(there, one));
  }
  return merged;
}

function inOrder<T>(merged: Keyed<T>, weight: (one: T) => number): T[] {
  return [...merged]
    .sort(([a, one], [b, other]) => weight(other) - weight(one) || (a < b ? -1 : 1))
    .map(([, one]) => one);
}
