/**
 * Where mail for a domain goes and what DANE asks of each host: DNS only, no connection. Nothing here decides whether a server is the
 * right one; it says which server must prove what.
 *
 * Terms: the *next hop* is the domain mail is addressed to; its *expansion* the name after its aliases. An *MX host* is a name of the
 * MX RRset; without MX records the next hop itself is the host. The *TLSA base domain* is the name whose `_25._tcp` holds the
 * records, hence the name to present in SNI.
 */
import { Name as DnsName, type Name } from '@mailanchor/dns';
import type { Resolver, ZoneLink } from '@mailanchor/dnssec';
import { type Deadline, deadlineAfter } from './deadline.ts';
import { defaultResolver } from './default-resolver.ts';
import { deepFreeze } from './freeze.ts';
import { limiter } from './limiter.ts';
import type { LookupContext } from './lookup.ts';
import { domainDns, isNullMx, lookupMx, orderMxHosts } from './mx.ts';
import { type HostQuestion, planHost, skippedHost } from './plan-host.ts';
import { parseDestination } from './target.ts';
import type { DomainDns, HostPlan } from './verdict.ts';

/** MX hosts that are looked up; a destination with more is not fully determined. */
const MAX_HOSTS = 64;
/** Hosts looked up at a time. */
const HOSTS_AT_A_TIME = 16;

export interface PlanOptions {
  /** Default: one that iterates by the built-in trust anchors, shared by the whole process. */
  readonly resolver?: Resolver;
  /** Default 25. */
  readonly port?: number;
  /** 0 to 1, for the order among equal preferences. Default Math.random. */
  readonly random?: () => number;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for all lookups together. Default 30000. */
  readonly timeoutMs?: number;
  /** Default 'dane'. */
  readonly insecureMx?: 'dane' | 'may';
  /** Names of the asking mail server: it and hosts of the same or a worse preference are dropped. */
  readonly ownHosts?: readonly string[];
}

export type DestinationPlan =
  | { readonly kind: 'hosts'; readonly dns: DomainDns; readonly hosts: readonly HostPlan[] }
  /** Permanent: the domain takes no mail (rfc7505#section-4). */
  | { readonly kind: 'null-mx'; readonly dns: DomainDns }
  /** Permanent: the domain does not exist. */
  | { readonly kind: 'no-such-domain'; readonly dns: DomainDns }
  /** The MX lookup failed: delay (rfc7672#section-2.1.2). */
  | { readonly kind: 'failure'; readonly dns: DomainDns }
  /** DANE does not apply (rfc7672#section-2.2). */
  | { readonly kind: 'address-literal'; readonly address: string };

/** What is known of a destination before its hosts are looked up. */
export type DestinationOutline =
  | {
      readonly kind: 'hosts';
      readonly dns: DomainDns;
      readonly questions: readonly HostQuestion[];
      /** Of the MX lookup. */
      readonly chain: readonly ZoneLink[];
    }
  | Extract<DestinationPlan, { kind: 'null-mx' | 'no-such-domain' | 'failure' }>;

/**
 * Plans a destination: a domain (`example.org`) or an address literal (`[192.0.2.1]`). All hosts are looked up at the same time.
 * Rejects only with `SmtpError` for what is no destination, or when `signal` aborts.
 */
export async function planDestination(
  destination: string,
  options: PlanOptions = {},
): Promise<DestinationPlan> {
  const target = parseDestination(destination);
  if (target.kind === 'address-literal') return Object.freeze(target);
  const context = lookupContext(options);
  const outline = await outlineDestination(context, DnsName.fromText(target.domain), options);
  if (outline.kind !== 'hosts') return deepFreeze(outline);
  return deepFreeze({
    kind: 'hosts',
    dns: outline.dns,
    hosts: await Promise.all(hostPlans(context, outline.questions)),
  });
}

/** The MX lookup and the hosts it names, in order. */
export async function outlineDestination(
  context: LookupContext,
  domain: Name,
  options: Pick<PlanOptions, 'port' | 'random' | 'insecureMx' | 'ownHosts'>,
): Promise<DestinationOutline> {
  const lookup = await lookupMx(context, domain);
  const { resolution, records } = lookup;
  const dns = domainDns(domain, lookup);
  const { chain } = resolution;
  const common = {
    port: options.port ?? 25,
    insecureMx: options.insecureMx ?? 'dane',
    mailTransfer: true,
  } as const;
  switch (resolution.kind) {
    case 'failure':
      return { kind: 'failure', dns };
    case 'nxdomain':
      return { kind: 'no-such-domain', dns };
    case 'nodata': {
      // Securely proven or not, the domain is then its own host.
      const origin = { kind: 'direct', nextHop: domain } as const;
      const question = { ...common, host: domain, preference: null, origin };
      return { kind: 'hosts', dns, chain, questions: [question] };
    }
    case 'answer': {
      if (isNullMx(records)) return { kind: 'null-mx', dns };
      const { status, canonicalName: expanded } = resolution;
      const origin = { kind: 'mx', status, nextHop: domain, expanded } as const;
      const hosts = orderMxHosts(records, {
        random: options.random ?? Math.random,
        ownHosts: options.ownHosts?.map((text) => DnsName.fromText(text)),
      });
      const questions = hosts.map(({ host, preference }) => ({ ...common, host, preference, origin }));
      return { kind: 'hosts', dns, chain, questions };
    }
  }
}

/** A plan for each question, under way; in the order of the questions. */
export function hostPlans(context: LookupContext, questions: readonly HostQuestion[]): Promise<HostPlan>[] {
  const limit = limiter(HOSTS_AT_A_TIME);
  return questions.map((question, index) =>
    index < MAX_HOSTS ? limit(() => planHost(context, question)) : Promise.resolve(skippedHost(question)),
  );
}

export function lookupContext(
  options: Pick<PlanOptions, 'resolver' | 'signal' | 'timeoutMs'>,
  deadline: Deadline = deadlineAfter(options.timeoutMs ?? 30_000),
): LookupContext {
  return { resolver: options.resolver ?? defaultResolver(), deadline, signal: options.signal };
}
