/** Checks a TLS service: of a host that the caller named, or of a domain that says by SRV records where it is (rfc7673). */
import { Name } from '@mailanchor/dns';
import { type CheckFrame, checkHosts, conclude, notAsked, verdictOf } from './check-frame.ts';
import type { HostCheckOptions } from './check-host.ts';
import { domainVerdict } from './domain-verdict.ts';
import { outlineService } from './plan-service.ts';
import type { Target } from './target.ts';
import { unsignedZone } from './unsigned-zone.ts';
import type { DomainCheck, DomainDns } from './verdict.ts';

export async function checkHostService(
  { host, port, protocol, mailTransfer }: Extract<Target, { kind: 'service' }>,
  { target, context, options }: CheckFrame,
): Promise<DomainCheck> {
  const name = Name.fromText(host);
  const origin = { kind: 'direct', nextHop: name } as const;
  const question = { host: name, preference: null, port, origin, insecureMx: 'dane', mailTransfer } as const;
  const hostOptions: HostCheckOptions = { ...options, protocol, mode: mailTransfer ? 'smtp' : 'general' };
  const { hosts, inspection } = await checkHosts([question], context, hostOptions);
  const dns = notAsked(hosts[0]!.host);
  const verdict = verdictOf(dns, hosts, options);
  return conclude({ target, kind: 'host', dns, hosts, verdict }, hostOptions, inspection);
}

export async function checkSrvService(
  service: Extract<Target, { kind: 'srv-service' }>,
  { target, context, options }: CheckFrame,
): Promise<DomainCheck> {
  const hostOptions: HostCheckOptions = {
    ...options,
    protocol: service.protocol,
    mode: 'general',
    domain: service.domain,
  };
  const outline = await outlineService(context, service, options.random);
  if (outline.kind === 'no-such-service') {
    const { kind, dns } = outline;
    return conclude({ target, kind, dns, hosts: [], verdict: 'unprotected' }, hostOptions);
  }
  const kind = 'srv-service';
  if (outline.kind === 'failure') {
    const { dns } = outline;
    const verdict = domainVerdict({ mxStatus: dns.status, hosts: [] });
    return conclude({ target, kind, dns, hosts: [], verdict }, hostOptions);
  }
  const [{ hosts, inspection }, unsigned] = await Promise.all([
    checkHosts(outline.questions, context, hostOptions),
    outline.dns.status === 'insecure' && outline.dns.negativeTrustAnchor === undefined
      ? unsignedZone(context, outline.chain)
      : undefined,
  ]);
  const dns: DomainDns = unsigned ? { ...outline.dns, unsigned } : outline.dns;
  const verdict = verdictOf(dns, hosts, options);
  return conclude({ target, kind, dns, hosts, verdict }, hostOptions, inspection);
}
