/** The lines that `dnssec-status --output` writes and `--resume` reads. */
import type { ResultLines } from '../list/result-file.ts';
import { STATE_NAMES, type ZoneState } from './state.ts';

export const STATUS_LINES: ResultLines<ZoneState> = {
  what: 'dnssec-status',
  target: 'zone',
  outcome: 'state',
  outcomes: STATE_NAMES,
  again: ['unknown'],
};
