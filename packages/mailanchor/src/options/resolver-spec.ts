/** `--resolver SPEC` and `--forward-zone ZONE=SPEC`: whom to ask. */
import { isIP } from 'node:net';
import type { Endpoint } from '@mailanchor/dns';
import { Name } from '@mailanchor/dns';
import { messageOf, UsageError } from '../errors.ts';
import { bad, type Given, parsePort, shown } from './given.ts';

export type ResolverMode =
  | { readonly kind: 'iterate' }
  | { readonly kind: 'forward'; readonly servers: readonly Endpoint[] };

export interface ForwardZone {
  readonly zone: Name;
  readonly servers: readonly Endpoint[];
}

export function parseResolver(given: Given): ResolverMode {
  if (given.value.trim().toLowerCase() === 'iterate') return { kind: 'iterate' };
  return { kind: 'forward', servers: [parseServer(given)] };
}

/** `ZONE=SPEC`. Several SPECs of one zone are several options. */
export function parseForwardZone(given: Given): ForwardZone {
  const split = given.value.indexOf('=');
  if (split <= 0) throw bad(given, 'ZONE=ADDRESS, such as corp.example=192.0.2.53');
  const zone = parseZone({ ...given, value: given.value.slice(0, split) });
  return { zone, servers: [parseServer({ ...given, value: given.value.slice(split + 1) })] };
}

/** A name of the DNS as the user writes it; relative is absolute. */
export function parseZone(given: Given): Name {
  try {
    return Name.fromText(given.value.trim());
  } catch (error) {
    throw new UsageError(`${given.from}: ${shown(given.value)} is not a domain name: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** `ADDR`, `ADDR:PORT`, `[V6]`, `[V6]:PORT`, a bare IPv6 address. */
export function parseServer(given: Given): Endpoint {
  const text = given.value.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === 'tls' || scheme === 'https') {
    const which = scheme === 'tls' ? 'DNS over TLS' : 'DNS over HTTPS';
    throw new UsageError(
      `${given.from}: ${which} is not supported yet. Use iterate, or an address such as 192.0.2.53`,
    );
  }
  const wants = 'iterate or an address such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353';
  if (isIP(text) !== 0) return { address: text, port: 53 };
  const parts = /^(?:\[([^\]]+)\]|([0-9.]+))(?::([0-9]+))?$/.exec(text);
  const address = parts?.[1] ?? parts?.[2] ?? '';
  if (!parts || isIP(address) !== (parts[1] === undefined ? 4 : 6)) throw bad(given, wants);
  return { address, port: parts[3] === undefined ? 53 : parsePort({ ...given, value: parts[3] }) };
}
