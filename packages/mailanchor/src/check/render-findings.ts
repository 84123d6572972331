/** What to do: findings with their copyable fixes. */
import type { Finding } from '@mailanchor/smtp';
import { type Paint, sign } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { wrap } from '../terminal/table.ts';
import type { RenderOptions } from './render.ts';
import { bySeverity, SEVERITY_TONE } from './words.ts';

export function renderFindings(findings: readonly Finding[], { paint, columns }: RenderOptions): string[] {
  if (findings.length === 0) return [];
  const lines = [
    `  ${paint.bold(findings.length === 1 ? 'What to know' : `What to know (${findings.length})`)}`,
  ];
  for (const finding of bySeverity(findings)) {
    const tone = SEVERITY_TONE[finding.severity];
    const head = `${finding.severity} ${printable(finding.code)}`;
    lines.push(`  ${sign(paint, tone)} ${paint.tone(tone, head)}  ${printable(finding.subject)}`);
    const say = (text: string) => wrap(printable(text), columns - 6).map((line) => `      ${line}`);
    lines.push(...say(finding.text));
    if (finding.effect) lines.push(...say(finding.effect).map(paint.dim));
    if (finding.fix) lines.push(...renderFix(finding.fix, columns, paint));
  }
  return lines;
}

/** Prose is wrapped behind an arrow; records and commands stay whole on lines of their own, to be copied. */
function renderFix(fix: string, columns: number, paint: Paint): string[] {
  const lines = fix.split('\n').flatMap((line) => (line.trim() === '' ? [] : [printable(line.trim())]));
  const first = kindOf(lines[0] ?? '');
  if (first !== 'prose') lines.unshift(first === 'record' ? 'Publish' : 'Run');
  return lines.flatMap((line) => {
    if (kindOf(line) !== 'prose') return [`        ${line}`];
    return wrap(line, columns - 6).map((part, i) => `    ${i === 0 ? paint.info('→') : ' '} ${part}`);
  });
}

/** A record stands on a line of its own, its owner first. */
const RECORD = /^\S+\s+(?:\d+\s+)?IN\s+(?:TLSA|DS|MX|A|AAAA|TXT|CNAME|NS|SRV)\s/;
const COMMAND = /^(?:\$|#|mailanchor|npx|postconf|openssl|systemctl|dig|rndc|knotc|cat) /;

/** What a line of a fix is: prose, or something to copy. */
export function kindOf(line: string): 'record' | 'command' | 'prose' {
  if (RECORD.test(line)) return 'record';
  return COMMAND.test(line) ? 'command' : 'prose';
}
