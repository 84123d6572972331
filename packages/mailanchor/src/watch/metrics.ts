/** What Prometheus is told of `watch`. */
import type { Severity } from '@mailanchor/smtp';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { LookOutcome } from './record-look.ts';
import type { Recorded } from './store.ts';
import type { WatchTarget } from './targets.ts';

/** Seconds. */
const BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];
const PREFIX = 'mailanchor_watch_';
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'notice', 'info'];
const VERDICTS = ['protected', 'partial', 'unprotected', 'broken', 'unknown'] as const;

export interface Measured {
  readonly clock: () => number;
  readonly running: () => number;
  /** Alerts that wait, and since when, for each channel. */
  readonly waiting: () => ReadonlyMap<string, { readonly alerts: number; readonly since: number }>;
  readonly channels: () => readonly string[];
}

export class WatchMetrics {
  readonly registry = new Registry();
  readonly #verdict: Gauge<'target' | 'verdict'>;
  readonly #findings: Gauge<'target' | 'severity'>;
  readonly #problems: Gauge<'target' | 'severity'>;
  readonly #checkedAt: Gauge<'target'>;
  readonly #interval: Gauge<'target'>;
  readonly #seconds: Histogram;
  readonly #checks: Counter<'result'>;
  readonly #alerts: Counter<'kind' | 'severity'>;
  readonly #deliveries: Counter<'channel' | 'result'>;
  readonly #errors: Counter;

  constructor(measured: Measured) {
    const registers = [this.registry];
    const gauge = <L extends string>(name: string, help: string, labelNames: L[]) =>
      new Gauge({ name: PREFIX + name, help, labelNames, registers });
    const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
      new Counter({ name: PREFIX + name, help, labelNames, registers });
    this.#verdict = gauge(
      'target_verdict',
      '1 for the verdict of the last check of a target, 0 for the others',
      ['target', 'verdict'],
    );
    this.#findings = gauge('findings', 'Findings of the last check of a target, told or not', [
      'target',
      'severity',
    ]);
    this.#problems = gauge('open_problems', 'Confirmed problems of a target that are not resolved', [
      'target',
      'severity',
    ]);
    this.#checkedAt = gauge('last_check_timestamp_seconds', 'When a target was last checked', ['target']);
    this.#interval = gauge('interval_seconds', 'Time between two checks of a target', ['target']);
    this.#seconds = new Histogram({
      name: `${PREFIX}check_seconds`,
      help: 'Time of one check',
      buckets: BUCKETS,
      registers,
    });
    this.#checks = counter(
      'checks_total',
      'Checks, by verdict; blind: nothing could be seen; failed: an error of our own',
      ['result'],
    );
    this.#alerts = counter('alerts_total', 'Alerts, by kind and severity', ['kind', 'severity']);
    this.#deliveries = counter('deliveries_total', 'Attempts to deliver a message, by what came of them', [
      'channel',
      'result',
    ]);
    this.#errors = counter(
      'errors_total',
      'Errors of our own, such as a history that cannot be written to',
      [],
    );
    this.#live(measured);
  }

  /** What is read when Prometheus asks. */
  #live({ clock, running, waiting, channels }: Measured): void {
    const registers = [this.registry];
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name: PREFIX + name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    const byChannel = (
      name: string,
      help: string,
      read: (entry: { alerts: number; since: number } | undefined) => number,
    ) =>
      new Gauge({
        name: PREFIX + name,
        help,
        labelNames: ['channel'],
        registers,
        collect() {
          this.reset();
          const known = waiting();
          for (const channel of channels()) this.set({ channel }, read(known.get(channel)));
        },
      });
    gauge('checks_under_way', 'Targets being checked', running);
    gauge('memory_bytes', 'Resident memory of the process', () => process.memoryUsage.rss());
    byChannel('alerts_waiting', 'Alerts that are not delivered yet', (entry) => entry?.alerts ?? 0);
    byChannel(
      'oldest_waiting_seconds',
      'Age of the oldest alert that is not delivered yet; 0 where there is none',
      (entry) => (entry ? Math.max(0, (clock() - entry.since) / 1000) : 0),
    );
  }

  looked(
    { text, intervalMs }: WatchTarget,
    outcome: LookOutcome,
    { alerts, open }: Recorded,
    at: number,
    durationMs: number,
  ): void {
    this.alerted(alerts);
    this.#interval.set({ target: text }, intervalMs / 1000);
    const verdict = outcome.kind === 'checked' ? outcome.check.verdict : 'unknown';
    this.#checks.inc({ result: outcome.kind === 'checked' ? verdict : outcome.kind });
    if (outcome.kind === 'blind') return;
    this.#seconds.observe(durationMs / 1000);
    this.#checkedAt.set({ target: text }, at / 1000);
    for (const each of VERDICTS) this.#verdict.set({ target: text, verdict: each }, each === verdict ? 1 : 0);
    const findings = outcome.kind === 'checked' ? outcome.check.findings : [];
    for (const severity of SEVERITIES) {
      this.#findings.set(
        { target: text, severity },
        findings.filter((each) => each.severity === severity).length,
      );
      this.#problems.set({ target: text, severity }, open[severity] ?? 0);
    }
  }

  alerted(alerts: Recorded['alerts']): void {
    for (const { kind, severity } of alerts) this.#alerts.inc({ kind, severity });
  }

  attempted(channel: string, result: string): void {
    this.#deliveries.inc({ channel, result });
  }

  failed(): void {
    this.#errors.inc();
  }

  /** Targets that are no longer watched are no longer spoken of. */
  forget(target: string): void {
    for (const verdict of VERDICTS) this.#verdict.remove({ target, verdict });
    for (const severity of SEVERITIES) {
      this.#findings.remove({ target, severity });
      this.#problems.remove({ target, severity });
    }
    this.#checkedAt.remove({ target });
    this.#interval.remove({ target });
  }
}
