/** A host that the sender names itself, as a relay: no MX lookup, and nobody else's word is in between (rfc7672#section-2.2). */
import { Name } from '@mailanchor/dns';
import { deepFreeze } from './freeze.ts';
import { type DestinationPlan, lookupContext, type PlanOptions } from './plan.ts';
import { planHost } from './plan-host.ts';
import { parseDomain } from './target.ts';

/** `host` is a name. Rejects with `SmtpError` for what is none, and when `signal` aborts. */
export async function planRelay(
  host: string,
  options: Pick<PlanOptions, 'resolver' | 'port' | 'signal' | 'timeoutMs'> = {},
): Promise<DestinationPlan> {
  const domain = parseDomain(host);
  const name = Name.fromText(domain);
  const plan = await planHost(lookupContext(options), {
    host: name,
    preference: null,
    port: options.port ?? 25,
    origin: { kind: 'direct', nextHop: name },
    insecureMx: 'dane',
    mailTransfer: true,
  });
  return deepFreeze({
    kind: 'hosts',
    dns: { status: 'secure', outcome: 'not-asked', domain, expandedDomain: domain, aliases: [], mx: [] },
    hosts: [plan],
  });
}
