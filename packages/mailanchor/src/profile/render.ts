/** A profile's result for a person: a rule a line. */
import { type Paint, sign, type Tone } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';
import type { ProfileResult, RuleResult } from './profile.ts';

const TONE: Readonly<Record<RuleResult['outcome'], Tone>> = {
  pass: 'good',
  fail: 'bad',
  'not-judged': 'dim',
};

export function renderProfile({ title, outcome, rules }: ProfileResult, paint: Paint): string[] {
  const rows = rules.map((rule) => [
    `${sign(paint, TONE[rule.outcome])} ${printable(rule.id)}`,
    paint.tone(TONE[rule.outcome], rule.outcome),
    printable(rule.title) + (rule.verified ? '' : paint.dim(' (not compared with its source)')),
    paint.dim(rule.because.map((why) => printable(why)).join(', ')),
  ]);
  return [
    '',
    `  ${paint.bold(printable(title))}  ${paint.tone(TONE[outcome], outcome)}`,
    ...table(rows, { indent: '  ' }),
  ];
}
