/** All that an address presents: to senders as they mostly are, and to those who ask for the other kind of certificate. */
import type { ProbeReport, SessionReport } from './verdict.ts';

export type Presented = Pick<SessionReport | ProbeReport, 'tls' | 'chain' | 'match' | 'matchedRecords'>;

/** The session's own first, then those that differ from it; none that has no chain. */
export function presented(session: SessionReport): Presented[] {
  return [session, ...(session.probes ?? [])].filter(({ chain }) => chain.length > 0);
}

/** Whether the record, by its index, matches anything of that. */
export function matchesRecord(session: SessionReport, record: number): boolean {
  return presented(session).some(({ matchedRecords }) => matchedRecords.includes(record));
}
