/** Status and history of `watch` as tables. Times are those of the machine's own clock, UTC. */
import { type Paint, sign, type Tone } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';
import { durationText } from '../tlsa-publish/duration-text.ts';
import type { ChannelStatus, HistoryEntry, OpenProblem, TargetStatus } from './read-history.ts';

const TONES: Readonly<Record<string, Tone>> = {
  protected: 'good',
  broken: 'bad',
  partial: 'warn',
  unprotected: 'warn',
  unknown: 'warn',
  error: 'bad',
  warning: 'warn',
};

export function renderWatchStatus(
  targets: readonly TargetStatus[],
  channels: readonly ChannelStatus[],
  now: number,
  paint: Paint,
): string[] {
  const rows = targets.flatMap((target) => [
    targetRow(target, now, paint),
    ...target.problems.map((problem) => problemRow(problem, now, paint)),
  ]);
  const head = ['target', 'verdict', 'since', 'checked', 'next', ''];
  const lines = table([head, ...rows], { rule: (text) => paint.dim(text) });
  if (channels.length === 0) return lines;
  const channelRows = channels.map(({ channel, waiting, delivered, givenUp, lastError }) => [
    printable(channel),
    `${delivered} delivered`,
    waiting > 0 ? paint.tone('bad', `${waiting} waiting`) : '0 waiting',
    givenUp > 0 ? paint.tone('bad', `${givenUp} given up`) : '',
    waiting > 0 && lastError ? printable(lastError) : '',
  ]);
  return [...lines, '', ...table(channelRows)];
}

function targetRow(
  { target, verdict, since, checkedAt, nextCheck, problems }: TargetStatus,
  now: number,
  paint: Paint,
): string[] {
  const tone: Tone = verdict === null ? 'dim' : (TONES[verdict] ?? 'plain');
  const count = problems.filter(({ confirmed }) => confirmed).length;
  return [
    `${sign(paint, tone)} ${printable(target)}`,
    paint.tone(tone, verdict ?? 'not checked yet'),
    since === null ? '' : minute(since),
    checkedAt === null ? '' : `${ago(checkedAt, now)} ago`,
    nextCheck === null ? '' : ahead(nextCheck, now),
    count === 0 ? '' : `${count} ${count === 1 ? 'problem' : 'problems'}`,
  ];
}

function problemRow(
  { code, subject, severity, since, confirmed, flapping }: OpenProblem,
  _: number,
  paint: Paint,
): string[] {
  const state = flapping ? ', comes and goes' : confirmed ? '' : ', not confirmed yet';
  return [
    `    ${printable(code)}`,
    paint.tone(TONES[severity] ?? 'plain', severity),
    minute(since),
    '',
    '',
    `${printable(subject)}${state}`,
  ];
}

export function renderHistory(target: string, entries: readonly HistoryEntry[], paint: Paint): string[] {
  const rows = entries.map((entry) => {
    if (entry.kind === 'verdict') {
      const times = entry.checks === 1 ? '1 check' : `${entry.checks} checks until ${minute(entry.until)}`;
      return [
        minute(entry.at),
        paint.tone(TONES[entry.verdict] ?? 'plain', entry.verdict),
        '',
        `${printable(entry.summary)} (${times})`,
      ];
    }
    if (entry.kind === 'told') {
      const why = entry.error === null ? '' : `: ${printable(entry.error)}`;
      const state = entry.state === 'delivered' ? 'delivered' : paint.tone('bad', entry.state);
      return [
        minute(entry.at),
        'told',
        printable(entry.channel),
        `${entry.what} ${printable(entry.code)}, ${state}${why}`,
      ];
    }
    const tone = entry.kind === 'resolved' ? 'good' : (TONES[entry.severity] ?? 'plain');
    const [first = ''] = entry.text.split('\n');
    return [minute(entry.at), paint.tone(tone, entry.kind), printable(entry.code), printable(first)];
  });
  return [paint.bold(printable(target)), ...table(rows, { indent: '  ' })];
}

function minute(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
}

function ago(iso: string, now: number): string {
  return durationText(Math.max(0, Math.round((now - Date.parse(iso)) / 1000)));
}

function ahead(iso: string, now: number): string {
  const seconds = Math.round((Date.parse(iso) - now) / 1000);
  return seconds <= 0 ? 'now' : `in ${durationText(seconds)}`;
}
