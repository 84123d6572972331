/**
 * Checks a destination end to end: plan, sessions, verdicts, findings. Every host goes its own way from its lookups to its sessions, so
 * that a slow one does not hold up the others.
 */
import { isIP } from 'node:net';
import { Name } from '@mailanchor/dns';
import { besideDane } from './beside-dane.ts';
import { type CheckFrame, checkHosts, conclude, inspect, notAsked, verdictOf } from './check-frame.ts';
import { checkHost, type HostCheckOptions } from './check-host.ts';
import type { CheckOptions } from './check-options.ts';
import { checkHostService, checkSrvService } from './check-service.ts';
import { deadlineAfter } from './deadline.ts';
import { domainVerdict } from './domain-verdict.ts';
import { SmtpError } from './errors.ts';
import type { LookupContext } from './lookup.ts';
import { type FetchPolicy, policyFetcher } from './mta-sts/fetch.ts';
import { outlineDestination } from './plan.ts';
import { requireHelo } from './session.ts';
import { parseTarget } from './target.ts';
import { NO_TLSA } from './tlsa-report.ts';
import { unsignedZone } from './unsigned-zone.ts';
import type { DomainCheck, DomainDns, HostCheck } from './verdict.ts';
import { domainQuestions } from './zone-inspection/questions.ts';

/**
 * Checks a target: `example.org`, `[192.0.2.1]`, `mx.example.org:25`, `imaps://imap.example.org`, `_imaps._tcp.example.org`. Resolves
 * with a verdict whatever the network does. Rejects only with `SmtpError` for a target or option that cannot be, or when `signal` aborts
 * (with its reason).
 */
export async function checkDestination(target: string, options: CheckOptions): Promise<DomainCheck> {
  const parsed = parseTarget(target);
  requireOptions(options);
  options.signal?.throwIfAborted();
  const { deadline, context } = start(options);
  const hostOptions: HostCheckOptions = { ...options, deadline, protocol: 'smtp', mode: 'smtp' };
  const frame: CheckFrame = { target, context, options: hostOptions };
  switch (parsed.kind) {
    case 'mail-domain':
      return checkMailDomain(Name.fromText(parsed.domain), frame);
    case 'address-literal':
      return checkAddress(parsed.address, frame);
    case 'service':
      return checkHostService(parsed, frame);
    case 'srv-service':
      return checkSrvService(parsed, frame);
  }
}

/** Said before anything is asked or connected to. */
function requireOptions({ port, helo, localAddress }: CheckOptions): void {
  requireHelo(helo);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new SmtpError('bad-option', 'the port must be 1 to 65535');
  }
  if ([localAddress ?? []].flat().some((address) => isIP(address) === 0)) {
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

async function checkMailDomain(domain: Name, { target, context, options }: CheckFrame): Promise<DomainCheck> {
  // Needs nothing of what follows, and is told for a domain with mail hosts.
  const besides = options.besideDane === false ? undefined : besideDane(context, domain, fetchOf(options));
  besides?.catch(() => {});
  const outline = await outlineDestination(context, domain, options);
  if (outline.kind !== 'hosts') {
    const { kind, dns } = outline;
    // Of a domain that does not exist there are no servers to ask.
    const inspection = await inspect(kind === 'no-such-domain' ? [] : domainQuestions(dns), options);
    if (kind !== 'failure')
      return conclude({ target, kind, dns, hosts: [], verdict: 'unprotected' }, options, inspection);
    const verdict = domainVerdict({ mxStatus: dns.status, hosts: [] });
    return conclude({ target, kind: 'mail-domain', dns, hosts: [], verdict }, options, inspection);
  }
  const [{ hosts, inspection }, unsigned, beside] = await Promise.all([
    checkHosts(outline.questions, context, options, domainQuestions(outline.dns)),
    outline.dns.status === 'insecure' && outline.dns.negativeTrustAnchor === undefined
      ? unsignedZone(context, outline.chain)
      : undefined,
    besides,
  ]);
  const dns: DomainDns = unsigned ? { ...outline.dns, unsigned } : outline.dns;
  // Neither MX nor address: nothing takes mail, and nobody could have forged otherwise unless the answers themselves are forged.
  const noMail = dns.outcome === 'nodata' && hosts.every(({ problem }) => problem?.stage === 'no-address');
  const verdict = noMail ? 'unprotected' : verdictOf(dns, hosts, options);
  return conclude(
    { target, kind: 'mail-domain', dns, ...(beside && { beside }), hosts, verdict },
    options,
    inspection,
  );
}

function fetchOf({ connect, fetchPolicy }: CheckOptions): FetchPolicy | undefined {
  return connect === false ? undefined : (fetchPolicy ?? policyFetcher());
}

/** DANE does not apply (rfc7672#section-2.2); the session still says whether mail would be encrypted. */
async function checkAddress(address: string, { target, options }: CheckFrame): Promise<DomainCheck> {
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
  const dns = notAsked(address);
  return conclude({ target, kind: 'address-literal', dns, hosts: [host], verdict: 'unprotected' }, options);
}
