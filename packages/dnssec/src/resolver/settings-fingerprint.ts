/** What makes answers what they are, as one hash: a snapshot made under other settings is another resolver's. */
import { createHash } from 'node:crypto';
import { hexEncode, Name, type ResourceRecord } from '@mailanchor/dns';
import type { Budgets } from '../budget.ts';
import type { NegativeTrustAnchor } from '../negative-trust-anchor.ts';
import { rootTrustAnchors } from '../trust-anchor.ts';
import { type ServerEndpoint, serverId } from './exchange.ts';
import type { ResolverOptions } from './resolver-options.ts';

/** 32 octets. The order in which anchors, zones and servers are given does not matter. */
export function settingsFingerprint(options: ResolverOptions, budgets: Budgets): Uint8Array {
  const { mode = { kind: 'iterate' }, trustAnchors = rootTrustAnchors(), sha1 = false } = options;
  const settings = {
    anchors: trustAnchors.map(recordKey).sort(),
    negative: (options.negativeTrustAnchors ?? [])
      .map((anchor) => (anchor instanceof Name ? { zone: anchor } : anchor))
      .map(({ zone, until }: NegativeTrustAnchor) => `${zone.toLowerCase()} ${until ?? ''}`)
      .sort(),
    skew: options.clockSkewSeconds ?? 0,
    sha1,
    iterations: [budgets.nsec3Iterations, budgets.nsec3IterationsRefused],
    mode: mode.kind === 'forward' ? mode.servers.map(serverKey).sort() : 'iterate',
    forward: (options.forwardZones ?? [])
      .map(({ zone, servers }) => `${zone.toLowerCase()} ${servers.map(serverKey).sort().join(' ')}`)
      .sort(),
    hints:
      mode.kind === 'iterate' ? (options.rootHints ?? []).flatMap(({ addresses }) => addresses).sort() : [],
    port: options.dnsPort ?? 53,
  };
  return createHash('sha256').update(JSON.stringify(settings)).digest();
}

function recordKey({ name, type, rdata }: ResourceRecord): string {
  return `${name.toLowerCase()} ${type} ${hexEncode(rdata)}`;
}

function serverKey(server: ServerEndpoint): string {
  return `${server.address}#${server.port} ${serverId(server)}`;
}
