/** `mailanchor tlsrpt status` */
import type { Context } from '../context.ts';
import { ExitCode } from '../exit-code.ts';
import { readCommon } from '../options/common.ts';
import { parseInteger } from '../options/given.ts';
import { optional } from '../options/lookup.ts';
import { openDatabase } from '../store/database.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';
import { dayOf } from '../tlsrpt/day.ts';
import { TLSRPT_DATABASE } from '../tlsrpt/schema.ts';
import { databasePath } from '../tlsrpt/settings.ts';
import { readUnclear } from '../tlsrpt/source-position.ts';
import { type DeliveryStatus, readDays, readTroubles } from '../tlsrpt/status.ts';

const DAYS = 7;
/** Deliveries that are shown. */
const TROUBLES = 20;

export async function runTlsrptStatus(options: Record<string, unknown>, context: Context): Promise<number> {
  const { sources, voice } = await readCommon(context, options, 'tlsrpt');
  const limit = optional(sources.one('days'), (given) => parseInteger(given, 1, 3650)) ?? DAYS;
  const database = openDatabase(databasePath(sources), TLSRPT_DATABASE, { readOnly: true });
  try {
    const days = readDays(database, limit);
    const troubles = readTroubles(database, voice.json ? 10_000 : TROUBLES + 1);
    const today = dayOf(Date.now());
    const unclear = readUnclear(database, today - limit + 1, today);
    if (voice.json) voice.printJson({ days, deliveries: troubles, unclear });
    else {
      const { dim } = voice.paint;
      voice.print([...daysTable(days, dim), ...unclearLines(unclear), ...troublesLines(troubles, dim)]);
    }
    return ExitCode.ok;
  } finally {
    database.close();
  }
}

function daysTable(days: ReturnType<typeof readDays>, dim: (text: string) => string): string[] {
  if (days.length === 0) return ['nothing has been counted yet'];
  const header = [
    'day',
    'domains',
    'good',
    'failed',
    'reports: sent',
    'due',
    'failed',
    'not wanted',
    'not composed',
  ];
  const rows = days.map(({ day, domains, successes, failures, reports }) =>
    [
      day,
      domains,
      successes,
      failures,
      reports.sent,
      reports.open,
      reports.failed,
      reports.unwanted,
      reports.counting,
    ].map(String),
  );
  const beyond = days.reduce((sum, day) => sum + day.beyond, 0);
  const more =
    beyond > 0
      ? [`${beyond} sessions were with domains beyond the limit of a day: they are in no report`]
      : [];
  return [...table([header, ...rows], { rule: dim }), ...more];
}

/** Sessions that logs told of in these days, and that no report can have. */
function unclearLines(unclear: Readonly<Record<string, number>>): string[] {
  const reasons = Object.entries(unclear).map(([reason, sessions]) => `${reason} ${sessions}`);
  return reasons.length === 0
    ? []
    : [`sessions that a log does not say enough of, in no report: ${reasons.join(', ')}`];
}

function troublesLines(troubles: readonly DeliveryStatus[], dim: (text: string) => string): string[] {
  if (troubles.length === 0) return [];
  const rows = troubles.slice(0, TROUBLES).map(deliveryRow);
  const more = troubles.length > TROUBLES ? ['and more: --json shows all'] : [];
  return ['', ...table([['day', 'domain', 'to', 'state', 'tries', 'why'], ...rows], { rule: dim }), ...more];
}

function deliveryRow({ day, domain, rua, state, attempts, interrupted, at, text }: DeliveryStatus): string[] {
  const when = state === 'due' ? `again ${at.slice(0, 16)}Z` : state;
  const twice = interrupted > 0 ? ' (broken off in the middle: perhaps received)' : '';
  return [day, domain, rua, when, String(attempts), text + twice].map(printable);
}
