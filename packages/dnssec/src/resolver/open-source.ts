/** Where answers come from, as the options say: the Internet itself, other resolvers, and zones that are asked elsewhere. */
import { networkInterfaces } from 'node:os';
import { Name } from '@mailanchor/dns';
import type { Source } from '../source.ts';
import type { Exchanger } from './exchange.ts';
import { Forwarder } from './forward.ts';
import { IterativeSource } from './iterate.ts';
import type { ResolverOptions } from './resolver-options.ts';
import { builtInRootHints } from './root-hints.ts';
import { Router } from './route.ts';
import type { ServerStats } from './server-stats.ts';

export interface SourceParts {
  readonly exchanger: Exchanger;
  readonly stats: ServerStats;
  /** Epoch seconds. */
  readonly now: () => number;
}

export function openSource(options: ResolverOptions, { exchanger, stats, now }: SourceParts): Source {
  const { mode = { kind: 'iterate' } } = options;
  const iterate = () =>
    new IterativeSource({
      exchanger,
      stats,
      now,
      rootHints: options.rootHints ?? builtInRootHints(),
      port: options.dnsPort ?? 53,
      qnameMinimisation: options.qnameMinimisation ?? 'relaxed',
      families: options.families ?? { ipv4: true, ipv6: hasGlobalIpv6() },
    });
  const fallback: Source =
    mode.kind === 'forward'
      ? new Forwarder({ exchanger, stats, now, servers: mode.servers, zone: Name.root })
      : iterate();
  const routes = (options.forwardZones ?? []).map(({ zone, servers }) => ({
    zone,
    // Each with referrals of its own: what is told inside one zone is nothing to another.
    source: new Forwarder({ exchanger, stats, now, servers, zone, below: iterate() }),
  }));
  return routes.length > 0 ? new Router(fallback, routes) : fallback;
}

/** Whether any interface has an IPv6 address that reaches beyond the link. One on loopback counts: services live on such ones. */
function hasGlobalIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(
      ({ family, address }) => family === 'IPv6' && address !== '::1' && !/^f[ed]/i.test(address),
    ),
  );
}
