/** Several checks at a glance, after each has been told in full. */
import type { DomainCheck, DomainVerdict } from '@mailanchor/smtp';
import { type Paint, sign } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';
import { bySeverity, VERDICT_TONE } from './words.ts';

/** Rows that are shown; of more the counts have to do. */
const MAX_ROWS = 50;

/** Remembers as much of each check as an overview needs. */
export class Overview {
  readonly #counts = new Map<DomainVerdict, number>();
  #before = 0;
  readonly #rows: { target: string; verdict: DomainVerdict; findings: string }[] = [];

  add(check: DomainCheck): void {
    this.#counts.set(check.verdict, (this.#counts.get(check.verdict) ?? 0) + 1);
    if (this.#rows.length > MAX_ROWS) return;
    this.#rows.push({ target: check.target, verdict: check.verdict, findings: findingCodes(check) });
  }

  /** Checks of an earlier run: only how many of each verdict. */
  addBefore(counts: ReadonlyMap<DomainVerdict, number>): void {
    for (const [verdict, count] of counts) {
      this.#counts.set(verdict, (this.#counts.get(verdict) ?? 0) + count);
      this.#before += count;
    }
  }

  /** Nothing for a single target: it has said it all. */
  render(paint: Paint): string[] {
    const total = [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
    if (total < 2) return [];
    const counts = [...this.#counts].map(([verdict, count]) =>
      paint.tone(VERDICT_TONE[verdict], `${count} ${verdict}`),
    );
    const rows =
      total > MAX_ROWS || this.#before > 0
        ? []
        : this.#rows.map(({ target, verdict, findings }) => {
            const tone = VERDICT_TONE[verdict];
            return [
              `${sign(paint, tone)} ${printable(target)}`,
              paint.tone(tone, verdict),
              paint.dim(findings),
            ];
          });
    return ['', `${paint.bold(`${total} targets`)}  ${counts.join(', ')}`, ...table(rows, { indent: '  ' })];
  }
}

/** What most domains lack, and what would drown the others in a table. */
const COMMONPLACE: ReadonlySet<string> = new Set(['sts-absent', 'tlsrpt-absent']);

/** Codes of the findings, the gravest first, each once, for a table. */
export function findingCodes(check: DomainCheck): string {
  return [
    ...new Set(
      bySeverity(check.findings).flatMap(({ code }) => (COMMONPLACE.has(code) ? [] : printable(code))),
    ),
  ].join(', ');
}
