/**
 * Where mail for a domain goes, and what each host must prove: by DNS alone, nothing is connected to.
 *
 *     npx node examples/plan-destination.ts example.org
 *
 * With the lab, which prints them (`npx mailanchor lab`): LAB_HINTS, LAB_ANCHOR, LAB_DNS_PORT and LAB_PORT.
 */
import { readFileSync } from 'node:fs';
import { createResolver, parseRootHints, parseTrustAnchors } from '@mailanchor/dnssec';
import { type PlanOptions, planDestination } from '@mailanchor/smtp';

const [domain] = process.argv.slice(2);
if (domain === undefined) {
  console.error('usage: plan-destination.ts DOMAIN');
  process.exit(2);
}

const plan = await planDestination(domain, labOptions());
switch (plan.kind) {
  case 'hosts':
    console.log(`MX ${plan.dns.status}`);
    for (const { preference, host, policy, tlsa, problem } of plan.hosts) {
      const records = tlsa.usable.map(({ usage, selector, matching }) => `${usage} ${selector} ${matching}`);
      console.log([preference ?? '-', host, policy, problem?.text ?? records.join(', ')].join('  ').trim());
    }
    break;
  case 'failure':
    console.log(`delay: ${plan.dns.status}: ${plan.dns.reason?.text}`);
    process.exitCode = 75;
    break;
  default:
    console.log(plan.kind);
    process.exitCode = plan.kind === 'address-literal' ? 0 : 1;
}

/** Nothing is needed outside the lab. */
function labOptions(): PlanOptions {
  const { LAB_HINTS: hints, LAB_ANCHOR: anchor, LAB_DNS_PORT: dnsPort, LAB_PORT: port } = process.env;
  if (!hints || !anchor) return {};
  const resolver = createResolver({
    rootHints: parseRootHints(readFileSync(hints, 'utf8')),
    trustAnchors: parseTrustAnchors(readFileSync(anchor, 'utf8')),
    dnsPort: Number(dnsPort ?? 53),
  });
  return { resolver, port: Number(port ?? 25) };
}
