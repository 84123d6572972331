/** What one target needs: when it is looked at, and what of it is told. */
import type { Severity, Target } from '@mailanchor/smtp';

export interface WatchTarget {
  /** As the configuration has it: its name everywhere. */
  readonly text: string;
  readonly target: Target;
  /** Milliseconds between two checks. */
  readonly intervalMs: number;
  readonly least: Severity;
  readonly ignore: ReadonlySet<string>;
}
