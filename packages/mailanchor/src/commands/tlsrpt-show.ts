/** `mailanchor tlsrpt show` */
import { gunzipSync } from 'node:zlib';
import {
  parseReport,
  type TlsRptPolicyCounts,
  type TlsRptReport,
  type TlsRptReportJson,
} from '@mailanchor/smtp';
import type { Context, Voice } from '../context.ts';
import { MailanchorError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { readCommon } from '../options/common.ts';
import type { Sources } from '../options/sources.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';
import { reportOf, type Submitter } from '../tlsrpt/compose.ts';
import { readCounts } from '../tlsrpt/counts.ts';
import { dayFrom, dayText } from '../tlsrpt/day.ts';
import { TLSRPT_DATABASE } from '../tlsrpt/schema.ts';
import { databasePath, readSubmitter } from '../tlsrpt/settings.ts';
import { type DomainStatus, readDays, readDeliveries, readDomain, readDomains } from '../tlsrpt/status.ts';

type Options = Record<string, unknown>;

/** Domains of a day that are listed for people. */
const DOMAINS = 50;

export async function runTlsrptShow(
  name: string | undefined,
  options: Options,
  context: Context,
): Promise<number> {
  const { sources, voice } = await readCommon(context, options, 'tlsrpt');
  const database = openDatabase(databasePath(sources), TLSRPT_DATABASE, { readOnly: true });
  try {
    const day = typeof options['day'] === 'string' ? dayFrom(options['day'], Date.now()) : undefined;
    if (name === undefined) return listDomains(database, day, voice);
    const domain = name.toLowerCase().replace(/\.$/, '');
    const found = readDomain(database, domain, day);
    if (!found) {
      const when = day === undefined ? '' : ` on ${dayText(day)}`;
      throw new MailanchorError('nothing-counted', `no session with ${domain} was counted${when}`);
    }
    return await showDomain(database, found, submitterOf(sources), voice);
  } finally {
    database.close();
  }
}

function listDomains(database: Database, given: number | undefined, voice: Voice): number {
  const [last] = readDays(database, 1);
  const day = given ?? (last && dayFrom(last.day, 0));
  const domains = day === undefined ? [] : readDomains(database, day, voice.json ? 1_000_000 : DOMAINS + 1);
  if (voice.json) {
    for (const one of domains) {
      const { domain, state, text, successes, failures } = one;
      voice.printJson({ day: dayText(one.day), domain, successes, failures, state, ...(text && { text }) });
    }
  } else if (day === undefined || domains.length === 0) voice.print(['nothing was counted']);
  else {
    const rows = domains
      .slice(0, DOMAINS)
      .map((one) => [one.domain, `${one.successes}`, `${one.failures}`, stateText(one)].map(printable));
    const more = domains.length > DOMAINS ? ['and more: --json shows all'] : [];
    const header = ['domain', 'good', 'failed', 'report'];
    voice.print([dayText(day), '', ...table([header, ...rows], { rule: voice.paint.dim }), ...more]);
  }
  return ExitCode.ok;
}

async function showDomain(
  database: Database,
  found: DomainStatus,
  submitter: Submitter,
  voice: Voice,
): Promise<number> {
  const json: TlsRptReportJson = found.report
    ? JSON.parse(gunzipSync(found.report).toString())
    : reportOf(found.day, 'not-yet-composed', submitter, readCounts(database, found.id));
  if (voice.json) {
    voice.printJson(json);
    return ExitCode.ok;
  }
  const parsed = await parseReport(JSON.stringify(json));
  const policies = parsed.kind === 'report' ? parsed.report.policies : [];
  const head = [
    `${found.domain}  ${dayText(found.day)}  ${found.successes} good, ${found.failures} failed`,
    `report: ${stateText(found)}${found.reportId ? `, ${found.reportId}` : ''}`,
  ];
  const deliveries = readDeliveries(database, found.id).map(
    ({ rua, state, attempts, at, interrupted, text }) =>
      `  ${rua}  ${state}, ${attempts} ${attempts === 1 ? 'try' : 'tries'}, ${at.slice(0, 16)}Z${text && `: ${text}`}` +
      (interrupted > 0 ? ' (broken off in the middle once: perhaps received twice)' : ''),
  );
  voice.print([...head, ...deliveries, ...policyLines(policies)].map(printable));
  return ExitCode.ok;
}

function policyLines(policies: TlsRptReport['policies']): string[] {
  return policies.flatMap(({ policy, successes, failures, details }: TlsRptPolicyCounts) => {
    const rows = details.map((one) => [
      `${one.sessions}`,
      one.resultType,
      one.reasonCode ?? '',
      [one.receivingMxHostname, one.receivingIp && `[${one.receivingIp}]`].filter(Boolean).join(' '),
      one.sendingMtaIp ? `from ${one.sendingMtaIp}` : '',
    ]);
    return [
      '',
      `${policy.type}  ${policy.domain}  ${successes} good, ${failures} failed`,
      ...policy.strings.map((text) => `  ${text}`),
      ...table(rows, { indent: '    ' }),
    ];
  });
}

function stateText({ state, text }: DomainStatus): string {
  const words = {
    counting: 'not composed yet',
    open: 'due',
    sent: 'sent',
    failed: 'failed',
    unwanted: 'not wanted',
  };
  return text === '' ? words[state] : `${words[state]}: ${text}`;
}

/** Of a report that is only shown, whoever reports need not be known yet. */
function submitterOf(sources: Sources): Submitter {
  const named = sources.one('organization-name') && sources.one('contact-info');
  return named ? readSubmitter(sources) : { organizationName: 'not set', contactInfo: 'not-set@invalid' };
}
