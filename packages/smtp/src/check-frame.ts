/** What checks of every kind of target share: hosts side by side, the verdict from their standings, the conclusion. */
import { isIP } from 'node:net';
import { checkHost, type HostCheckOptions } from './check-host.ts';
import type { CheckOptions } from './check-options.ts';
import { domainVerdict, type HostStanding } from './domain-verdict.ts';
import { type Collected, findingsOf } from './findings.ts';
import { deepFreeze } from './freeze.ts';
import { laterVerdict } from './later-verdict.ts';
import type { LookupContext } from './lookup.ts';
import { hostPlans } from './plan.ts';
import type { HostQuestion } from './plan-host.ts';
import { acceptsMail, standingOf } from './standing.ts';
import type { DomainCheck, DomainDns, DomainVerdict, HostCheck } from './verdict.ts';
import { hostQuestions } from './zone-inspection/questions.ts';
import type { InspectedQuestion, Inspection } from './zone-inspection/zone-inspection.ts';
import { zoneReport } from './zone-inspection/zone-report.ts';

export interface CheckFrame {
  /** As the caller gave it. */
  readonly target: string;
  readonly context: LookupContext;
  readonly options: HostCheckOptions;
}

/**
 * Every host goes its own way from its lookups to its sessions, so that a slow one does not hold up the others. Servers are asked, for
 * `asked` and for what the hosts rest on, as soon as all hosts are planned: nothing waits for that.
 */
export async function checkHosts(
  questions: readonly HostQuestion[],
  context: LookupContext,
  options: HostCheckOptions,
  asked: readonly InspectedQuestion[] = [],
): Promise<{ hosts: HostCheck[]; inspection: Inspection }> {
  options.onProgress?.({ kind: 'planned', hosts: questions.map(({ host }) => host.toString().slice(0, -1)) });
  const plans = hostPlans(context, questions);
  const [hosts, inspection] = await Promise.all([
    Promise.all(plans.map(async (plan) => checkHost(await plan, options))),
    Promise.all(plans).then((all) => inspect([...asked, ...all.flatMap(hostQuestions)], options)),
  ]);
  return { hosts, inspection };
}

export async function inspect(
  questions: readonly InspectedQuestion[],
  { inspection, deadline, signal }: HostCheckOptions,
): Promise<Inspection> {
  if (inspection === undefined || questions.length === 0) return undefined;
  if ('leftOut' in inspection) return inspection;
  return inspection.inspect(questions, { deadline, signal });
}

export function verdictOf(
  dns: DomainDns,
  hosts: readonly HostCheck[],
  { connect }: CheckOptions,
): DomainVerdict {
  const connected = connect !== false;
  const standings = hosts.map((host): HostStanding => {
    const standing = standingOf(host, connected);
    // An MX that names an address is connected to by some senders, not by us.
    const accepts = !connected || isIP(host.host) !== 0 || acceptsMail(host.sessions);
    return { standing, accepts };
  });
  return domainVerdict({ mxStatus: dns.status, hosts: standings });
}

/** Of a target that no MX or SRV records are asked for. */
export function notAsked(domain: string): DomainDns {
  return { status: 'secure', outcome: 'not-asked', domain, expandedDomain: domain, aliases: [], mx: [] };
}

/**
 * Days before the end of a certificate, and of a zone's signatures, that are worth a warning. Signatures are made for days or weeks and
 * renewed by machines, some of them late on purpose; certificates for months, and not all by machines.
 */
const CERTIFICATE_DAYS = 14;
const SIGNATURE_DAYS = 3;

export function conclude(
  { target, kind, verdict, dns, beside, hosts }: Omit<Collected, 'checkedAt'>,
  { clock = Date.now, days, signatureDays, protocol, mode, connect }: HostCheckOptions,
  inspection?: Inspection,
): DomainCheck {
  const now = clock();
  const checkedAt = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const check = { target, kind, verdict, checkedAt, dns, ...(beside && { beside }), hosts };
  const zones = inspection && 'zones' in inspection ? { zones: inspection.zones.map(zoneReport) } : {};
  const options = {
    now,
    warnDays: days ?? CERTIFICATE_DAYS,
    signatureDays: signatureDays ?? (() => days ?? SIGNATURE_DAYS),
    protocol,
    mailTransfer: mode === 'smtp',
  };
  const connected = connect !== false;
  const later =
    days === undefined ? {} : { later: laterVerdict(check, inspection, { days, now, connected }) };
  return deepFreeze({ ...check, ...later, ...zones, findings: findingsOf(check, options, inspection) });
}
