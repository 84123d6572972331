/**
 * A service that a domain offers through SRV records (rfc7673): which hosts it is at, and what DANE asks of each.
 *
 *   SRV bogus, or the lookup fails    nothing is connected to (rfc7673#section-3.1)
 *   SRV insecure                      its hosts are looked at, but DANE does not apply to them
 *   no SRV records                    not offered, or at the domain itself for a protocol that has it so (rfc6120#section-3.2.2)
 *   SRV `.`                           not offered, and said so
 */
import { Name as DnsName, type Name } from '@mailanchor/dns';
import type { ZoneLink } from '@mailanchor/dnssec';
import { aliasReports, type LookupContext, lookupReason } from './lookup.ts';
import { nameText } from './name-text.ts';
import type { HostQuestion } from './plan-host.ts';
import { isNotOffered, lookupSrv, orderSrvTargets, type SrvLookup } from './srv.ts';
import type { Target } from './target.ts';
import type { DomainDns } from './verdict.ts';

export type ServiceOutline =
  | {
      readonly kind: 'hosts';
      readonly dns: DomainDns;
      readonly questions: readonly HostQuestion[];
      /** Of the SRV lookup. */
      readonly chain: readonly ZoneLink[];
    }
  /** The SRV lookup failed: no connection. */
  | { readonly kind: 'failure'; readonly dns: DomainDns }
  | { readonly kind: 'no-such-service'; readonly dns: DomainDns };

type SrvTarget = Extract<Target, { kind: 'srv-service' }>;

export async function outlineService(
  context: LookupContext,
  { domain: text, owner, fallbackPort }: SrvTarget,
  random: () => number = Math.random,
): Promise<ServiceOutline> {
  const domain = DnsName.fromText(text);
  const lookup = await lookupSrv(context, DnsName.fromText(owner));
  const { resolution, records } = lookup;
  const dns = serviceDns(domain, lookup);
  const common = { insecureMx: 'dane', mailTransfer: false } as const;
  switch (resolution.kind) {
    case 'failure':
      return { kind: 'failure', dns };
    case 'nodata':
    case 'nxdomain': {
      if (fallbackPort === null) return { kind: 'no-such-service', dns };
      const origin = { kind: 'direct', nextHop: domain } as const;
      const question = { ...common, host: domain, preference: null, port: fallbackPort, origin };
      return { kind: 'hosts', dns, chain: resolution.chain, questions: [question] };
    }
    case 'answer': {
      if (isNotOffered(records)) return { kind: 'no-such-service', dns };
      const origin = { kind: 'srv', status: resolution.status, domain } as const;
      const questions = orderSrvTargets(records, random).map(({ target, priority, port }) => ({
        ...common,
        host: target,
        preference: priority,
        port,
        origin,
      }));
      return { kind: 'hosts', dns, chain: resolution.chain, questions };
    }
  }
}

function serviceDns(domain: Name, { resolution, records }: SrvLookup): DomainDns {
  const reason = lookupReason(resolution);
  const { negativeTrustAnchor, name } = resolution;
  const text = nameText(domain);
  return {
    status: resolution.status,
    outcome: resolution.kind,
    domain: text,
    expandedDomain: text,
    aliases: aliasReports(resolution),
    mx: [],
    srv: {
      owner: nameText(name),
      records: records.map(({ priority, weight, port, target }) => ({
        priority,
        weight,
        port,
        target: nameText(target),
      })),
    },
    ...(negativeTrustAnchor ? { negativeTrustAnchor: nameText(negativeTrustAnchor) } : {}),
    ...(reason ? { reason } : {}),
  };
}
