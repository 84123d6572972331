/** `mailanchor tlsrpt reports` */
import { readCheckSettings } from '../check/settings.ts';
import type { Context, Voice } from '../context.ts';
import { ExitCode } from '../exit-code.ts';
import { readCommon } from '../options/common.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';
import { checkNow, type LiveFinding } from '../tlsrpt-read/live-check.ts';
import { type FailureRow, type Overview, readOverview } from '../tlsrpt-read/overview.ts';
import { openReceived } from '../tlsrpt-read/received-store.ts';
import { keyOf, type Sentence, sentencesOf } from '../tlsrpt-read/sentences.ts';
import { readReportsSettings } from '../tlsrpt-read/settings.ts';

/** Rows that people are shown. */
const ROWS = 50;

export async function runTlsrptReports(options: Record<string, unknown>, context: Context): Promise<number> {
  const { sources, voice } = await readCommon(context, options, 'tlsrpt-read');
  const settings = readReportsSettings(sources, Date.now());
  const store = openReceived(settings.database, { readOnly: true });
  let overview: Overview;
  try {
    overview = readOverview(store.database, settings);
  } finally {
    store.close();
  }
  const { rows, last = 0, failures } = overview;
  let live: ReadonlyMap<string, LiveFinding> | undefined;
  if (options['check'] === true) {
    const check = await readCommon(context, options, 'check');
    live = await checkNow(rows, readCheckSettings(check.sources), context.signal);
  }
  const sentences = sentencesOf(rows, last, live);
  if (voice.json) voice.printJson(jsonOf(overview, sentences, live));
  else voice.print(render(overview, sentences, voice));
  return failures > 0 || rows.length > 0 ? ExitCode.failed : ExitCode.ok;
}

function jsonOf(
  { rows, first, last, ...sums }: Overview,
  sentences: readonly Sentence[],
  live: ReadonlyMap<string, LiveFinding> | undefined,
): unknown {
  const time = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString());
  return {
    ...sums,
    first: time(first),
    last: time(last),
    rows: rows.map((row) => ({
      ...row,
      first: time(row.first),
      last: time(row.last),
      ...(live && { now: live.get(keyOf(row)) ?? null }),
    })),
    sentences: sentences.map(({ text }) => text),
  };
}

function render(overview: Overview, sentences: readonly Sentence[], voice: Voice): string[] {
  const { rows } = overview;
  const lines = [summary(overview)];
  if (rows.length === 0) return lines;
  const header = ['host', 'reporter', 'policy', 'result', 'sessions', 'first', 'last'];
  const body = rows.slice(0, ROWS).map((row) => cells(row));
  lines.push('', ...table([header, ...body], { rule: (text) => text }));
  if (rows.length > ROWS) lines.push(`and ${rows.length - ROWS} more; --json has them all`);
  lines.push('', ...sentences.slice(0, ROWS).map(({ text }) => text));
  return voice.verbosity === 'quiet' ? lines.slice(0, 1) : lines;
}

function cells({
  host,
  organization,
  policyType,
  resultType,
  reasonCodes,
  sessions,
  first,
  last,
}: FailureRow): string[] {
  const reason = reasonCodes.length === 0 ? '' : ` (${reasonCodes.slice(0, 2).join(', ').slice(0, 40)})`;
  const texts = [
    host,
    organization,
    policyType,
    resultType + reason,
    String(sessions),
    day(first),
    day(last),
  ];
  return texts.map((text) => printable(text));
}

function summary({ reports, organizations, unverified, successes, failures, first, last }: Overview): string {
  const doubt =
    unverified === 0
      ? ''
      : `; ${unverified} without a valid signature not counted (--unverified counts them)`;
  if (reports === 0) return `no report${doubt}`;
  const span = first === undefined || last === undefined ? '' : `, ${day(first)} to ${day(last)}`;
  const from = `${reports} ${reports === 1 ? 'report' : 'reports'} of ${organizations} ${organizations === 1 ? 'reporter' : 'reporters'}`;
  return `${from}${span}: ${successes} sessions good, ${failures} failed${doubt}`;
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
