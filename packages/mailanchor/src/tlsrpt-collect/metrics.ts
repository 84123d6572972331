/** What Prometheus is told of the collector. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { TlsRptStore } from '../tlsrpt/store.ts';
import type { CollectCounts } from './counts.ts';

const PREFIX = 'mailanchor_tlsrpt_collect_';

export interface Measured {
  readonly counts: CollectCounts;
  readonly store: TlsRptStore;
  /** Octets of logs that are not read yet, by file. */
  readonly behind: () => Promise<Readonly<Record<string, number>>>;
}

export function createCollectMetrics({ counts, store, behind }: Measured): Registry {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name: PREFIX + name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  counter('log_lines_total', 'Lines of smtp(8) and tlsproxy(8) read', () => counts.logLines);
  counter('events_told_total', 'Events taken from programs', () => counts.told);
  counter('events_refused_total', 'Events of programs that were not taken', () => counts.refused);
  counter('late_total', 'Sessions of days whose reports are past', () => counts.late);
  counter(
    'store_failures_total',
    'Sessions that could not be written at the first try',
    () => store.counts.failed,
  );
  new Counter({
    name: `${PREFIX}sessions_total`,
    help: 'Sessions counted',
    labelNames: ['policy', 'result'],
    registers,
    collect() {
      this.reset();
      for (const { policy, result, count } of counts.sessions.values()) this.inc({ policy, result }, count);
    },
  });
  new Counter({
    name: `${PREFIX}unclear_total`,
    help: 'Sessions that a log tells of and that are in no report',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of counts.unclear) this.inc({ reason }, count);
    },
  });
  const unread = new Gauge({
    name: `${PREFIX}log_behind_bytes`,
    help: 'Octets of the log not read yet',
    labelNames: ['file'],
    registers,
    async collect() {
      unread.reset();
      for (const [file, octets] of Object.entries(await behind())) unread.set({ file }, octets);
    },
  });
  new Gauge({
    name: `${PREFIX}memory_bytes`,
    help: 'Resident memory of the process',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  return registry;
}
