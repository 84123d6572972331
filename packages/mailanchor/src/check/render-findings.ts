/** What to do: findings with their copyable fixes. */
import type { Finding } from '@mailanchor/smtp';
import { sign } from '../terminal/paint.ts';
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
    if (finding.fix)
      lines.push(...renderFix(finding.fix, columns).map((line) => `    ${paint.info('→')} ${line}`));
  }
  return lines;
}

/** Prose is wrapped; records and commands stay whole, to be copied. Each line of a fix is one or the other. */
function renderFix(fix: string, columns: number): string[] {
  return fix
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, i) => (i === 0 ? printable(line) : `  ${printable(line)}`))
    .flatMap((line) => (isProse(line) ? wrap(line, columns - 6, '  ') : [line]));
}

function isProse(line: string): boolean {
  return !/\bIN\s+(?:TLSA|DS|MX|A|AAAA|TXT)\b|^\s*(?:\$|#|mailanchor |npx |postconf |openssl )/.test(line);
}
