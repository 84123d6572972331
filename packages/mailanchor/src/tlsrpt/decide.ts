/** Whether a domain gets a report on its day, and where it goes. */
import type { TlsRptDiscovery } from '@mailanchor/smtp';
import type { Database } from '../store/database.ts';
import { readCounts, sessionsOf } from './counts.ts';
import type { DueDomain, Outbox } from './outbox.ts';

export interface DecisionOptions {
  readonly database: Database;
  /** Where the domain's reports go. Rejects only when the signal aborts. */
  readonly discover: (domain: string, signal: AbortSignal) => Promise<TlsRptDiscovery>;
  /** Addresses in place of those that domains publish. */
  readonly rua?: readonly string[] | undefined;
  /** Domains that get no report. */
  readonly exclude?: ReadonlySet<string> | undefined;
  /** Sessions of a domain and day below which there is no report. Default 1. */
  readonly minimumSessions?: number | undefined;
}

export type Decision =
  | { readonly kind: 'report'; readonly rua: readonly string[] }
  | { readonly kind: 'unwanted'; readonly text: string }
  /** The lookup failed. */
  | { readonly kind: 'unknown'; readonly text: string };

/** Of one record: nobody shall have his mail multiplied by us (rfc8460#section-7). */
const MAX_ADDRESSES = 10;

/** Nothing is written. Rejects only when the signal aborts, or with `DatabaseError`. */
export async function decide(
  { id, day, domain }: DueDomain,
  outbox: Outbox,
  { database, discover, exclude, minimumSessions = 1, rua }: DecisionOptions,
  signal: AbortSignal,
): Promise<Decision> {
  if (exclude?.has(domain)) return unwanted('excluded by the configuration');
  const { successes, failures } = sessionsOf(readCounts(database, id));
  const sessions = successes + failures;
  if (sessions < minimumSessions) return unwanted(`fewer than ${minimumSessions} sessions`);
  // A report on nothing but yesterday's report would be answered by another one, for ever.
  if (failures === 0 && sessions <= outbox.mailedTo(domain, day)) {
    return unwanted('nothing but our own reports was sent there');
  }
  if (rua) return { kind: 'report', rua };
  const record = await discover(domain, signal);
  switch (record.kind) {
    case 'record':
      return { kind: 'report', rua: [...new Set(record.rua)].slice(0, MAX_ADDRESSES) };
    case 'absent':
      return unwanted('the domain asks for no reports');
    case 'invalid':
      return unwanted(`the domain's record cannot be used: ${record.text}`);
    case 'unknown':
      return record;
  }
}

function unwanted(text: string): Decision {
  return { kind: 'unwanted', text };
}
