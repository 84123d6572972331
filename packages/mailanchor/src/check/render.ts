/** A check for a person: the verdict first, then each host, then what to do. */

import type { Status } from '@mailanchor/dnssec';
import type { AliasReport, DomainCheck, DomainDns, LookupReason, SrvReport } from '@mailanchor/smtp';
import { type Paint, sign, type Tone } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { wrap } from '../terminal/table.ts';
import { renderFindings } from './render-findings.ts';
import { renderHost } from './render-host.ts';
import { renderZones } from './render-zones.ts';
import { summary, VERDICT_TONE } from './words.ts';

export interface RenderOptions {
  readonly paint: Paint;
  /** Columns to write in. */
  readonly columns: number;
  /** Everything: whole digests, all aliases. */
  readonly verbose: boolean;
}

/** The verdict in one line: all that `-q` prints. */
export function renderVerdict(check: DomainCheck, paint: Paint): string {
  const tone = VERDICT_TONE[check.verdict];
  const badge = paint.badge(tone, check.verdict.toUpperCase());
  return `${sign(paint, tone)} ${badge} ${paint.bold(printable(check.target))}  ${printable(summary(check))}`;
}

export function renderCheck(check: DomainCheck, options: RenderOptions): string[] {
  const { paint } = options;
  const lines = [renderVerdict(check, paint), ...renderLater(check, options), ''];
  if (check.dns.outcome !== 'not-asked') lines.push(...renderDns(check, paint), '');
  for (const host of check.hosts) lines.push(...renderHost(host, options), '');
  if (options.verbose) lines.push(...renderZones(check.zones ?? [], paint));
  lines.push(...renderFindings(check.findings, options));
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/** What would come out some days from now. */
function renderLater({ later, verdict }: DomainCheck, { paint, columns }: RenderOptions): string[] {
  if (!later) return [];
  const { days, at, because } = later;
  const when = `in ${days} ${days === 1 ? 'day' : 'days'}, on ${at.slice(0, 10)}`;
  if (because.length === 0) return [`  ${when}: ${paint.good('the same')}, nothing that counts ends before`];
  const tone = VERDICT_TONE[later.verdict];
  const same = later.verdict === verdict ? 'still ' : '';
  const shown = because.slice(0, 3).map((reason) => printable(reason));
  const more = because.length > shown.length ? `; and ${because.length - shown.length} more` : '';
  return [
    `  ${when}: ${paint.tone(tone, `${same}${later.verdict}`)} unless renewed`,
    ...wrap(`${shown.join('; ')}${more}`, columns - 4).map((line) => `    ${paint.dim(line)}`),
  ];
}

function renderDns(check: DomainCheck, paint: Paint): string[] {
  const { dns } = check;
  const what = dns.srv ? srvWords(dns, dns.srv) : mxWords(check);
  const lines = [`  ${paint.bold(dns.srv ? 'SRV' : 'MX')}  ${statusText(dns.status, paint)}  ${what}`];
  for (const alias of dns.aliases) lines.push(`      ${aliasText(alias, paint)}`);
  if (dns.negativeTrustAnchor)
    lines.push(
      `      ${paint.warn(`not validated by your own choice: --insecure-zone ${printable(dns.negativeTrustAnchor)}`)}`,
    );
  if (dns.reason) lines.push(`      ${reasonText(dns.reason, dns.status, paint)}`);
  lines.push(`      ${paint.dim(`checked ${check.checkedAt}`)}`);
  return lines;
}

function mxWords({ dns, kind }: DomainCheck): string {
  if (kind === 'null-mx') return 'null MX: this domain takes no mail';
  if (dns.outcome === 'nxdomain') return 'no such domain';
  if (dns.outcome === 'nodata') return 'no MX: the domain itself is the mail host';
  if (dns.outcome === 'failure') return 'lookup failed';
  return dns.mx.map((mx) => `${mx.preference} ${printable(mx.exchange)}`).join(', ');
}

function srvWords({ outcome }: DomainDns, { owner, records }: SrvReport): string {
  if (outcome === 'failure') return `${printable(owner)}  lookup failed`;
  if (records.length === 0) return `${printable(owner)}  no records`;
  const targets = records.map(
    ({ priority, weight, port, target }) => `${priority} ${weight} ${port} ${printable(target)}`,
  );
  return targets.join(', ');
}

const STATUS_TONE: Readonly<Record<Status, Tone>> = {
  secure: 'good',
  insecure: 'warn',
  bogus: 'bad',
  indeterminate: 'bad',
};

export function statusText(status: Status | 'not-asked', paint: Paint): string {
  return status === 'not-asked' ? paint.dim('not asked') : paint.tone(STATUS_TONE[status], status);
}

export function aliasText(alias: AliasReport, paint: Paint): string {
  const link = `${alias.kind} ${printable(alias.owner)} → ${printable(alias.target)}`;
  return `${paint.dim(link)} ${statusText(alias.status, paint)}`;
}

export function reasonText(reason: Omit<LookupReason, 'ede'>, status: Status, paint: Paint): string {
  const zone = reason.zone ? ` (zone ${printable(reason.zone)})` : '';
  return paint.tone(STATUS_TONE[status], `${printable(reason.text)}${zone}`);
}
