/** Exit statuses of `check`. */
import type { DomainVerdict } from '@mailanchor/smtp';
import { ExitCode } from '../exit-code.ts';

const STATUS: Readonly<Record<DomainVerdict, number>> = {
  protected: ExitCode.ok,
  broken: ExitCode.failed,
  unprotected: ExitCode.notApplicable,
  partial: ExitCode.partial,
  unknown: ExitCode.unknown,
};

/** Worst first. */
const ORDER: readonly DomainVerdict[] = ['broken', 'unknown', 'partial', 'unprotected', 'protected'];

/** The status of several verdicts: that of the worst. Of none it is that of nothing wrong. */
export function statusOfVerdicts(verdicts: Iterable<DomainVerdict>, badLines: number): number {
  const seen = new Set(verdicts);
  const worst = ORDER.find((verdict) => seen.has(verdict)) ?? 'protected';
  // A line that was not understood is not passed over in silence, but a broken destination matters more.
  return badLines > 0 && worst !== 'broken' ? ExitCode.usage : STATUS[worst];
}
