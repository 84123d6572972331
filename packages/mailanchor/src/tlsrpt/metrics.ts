/** What Prometheus is told of the sender. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Database } from '../store/database.ts';
import type { SenderCounts } from './sender.ts';

const PREFIX = 'mailanchor_tlsrpt_';

export function createSenderMetrics(database: Database, counts: SenderCounts): Registry {
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
  counter('reports_composed_total', 'Reports composed', () => counts.composed);
  counter('reports_unwanted_total', 'Days of domains that get no report', () => counts.unwanted);
  counter('lookups_failed_total', 'Lookups of _smtp._tls records that failed', () => counts.lookupsFailed);
  counter('retries_total', 'Deliveries put off', () => counts.retried);
  counter(
    'failed_total',
    'Deliveries given up, and reports whose record could not be looked up',
    () => counts.failed,
  );
  counter('interrupted_total', 'Deliveries broken off by a stop', () => counts.interrupted);
  new Counter({
    name: `${PREFIX}sent_total`,
    help: 'Reports that an address has taken',
    labelNames: ['by'],
    registers,
    collect() {
      this.reset();
      this.inc({ by: 'mail' }, counts.sentByMail);
      this.inc({ by: 'https' }, counts.sentByHttps);
    },
  });
  const due = database.prepare("SELECT count(*) AS n FROM delivery WHERE state IN ('due', 'sending')");
  new Gauge({
    name: `${PREFIX}deliveries_due`,
    help: 'Deliveries that are due or put off',
    registers,
    collect() {
      this.set(database.read(() => Number(due.get()?.['n'])));
    },
  });
  return registry;
}
