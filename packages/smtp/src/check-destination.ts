/**
 * Checks a destination end to end: plan, sessions, verdicts, findings. Every host goes its own way from its lookups to its sessions, so
 * that a slow one does not hold up the others.
 */
import { isIP } from 'node:net';
import { Name } from '@mailanchor/dns';
import { checkHost, type HostCheckOptions } from './check-host.ts';
import type { CheckOptions } from './check-options.ts';
import { deadlineAfter } from './deadline.ts';
import { domainVerdict, type HostStanding } from './domain-verdict.ts';
import { SmtpError } from './errors.ts';
import { findingsOf } from './findings.ts';
import { deepFreeze } from './freeze.ts';
import type { LookupContext } from './lookup.ts';
import { hostPlans, outlineDestination } from './plan.ts';
import type { HostQuestion } from './plan-host.ts';
import { requireHelo } from './session.ts';
import { acceptsMail, standingOf } from './standing.ts';
import { parseTarget, type Target } from './target.ts';
import { NO_TLSA } from './tlsa-report.ts';
import { unsignedZone } from './unsigned-zone.ts';
import type { DomainCheck, DomainDns, DomainVerdict, HostCheck, TargetKind } from './verdict.ts';

/**
 * Checks a target: `example.org`, `[192.0.2.1]`, `mx.example.org:25`, `imaps://imap.example.org`. Resolves with a verdict whatever the
 * network does. Rejects only with `SmtpError` for a target or option that cannot be, or when `signal` aborts (with its reason).
 */
export async function checkDestination(target: string, options: CheckOptions): Promise<DomainCheck> {
  const parsed = parseTarget(target);
  requireOptions(options);
  options.signal?.throwIfAborted();
  const { deadline, context } = start(options);
  const hostOptions: HostCheckOptions = { ...options, deadline, protocol: 'smtp', mode: 'smtp' };
  switch (parsed.kind) {
    case 'mail-domain':
      return checkMailDomain(target, Name.fromText(parsed.domain), context, hostOptions);
    case 'address-literal':
      return checkAddress(target, parsed.address, hostOptions);
    case 'service':
      return checkService(target, parsed, context, hostOptions);
  }
}

/** Said before anything is asked or connected to. */
function requireOptions({ port, helo, localAddress }: CheckOptions): void {
  requireHelo(helo);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new SmtpError('bad-option', 'the port must be 1 to 65535');
  }
  if (localAddress !== undefined && isIP(localAddress) === 0) {
    throw new SmtpError('bad-option', 'the address to connect from must be an IP address');
  }
}

function start(options: CheckOptions): { deadline: HostCheckOptions['deadline']; context: LookupContext } {
  const { resolver, signal, onProgress } = options;
  const deadline = deadlineAfter(options.timeoutMs ?? 30_000);
  const onLookup = onProgress
    ? (name: string, type: string): void => onProgress({ kind: 'lookup', name, type })
    : undefined;
  return { deadline, context: { resolver, deadline, signal, onLookup } };
}

async function checkMailDomain(
  target: string,
  domain: Name,
  context: LookupContext,
  options: HostCheckOptions,
): Promise<DomainCheck> {
  const outline = await outlineDestination(context, domain, options);
  if (outline.kind === 'failure') {
    const { dns } = outline;
    return conclude(
      target,
      'mail-domain',
      dns,
      [],
      domainVerdict({ mxStatus: dns.status, hosts: [] }),
      options,
    );
  }
  if (outline.kind !== 'hosts')
    return conclude(target, outline.kind, outline.dns, [], 'unprotected', options);
  const [hosts, unsigned] = await Promise.all([
    checkHosts(outline.questions, context, options),
    outline.dns.status === 'insecure' && outline.dns.negativeTrustAnchor === undefined
      ? unsignedZone(context, outline.chain)
      : undefined,
  ]);
  const dns: DomainDns = unsigned ? { ...outline.dns, unsigned } : outline.dns;
  // Neither MX nor address: nothing takes mail, and nobody could have forged otherwise unless the answers themselves are forged.
  const noMail = dns.outcome === 'nodata' && hosts.every(({ problem }) => problem?.stage === 'no-address');
  const verdict = noMail ? 'unprotected' : verdictOf(dns, hosts, options);
  return conclude(target, 'mail-domain', dns, hosts, verdict, options);
}

async function checkService(
  target: string,
  { host, port, protocol, mailTransfer }: Extract<Target, { kind: 'service' }>,
  context: LookupContext,
  options: HostCheckOptions,
): Promise<DomainCheck> {
  const name = Name.fromText(host);
  const origin = { kind: 'direct', nextHop: name } as const;
  const question = { host: name, preference: null, port, origin, insecureMx: 'dane', mailTransfer } as const;
  const hosts = await checkHosts([question], context, {
    ...options,
    protocol,
    mode: mailTransfer ? 'smtp' : 'general',
  });
  const dns = notAsked(hosts[0]!.host);
  return conclude(target, 'host', dns, hosts, verdictOf(dns, hosts, options), options);
}

/** DANE does not apply (rfc7672#section-2.2); the session still says whether mail would be encrypted. */
async function checkAddress(
  target: string,
  address: string,
  options: HostCheckOptions,
): Promise<DomainCheck> {
  const host: HostCheck = await checkHost(
    {
      host: address,
      preference: null,
      port: options.port ?? 25,
      policy: 'none',
      mxStatus: 'secure',
      addressStatus: 'insecure',
      addresses: [address],
      aliases: [],
      tlsa: NO_TLSA,
      referenceNames: [],
    },
    options,
  );
  return conclude(target, 'address-literal', notAsked(address), [host], 'unprotected', options);
}

function checkHosts(
  questions: readonly HostQuestion[],
  context: LookupContext,
  options: HostCheckOptions,
): Promise<HostCheck[]> {
  options.onProgress?.({ kind: 'planned', hosts: questions.map(({ host }) => host.toString().slice(0, -1)) });
  return Promise.all(hostPlans(context, questions).map(async (plan) => checkHost(await plan, options)));
}

function verdictOf(dns: DomainDns, hosts: readonly HostCheck[], { connect }: CheckOptions): DomainVerdict {
  const connected = connect !== false;
  const standings = hosts.map((host): HostStanding => {
    const standing = standingOf(host, connected);
    // An MX that names an address is connected to by some senders, not by us.
    const accepts = !connected || isIP(host.host) !== 0 || acceptsMail(host.sessions);
    return { standing, accepts };
  });
  return domainVerdict({ mxStatus: dns.status, hosts: standings });
}

function notAsked(domain: string): DomainDns {
  return { status: 'secure', outcome: 'not-asked', domain, expandedDomain: domain, aliases: [], mx: [] };
}

function conclude(
  target: string,
  kind: TargetKind,
  dns: DomainDns,
  hosts: readonly HostCheck[],
  verdict: DomainVerdict,
  options: CheckOptions,
): DomainCheck {
  const { clock = Date.now, warnDays = 14 } = options;
  const now = clock();
  const checkedAt = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const check = { target, kind, verdict, checkedAt, dns, hosts };
  return deepFreeze({ ...check, findings: findingsOf(check, { now, warnDays }) });
}
