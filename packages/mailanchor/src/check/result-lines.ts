/** The lines that `check --output` writes and `--resume` reads. */
import { DOMAIN_VERDICTS, type DomainVerdict } from '@mailanchor/smtp';
import type { ResultLines } from '../list/result-file.ts';

export const CHECK_LINES: ResultLines<DomainVerdict> = {
  what: 'check',
  target: 'target',
  outcome: 'verdict',
  outcomes: DOMAIN_VERDICTS,
  // Servers that could not be reached may be there an hour later.
  again: ['unknown'],
};
