/** Hosts, their states and what is next, as a table and in detail. */
import type { Decision } from '@mailanchor/dane';
import type { Voice } from '../context.ts';
import { sign } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { table, wrap } from '../terminal/table.ts';
import { STATE_TONES, stepText } from './words.ts';

export interface PlannedHost {
  readonly host: string;
  readonly decision: Decision;
  /** Of the change that is next, or waited with: what would be sent or written; of a step that is for others: what they do. */
  readonly change?: string;
}

/** Milliseconds since the epoch as `2026-11-25 19:05:00 UTC`, rounded up. */
export function instant(milliseconds: number): string {
  return `${new Date(Math.ceil(milliseconds / 1000) * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

export function renderPlan(hosts: readonly PlannedHost[], voice: Voice): string[] {
  const { paint, columns } = voice;
  const rows = hosts.map(({ host, decision }) => [
    host,
    paint.tone(STATE_TONES[decision.state], decision.state),
    nextText(decision),
    earliestText(decision),
  ]);
  const overview = table([['host', 'state', 'next', 'earliest'], ...rows], {
    rule: (text) => paint.dim(text),
  });
  const details = hosts.flatMap(({ host, decision, change }) => [
    '',
    ...wrap(
      `${sign(paint, STATE_TONES[decision.state])} ${paint.bold(host)}: ${printable(decision.why)}`,
      columns,
      '  ',
    ),
    ...decision.notes.flatMap((note) => indented(`note: ${printable(note)}`, columns)),
    ...(change === undefined ? [] : change.split('\n').map((line) => `    ${printable(line)}`)),
  ]);
  return [...overview, ...details];
}

/** Wrapped, two columns to the right. */
export function indented(text: string, columns: number): string[] {
  return wrap(text, columns - 2).map((line) => `  ${line}`);
}

function nextText({ step }: Decision): string {
  if (step.kind !== 'wait') return stepText(step);
  return step.held ? stepText(step.held) : 'wait';
}

function earliestText({ step }: Decision): string {
  if (step.kind === 'none') return '-';
  if (step.kind !== 'wait') return 'now';
  return step.until === null ? 'not known' : instant(step.until);
}
