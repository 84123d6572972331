/** `--resolver SPEC` and `--forward-zone ZONE=SPEC`: whom to ask. */
import { isIP } from 'node:net';
import { type Endpoint, httpsEndpoint, Name, TLS_PORT } from '@mailanchor/dns';
import { messageOf, UsageError } from '../errors.ts';
import { bad, type Given, parsePort, shown } from './given.ts';

/** A server that answers over TLS or HTTPS alone, known by name or address: where it is has still to be looked up. */
export interface SecureServer {
  readonly via: 'tls' | 'https';
  /** Name, or address without brackets; what the certificate has to be for. */
  readonly host: string;
  readonly port: number;
  /** As the user wrote it; of `https`, the URL to ask. */
  readonly label: string;
  /** The setting that names it. */
  readonly from: string;
}

/** Plain DNS, over UDP and TCP, where it is an endpoint. */
export type ServerSpec = Endpoint | SecureServer;

export type ResolverMode =
  | { readonly kind: 'iterate' }
  | { readonly kind: 'forward'; readonly servers: readonly ServerSpec[] };

export interface ForwardZone {
  readonly zone: Name;
  readonly servers: readonly ServerSpec[];
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

/** `ADDR`, `ADDR:PORT`, `[V6]`, `[V6]:PORT`, a bare IPv6 address; `tls://HOST[:PORT]`; `https://HOST[:PORT]/PATH`. */
export function parseServer(given: Given): ServerSpec {
  const text = given.value.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === 'tls') return parseTls(given, text);
  if (scheme === 'https') return parseHttps(given, text);
  const wants =
    'iterate, an address such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353, tls://HOST or https://HOST/PATH';
  if (isIP(text) !== 0) return { address: text, port: 53 };
  const parts = /^(?:\[([^\]]+)\]|([0-9.]+))(?::([0-9]+))?$/.exec(text);
  const address = parts?.[1] ?? parts?.[2] ?? '';
  if (!parts || isIP(address) !== (parts[1] === undefined ? 4 : 6)) throw bad(given, wants);
  return { address, port: parts[3] === undefined ? 53 : parsePort({ ...given, value: parts[3] }) };
}

function parseTls(given: Given, text: string): SecureServer {
  const wants = 'tls://HOST or tls://HOST:PORT, such as tls://dns.example or tls://192.0.2.53:853';
  const parts = /^tls:\/\/(?:\[([^\]]+)\]|([^:/?#@[\]]+))(?::([0-9]+))?\/?$/i.exec(text);
  const host = (parts?.[1] ?? parts?.[2] ?? '').toLowerCase();
  if (!parts || !isHost(host, parts[1] !== undefined)) throw bad(given, wants);
  const port = parts[3] === undefined ? TLS_PORT : parsePort({ ...given, value: parts[3] });
  return { via: 'tls', host, port, label: text, from: given.from };
}

function parseHttps(given: Given, text: string): SecureServer {
  let host: string;
  let port: number;
  try {
    ({ host, port } = httpsEndpoint(text));
  } catch {
    throw bad(given, 'https://HOST/PATH, such as https://dns.example/dns-query');
  }
  if (/[{}]/.test(text)) throw bad(given, 'a URL to be asked by POST: leave out the {?dns}');
  return { via: 'https', host, port, label: text, from: given.from };
}

/** An IPv6 address stands in brackets, and nothing else does. */
function isHost(host: string, bracketed: boolean): boolean {
  if (bracketed) return isIP(host) === 6;
  if (isIP(host) !== 0) return isIP(host) === 4;
  try {
    // A name that ends in a number is a mistyped address.
    return !/(^|\.)[0-9]+\.?$/.test(host) && !Name.fromText(host).isRoot;
  } catch {
    return false;
  }
}
