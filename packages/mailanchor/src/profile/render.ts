/** A profile's result for a person: a rule a line. */
import { type Paint, sign, type Tone } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';
import type { ProfileResult, RuleResult } from './profile.ts';

export const RULE_TONE: Readonly<Record<RuleResult['outcome'], Tone>> = {
  pass: 'good',
  fail: 'bad',
  'not-judged': 'dim',
};

export const RULE_WORDS: Readonly<Record<RuleResult['outcome'], string>> = {
  pass: 'pass',
  fail: 'fail',
  'not-judged': 'not judged',
};

export function renderProfile({ title, outcome, rules }: ProfileResult, paint: Paint): string[] {
  const rows = rules.map((rule) => [
    `${sign(paint, RULE_TONE[rule.outcome])} ${printable(rule.id)}`,
    paint.tone(RULE_TONE[rule.outcome], RULE_WORDS[rule.outcome]),
    printable(rule.title) + (rule.verified ? '' : paint.dim(' (not compared with its source)')),
    paint.dim(
      rule.reason === null ? rule.because.map((why) => printable(why)).join(', ') : printable(rule.reason),
    ),
  ]);
  return [
    '',
    `  ${paint.bold(printable(title))}  ${paint.tone(RULE_TONE[outcome], RULE_WORDS[outcome])}`,
    ...table(rows, { indent: '  ' }),
  ];
}
