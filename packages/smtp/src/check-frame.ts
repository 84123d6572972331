/** What checks of every kind of target share: hosts side by side, the verdict from their standings, the conclusion. */
import { isIP } from 'node:net';
import { checkHost, type HostCheckOptions } from './check-host.ts';
import type { CheckOptions } from './check-options.ts';
import { domainVerdict, type HostStanding } from './domain-verdict.ts';
import { findingsOf } from './findings.ts';
import { deepFreeze } from './freeze.ts';
import type { LookupContext } from './lookup.ts';
import { hostPlans } from './plan.ts';
import type { HostQuestion } from './plan-host.ts';
import { acceptsMail, standingOf } from './standing.ts';
import type { DomainCheck, DomainDns, DomainVerdict, HostCheck } from './verdict.ts';

export interface CheckFrame {
  /** As the caller gave it. */
  readonly target: string;
  readonly context: LookupContext;
  readonly options: HostCheckOptions;
}

/** Every host goes its own way from its lookups to its sessions, so that a slow one does not hold up the others. */
export function checkHosts(
  questions: readonly HostQuestion[],
  context: LookupContext,
  options: HostCheckOptions,
): Promise<HostCheck[]> {
  options.onProgress?.({ kind: 'planned', hosts: questions.map(({ host }) => host.toString().slice(0, -1)) });
  return Promise.all(hostPlans(context, questions).map(async (plan) => checkHost(await plan, options)));
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

export function conclude(
  { target, kind, verdict, dns, hosts }: Omit<DomainCheck, 'findings' | 'checkedAt'>,
  { clock = Date.now, warnDays = 14, protocol, mode }: HostCheckOptions,
): DomainCheck {
  const now = clock();
  const checkedAt = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const check = { target, kind, verdict, checkedAt, dns, hosts };
  return deepFreeze({
    ...check,
    findings: findingsOf(check, { now, warnDays, protocol, mailTransfer: mode === 'smtp' }),
  });
}
