/** A message for people: subject and text, of one alert or of many. Whatever comes from the network is made harmless. */
import type { Severity } from '@mailanchor/smtp';
import { printable } from '../terminal/printable.ts';
import { wrap } from '../terminal/table.ts';
import type { Alert } from './alert.ts';
import type { Envelope } from './channel.ts';

const COLUMNS = 76;
/** Characters of a subject, and targets that are named in one. */
const MAX_SUBJECT = 120;
const MAX_NAMED = 4;

export function subjectOf(alerts: readonly Alert[]): string {
  const [first] = alerts;
  const text =
    first && alerts.length === 1
      ? `${headOf(first)}: ${first.code} ${first.subject}${first.subject === first.target ? '' : ` (${first.target})`}`
      : `${countsOf(alerts)}: ${targetsOf(alerts)}`;
  const short = text.length > MAX_SUBJECT ? `${text.slice(0, MAX_SUBJECT - 3)}...` : text;
  return `[mailanchor] ${printable(short)}`;
}

export function textOf({ alerts, host }: Pick<Envelope, 'alerts' | 'host'>): string {
  const byTarget = Map.groupBy(alerts, ({ target }) => target);
  const parts = [...byTarget].map(([target, own]) =>
    [printable(target), '', ...own.flatMap((alert) => [...linesOf(alert), ''])].join('\n'),
  );
  const example = printable(alerts[0]?.target ?? 'example.org');
  const foot = `-- \nmailanchor watch on ${printable(host)}. All that is known of a target: mailanchor watch history ${example}\n`;
  return `${parts.join('\n')}\n${foot}`;
}

function headOf({ kind, severity }: Alert): string {
  switch (kind) {
    case 'raised':
      return severity;
    case 'worse':
      return `now ${severity === 'error' ? 'an error' : `a ${severity}`}`;
    case 'reminder':
      return `still there, ${severity}`;
    case 'resolved':
      return 'resolved';
    case 'test':
      return 'test';
  }
}

const SIGNS: Readonly<Record<Severity, string>> = { error: '✘', warning: '!', notice: '·', info: '·' };

function linesOf(alert: Alert): string[] {
  const { kind, severity, code, subject, text, effect, fix, since, at, flapping } = alert;
  const sign = kind === 'resolved' ? '✔' : SIGNS[severity];
  const paragraph = (words: string): string[] =>
    wrap(printable(words), COLUMNS - 2).map((line) => `  ${line}`);
  const lines = [`${sign} ${headOf(alert)}  ${printable(code)}  ${printable(subject)}`];
  if (kind === 'resolved') {
    lines.push(...paragraph(`Was there from ${minute(since)} on, and is gone: ${firstLine(text)}`));
    return lines;
  }
  for (const line of text.split('\n')) lines.push(...paragraph(line));
  if (effect !== '') lines.push(...paragraph(effect));
  if (fix !== undefined) lines.push('  To do:', ...fix.split('\n').map((line) => `    ${printable(line)}`));
  const when = kind === 'test' ? `Sent ${minute(at)}.` : `Since ${minute(since)}.`;
  const goes = flapping ? ' It comes and goes: it is told as resolved after a while without it.' : '';
  lines.push(...paragraph(`${when}${goes}`));
  return lines;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

function minute(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** `2 errors, 1 warning, 1 resolved`. */
function countsOf(alerts: readonly Alert[]): string {
  const counts = new Map<string, number>();
  for (const { kind, severity } of alerts) {
    const what = kind === 'resolved' || kind === 'test' ? kind : severity;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return ['error', 'warning', 'notice', 'info', 'resolved', 'test']
    .flatMap((what) => {
      const count = counts.get(what);
      if (count === undefined) return [];
      const plural = count > 1 && (what === 'error' || what === 'warning' || what === 'notice');
      return [`${count} ${what}${plural ? 's' : ''}`];
    })
    .join(', ');
}

function targetsOf(alerts: readonly Alert[]): string {
  const targets = [...new Set(alerts.map(({ target }) => target))];
  const more = targets.length - MAX_NAMED;
  return targets.slice(0, MAX_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
