/** What a collector has taken in since it was started, for its metrics. */
import type { TlsRptEvent } from '@mailanchor/smtp';

export class CollectCounts {
  /** Lines of smtp(8) and tlsproxy(8). */
  logLines = 0;
  /** Sessions of days that are over: too late for a report. */
  late = 0;
  /** Of programs that tell events themselves. */
  told = 0;
  refused = 0;
  readonly sessions = new Map<string, { readonly policy: string; readonly result: string; count: number }>();
  readonly unclear = new Map<string, number>();

  count(events: readonly TlsRptEvent[], unclear: Readonly<Record<string, number>> = {}): void {
    for (const { policy, failure } of events) {
      const result = failure?.resultType ?? 'success';
      const key = `${policy.type} ${result}`;
      const entry = this.sessions.get(key) ?? { policy: policy.type, result, count: 0 };
      entry.count++;
      this.sessions.set(key, entry);
    }
    for (const [reason, sessions] of Object.entries(unclear))
      this.unclear.set(reason, (this.unclear.get(reason) ?? 0) + sessions);
  }
}
