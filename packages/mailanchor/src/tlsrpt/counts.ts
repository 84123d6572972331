/** The counts of one domain and day, out of the store. */
import type { TlsRptDetail, TlsRptPolicyCounts, TlsRptPolicyType } from '@mailanchor/smtp';
import type { Database } from '../store/database.ts';

/** `id`: of the domain's row. */
export function readCounts(database: Database, id: number): TlsRptPolicyCounts[] {
  const policies = database.prepare('SELECT * FROM policy WHERE domain = ? ORDER BY id');
  const details = database.prepare('SELECT * FROM detail WHERE policy = ? ORDER BY id');
  return database.read(() =>
    policies.all(id).map((row) => ({
      policy: {
        type: String(row['type']) as TlsRptPolicyType,
        domain: String(row['policy_domain']),
        strings: JSON.parse(String(row['strings'])) as string[],
        mxHosts: JSON.parse(String(row['mx_hosts'])) as string[],
      },
      successes: Number(row['successes']),
      failures: Number(row['failures']),
      details: details.all(row['id'] ?? null).map(detailOf),
    })),
  );
}

type Row = Readonly<Record<string, unknown>>;

function detailOf(row: Row): TlsRptDetail {
  const known = Object.entries({
    sendingMtaIp: row['sending_ip'],
    receivingMxHostname: row['mx_hostname'],
    receivingMxHelo: row['mx_helo'],
    receivingIp: row['receiving_ip'],
    reasonCode: row['reason_code'],
    additionalInformation: row['information'],
  }).filter(([, value]) => value !== '');
  return {
    resultType: String(row['result_type']),
    ...Object.fromEntries(known),
    sessions: Number(row['sessions']),
  };
}

/** Sessions of all policies together. */
export function sessionsOf(counts: readonly TlsRptPolicyCounts[]): {
  readonly successes: number;
  readonly failures: number;
} {
  return {
    successes: counts.reduce((sum, { successes }) => sum + successes, 0),
    failures: counts.reduce((sum, { failures }) => sum + failures, 0),
  };
}
