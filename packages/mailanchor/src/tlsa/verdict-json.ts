/** The verdict of `tlsa verify` as JSON: what scripts rely on, and no more. */
import type { DaneVerdict } from '@mailanchor/dane';

export function verdictJson(verdict: DaneVerdict): object {
  if (verdict.kind !== 'match') return verdict;
  const { kind, usage, selector, matching, depth, record } = verdict;
  return { kind, usage, selector, matching, depth, record };
}
