/** The part of `check --sending` that asks: the resolvers of this machine, the root for the time, mail hosts for a connection. */
import { createTransport, Name, RRType, type Transport } from '@mailanchor/dns';
import type { Lookup } from '../lookup.ts';
import { judgeClock } from './clock-check.ts';
import { gatherEvidence } from './clock-evidence.ts';
import { incomplete, type SendingFinding } from './finding-table.ts';
import { type ConnectionTried, portFindings, tryMailHosts } from './port-25.ts';
import { resolverFindings } from './resolver-findings.ts';
import { probeResolver, type ResolverProbe } from './resolver-probe.ts';
import type { SendingSettings } from './settings.ts';

/** Milliseconds for a lookup of ours: where nothing gets out, the wait must end soon. */
const LOOKUP_MS = 10_000;

export interface NetworkResult {
  readonly resolvers: readonly ResolverProbe[];
  readonly connections: readonly ConnectionTried[];
  /** How well the clock was seen. */
  readonly clock: string;
  readonly findings: readonly SendingFinding[];
}

export async function lookAtNetwork(
  nameservers: readonly string[],
  targets: readonly string[],
  settings: SendingSettings,
  lookup: Lookup,
  signal: AbortSignal,
): Promise<NetworkResult> {
  const transport = createTransport();
  try {
    const timeoutMs = Math.min(LOOKUP_MS, settings.lookup.timeoutMs);
    const { port } = settings;
    const mail = { resolver: lookup.resolver, port, signal, timeoutMs };
    const [probed, connections] = await Promise.all([
      lookAtResolvers(nameservers, settings, lookup, { transport, signal, timeoutMs }),
      tryMailHosts(targets, mail),
    ]);
    const rootSignatures = probed.resolvers.flatMap(({ signatures }) => signatures);
    const limits = { signal, timeoutMs };
    const clock = await judgeClock(await gatherEvidence(targets, rootSignatures, settings, lookup, limits));
    const blocked = targets.length === 0 ? [] : portFindings(connections, port);
    return {
      resolvers: probed.resolvers,
      connections,
      clock: clock.seen,
      findings: [...probed.findings, ...clock.findings, ...blocked],
    };
  } finally {
    await transport.close();
  }
}

async function lookAtResolvers(
  nameservers: readonly string[],
  { bogusName, resolverPort }: SendingSettings,
  { resolver }: Lookup,
  { transport, signal, timeoutMs }: { transport: Transport; signal: AbortSignal; timeoutMs: number },
): Promise<{ resolvers: readonly ResolverProbe[]; findings: readonly SendingFinding[] }> {
  const own = { signal, timeoutMs };
  const [root, bogus] = await Promise.all([
    resolver.resolve(Name.root, RRType.SOA, own),
    bogusName && resolver.resolve(bogusName, RRType.A, own),
  ]);
  const isBogus = bogus?.status === 'bogus' ? bogusName : undefined;
  const options = { transport, port: resolverPort, signal, bogusName: isBogus };
  const resolvers = await Promise.all(nameservers.map((address) => probeResolver(address, options)));
  const findings: SendingFinding[] = [];
  if (bogusName && !isBogus) {
    const text = `To our own validation ${bogusName} is not bogus but ${bogus?.status}: it was not used.`;
    findings.push(incomplete('--bogus-name', text));
  }
  if (root.status !== 'secure') {
    const why = root.reason?.text ?? 'no trust anchor for the root';
    const text = `Our own validation of the root is ${root.status}: ${why}.`;
    findings.push(incomplete('DNSSEC', `${text} The resolvers were judged without it.`));
  }
  // Where the root is proven insecure, or left out by setting, nobody owes a signature.
  const owed = root.status === 'insecure' ? [] : resolverFindings(resolvers, isBogus?.toString());
  return { resolvers, findings: [...owed, ...findings] };
}
