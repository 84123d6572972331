/** The hosts of a destination, in the order in which they are tried; their plans are under way at the same time. */
import { Name } from '@mailanchor/dns';
import type { LookupContext } from '../lookup.ts';
import { hostPlans, outlineDestination } from '../plan.ts';
import { planRelay } from '../plan-relay.ts';
import type { Target } from '../target.ts';
import { NO_TLSA } from '../tlsa-report.ts';
import type { DomainDns, HostPlan } from '../verdict.ts';
import { failed, type Outcome, ofMxLookup } from './outcome.ts';
import type { ConnectMxOptions, MxDeferred, MxFailed } from './types.ts';

export type MxHosts =
  /** `dns` null: no MX lookup is made. */
  | { readonly kind: 'hosts'; readonly dns: DomainDns | null; readonly plans: readonly Promise<HostPlan>[] }
  | { readonly kind: 'none'; readonly dns: DomainDns; readonly outcome: Outcome<MxDeferred | MxFailed> };

type Destination = Extract<Target, { kind: 'mail-domain' | 'address-literal' }>;

export async function mxHosts(
  destination: Destination,
  options: Pick<ConnectMxOptions, 'relay' | 'port' | 'insecureMx' | 'ownHosts' | 'random'>,
  context: LookupContext,
): Promise<MxHosts> {
  const { relay, port = 25, insecureMx, ownHosts, random } = options;
  if (relay !== undefined) {
    const { resolver, signal, deadline } = context;
    const plan = await planRelay(relay, { resolver, signal, port, timeoutMs: deadline.remainingMs() });
    const hosts = plan.kind === 'hosts' ? plan.hosts : [];
    return { kind: 'hosts', dns: null, plans: hosts.map((host) => Promise.resolve(host)) };
  }
  if (destination.kind === 'address-literal') {
    return { kind: 'hosts', dns: null, plans: [Promise.resolve(literalPlan(destination.address, port))] };
  }
  const { domain } = destination;
  const outline = await outlineDestination(context, Name.fromText(domain), {
    port,
    // Records that are looked up and not insisted on still tell reports the truth.
    insecureMx: insecureMx === 'may' ? 'may' : 'dane',
    ...(ownHosts && { ownHosts }),
    ...(random && { random }),
  });
  const { dns } = outline;
  switch (outline.kind) {
    case 'failure':
      return { kind: 'none', dns, outcome: ofMxLookup(dns) };
    case 'null-mx':
      return { kind: 'none', dns, outcome: failed('null-mx', `${domain} takes no mail (null MX)`) };
    case 'no-such-domain':
      return { kind: 'none', dns, outcome: failed('no-such-domain', `${domain} does not exist`) };
    case 'hosts': {
      const { questions } = outline;
      if (questions.length === 0) {
        const text = `mail for ${domain} loops back: the best of its mail hosts is this one`;
        return { kind: 'none', dns, outcome: failed('loop', text) };
      }
      const plans = hostPlans(context, questions);
      for (const plan of plans) plan.catch(() => {});
      return { kind: 'hosts', dns, plans };
    }
  }
}

/** DANE does not apply to an address that the sender was given (rfc7672#section-2.2). */
function literalPlan(address: string, port: number): HostPlan {
  return {
    host: address,
    preference: null,
    port,
    policy: 'none',
    mxStatus: 'insecure',
    addressStatus: 'insecure',
    addresses: [address],
    aliases: [],
    tlsa: NO_TLSA,
    referenceNames: [],
  };
}
