/** One mail or file taken in: found, read, its signature looked at, stored. */
import { parseReport, type TlsRptReport } from '@mailanchor/smtp';
import type { ReceivedReport, ReceivedStore, Stored } from './received-store.ts';
import { findReports } from './report-parts.ts';
import type { MailSignature } from './signature.ts';

export interface TakeInOptions {
  readonly store: ReceivedStore;
  /** Undefined: not looked at, and no report by mail is trusted. */
  readonly verify: ((mail: Uint8Array, from: string | undefined) => Promise<MailSignature>) | undefined;
  /** Our own domains, each with all below it; none: reports on any domain are stored. */
  readonly domains: readonly string[];
  /** Of the source that is given here; a mail within is a mail. */
  readonly source: 'file' | 'https';
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

export type TakenIn =
  | {
      readonly kind: Stored;
      readonly organization: string;
      readonly reportId: string;
      readonly domains: readonly string[];
      readonly successes: number;
      readonly failures: number;
      readonly trusted: boolean;
      readonly signature: string;
      readonly notes: readonly string[];
    }
  /** `text`: why, without full stop. */
  | { readonly kind: 'refused'; readonly text: string };

/** Rows that one report may come to. */
const LIMITS = { policies: 2_000, details: 5_000 };
/** Milliseconds: older than that is nobody's report of today, nor is one of a day to come. */
const OLDEST_MS = 400 * 86_400_000;
const AHEAD_MS = 2 * 86_400_000;

/** One for each report found; at least one. Rejects with `DatabaseError`. */
export async function takeIn(octets: Uint8Array, options: TakeInOptions): Promise<readonly TakenIn[]> {
  const found = await findReports(octets);
  if (found.kind === 'none') return [{ kind: 'refused', text: found.text }];
  let signature: MailSignature | undefined;
  const taken: TakenIn[] = [];
  for (const part of found.reports) {
    const parsed = await parseReport(part, LIMITS);
    if (parsed.kind === 'invalid') {
      taken.push({ kind: 'refused', text: `the report cannot be read: ${parsed.text}` });
      continue;
    }
    const why = whyNot(parsed.report, options);
    if (why !== undefined) {
      taken.push({ kind: 'refused', text: why });
      continue;
    }
    // Only now: a mail that holds no report costs no lookup.
    if (found.kind === 'mail') signature ??= (await options.verify?.(octets, found.from)) ?? NOT_LOOKED_AT;
    const received: ReceivedReport = {
      report: parsed.report,
      notes: parsed.notes,
      source: found.kind === 'mail' ? 'mail' : options.source,
      // Where there is no mail the RFC asks for no signature.
      trusted: signature === undefined || signature.kind === 'valid',
      signature: signature === undefined ? '' : wordsOf(signature),
    };
    taken.push(told(options.store.add(received), received));
  }
  return taken;
}

const NOT_LOOKED_AT: MailSignature = { kind: 'unknown', text: 'not looked at' };

function whyNot(report: TlsRptReport, { domains, clock }: TakeInOptions): string | undefined {
  const now = clock();
  if (report.start < now - OLDEST_MS) return 'it is of more than 400 days ago';
  if (report.start > now + AHEAD_MS) return 'it is of a day to come';
  if (domains.length === 0) return undefined;
  const ours = (name: string) => domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
  const about = report.policies.some(
    ({ policy, details }) =>
      ours(policy.domain) || details.some(({ receivingMxHostname = '' }) => ours(receivingMxHostname)),
  );
  return about ? undefined : 'it is about none of our domains';
}

export function wordsOf(signature: MailSignature): string {
  switch (signature.kind) {
    case 'valid':
      return `signed by ${signature.domain}`;
    case 'none':
      return 'not signed';
    default:
      return `${signature.kind === 'unknown' ? 'signature not verified' : 'signature invalid'}: ${signature.text}`;
  }
}

function told(kind: Stored, { report, trusted, signature, notes }: ReceivedReport): TakenIn {
  const sum = (which: 'successes' | 'failures') =>
    report.policies.reduce((total, policy) => total + policy[which], 0);
  return {
    kind,
    organization: report.organizationName,
    reportId: report.reportId,
    domains: [...new Set(report.policies.map(({ policy }) => policy.domain))],
    successes: sum('successes'),
    failures: sum('failures'),
    trusted,
    signature,
    notes,
  };
}
