/** Servers that are asked instead of the Internet's own: where they are, and how each is spoken to. */
import {
  createHttpsTransport,
  createTlsTransport,
  lookUpServer,
  type TlsServerOptions,
  type Transport,
} from '@mailanchor/dns';
import type { ServerEndpoint } from '@mailanchor/dnssec';
import { messageOf, UsageError } from './errors.ts';
import type { SecureServer, ServerSpec } from './options/resolver-spec.ts';

export interface UpstreamOptions {
  /** PEM of the certification authorities believed; default: those of Node and of the system. */
  readonly ca?: NonNullable<TlsServerOptions['ca']>;
  /** Addresses of a host; default the system's. */
  readonly lookUp?: (host: string) => Promise<readonly string[]>;
}

/** Addresses of one server that are tried. */
const MAX_ADDRESSES = 4;

/** Throws `UsageError` where a server's name has no address. */
export async function openServers(
  specs: readonly ServerSpec[],
  options: UpstreamOptions = {},
): Promise<readonly ServerEndpoint[]> {
  const servers = await Promise.all(
    specs.map((spec) => ('address' in spec ? [spec] : openSecure(spec, options))),
  );
  return servers.flat();
}

async function openSecure(server: SecureServer, options: UpstreamOptions): Promise<ServerEndpoint[]> {
  const { lookUp = lookUpServer, ca } = options;
  const { host, port, label, from } = server;
  let addresses: readonly string[];
  try {
    addresses = await lookUp(host);
  } catch (error) {
    throw new UsageError(
      `${from}: ${messageOf(error)}. Write its address instead, or mend the system's own resolver`,
      {
        cause: error,
      },
    );
  }
  const transport = transportOf(server, ca === undefined ? {} : { ca });
  return addresses.slice(0, MAX_ADDRESSES).map((address) => ({
    address,
    port,
    transport,
    label: addresses.length > 1 ? `${label} (${address})` : label,
  }));
}

function transportOf({ via, host, label }: SecureServer, ca: Pick<TlsServerOptions, 'ca'>): Transport {
  return via === 'tls'
    ? createTlsTransport({ servername: host, ...ca })
    : createHttpsTransport({ url: label, ...ca });
}
