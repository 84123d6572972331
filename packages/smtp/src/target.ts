/**
 * What a user may give to `check`: a mail domain, `host:port`, the URL of a TLS service, or the owner name of its SRV records.
 */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { Name } from '@mailanchor/dns';
import { SmtpError } from './errors.ts';
import {
  isServiceName,
  protocolOfPort,
  SERVICES,
  type Service,
  type ServiceName,
  type ServiceProtocol,
  serviceOfLabel,
} from './service.ts';

export type Target =
  | { readonly kind: 'mail-domain'; readonly domain: string }
  | { readonly kind: 'address-literal'; readonly address: string }
  | {
      readonly kind: 'service';
      readonly host: string;
      readonly port: number;
      readonly protocol: ServiceProtocol;
      /** Whether this is MTA-to-MTA SMTP, for which usages 0 and 1 are unusable (rfc7672#section-3.1.3). */
      readonly mailTransfer: boolean;
    }
  /** A service of a domain, to be found through SRV records (rfc7673). */
  | {
      readonly kind: 'srv-service';
      readonly service: ServiceName;
      readonly domain: string;
      /** Owner of the SRV records, as `_imaps._tcp.example.org`. */
      readonly owner: string;
      readonly protocol: ServiceProtocol;
      /** Where the service is at the domain itself if there are no SRV records; null: then it is not offered. */
      readonly fallbackPort: number | null;
    };

type Destination = Extract<Target, { kind: 'mail-domain' | 'address-literal' }>;
type ServiceTarget = Extract<Target, { kind: 'service' | 'srv-service' }>;

/** A mail domain or an address literal, and nothing else. Throws `SmtpError` 'bad-target'. */
export function parseDestination(text: string): Destination {
  const trimmed = text.trim();
  return parseLiteral(trimmed) ?? { kind: 'mail-domain', domain: parseDomain(trimmed) };
}

/** Throws `SmtpError` 'bad-target' with one line that says what is wrong. */
export function parseTarget(text: string): Target {
  const trimmed = text.trim();
  if (trimmed === '') throw new SmtpError('bad-target', 'empty target');
  const literal = parseLiteral(trimmed);
  if (literal) return literal;
  const url = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(trimmed);
  if (url) return parseUrl(trimmed, url[1]!.toLowerCase(), url[2]!);
  // `imaps:example.org`; of a host `imaps` the rest would be a port.
  const bare = /^([a-z][a-z0-9-]*):(.*[^0-9].*)$/is.exec(trimmed);
  if (bare && isServiceName(bare[1]!.toLowerCase()))
    return parseUrl(trimmed, bare[1]!.toLowerCase(), bare[2]!);
  if (isIP(trimmed) !== 0) throw bad(text, 'an IP address has no DANE; write it in brackets to check it');
  if (trimmed.includes('@')) throw bad(text, 'give the domain, without the part before the @');
  const withPort = /^(.*):([0-9]+)$/.exec(trimmed);
  if (withPort) return atPort(parseDomain(withPort[1]!), parsePort(withPort[2]!, text));
  const owner = /^_([^.]+)\._tcp\.(.+)$/i.exec(trimmed);
  if (owner) return srvOwner(text, owner[1]!, owner[2]!);
  return { kind: 'mail-domain', domain: parseDomain(trimmed) };
}

/**
 * A service by its name, of a host or of a domain. With a port, or for a service that is not looked for by SRV records, it is that
 * host's. Throws `SmtpError` 'bad-target'.
 */
export function serviceTarget(name: ServiceName, host: string, port?: number): ServiceTarget {
  const service: Service = SERVICES[name];
  if (port === undefined && service.srvFirst) return srvTarget(name, host, service.port);
  return {
    kind: 'service',
    host: parseDomain(host),
    port: port ?? service.port,
    protocol: service.protocol,
    mailTransfer: name === 'smtp',
  };
}

/** `name` must be a service that has SRV records. Throws `SmtpError` 'bad-target'. */
export function srvTarget(
  name: ServiceName,
  domain: string,
  fallbackPort: number | null = null,
): Extract<Target, { kind: 'srv-service' }> {
  const service: Service = SERVICES[name];
  if (service.srv === undefined) throw new SmtpError('bad-target', `${name} is not located by SRV records`);
  const parsed = parseDomain(domain);
  const owner = parseDomain(`_${service.srv}._tcp.${parsed}`);
  const { protocol } = service;
  return { kind: 'srv-service', service: name, domain: parsed, owner, protocol, fallbackPort };
}

/**
 * A domain name as absolute text without trailing dot, internationalised labels as A-labels. Throws `SmtpError` 'bad-target'.
 */
export function parseDomain(text: string): string {
  const ascii = [...text].every((c) => c.codePointAt(0)! < 0x80) ? text : domainToASCII(text);
  if (ascii === '') throw bad(text, 'not a domain name');
  try {
    const name = Name.fromText(ascii);
    if (name.isRoot) throw bad(text, 'the root is no mail domain');
    if (isIP(ascii.replace(/\.$/, '')) !== 0) throw bad(text, 'an IP address is no domain name');
    if (/[\s:/@[\]\\]/.test(ascii)) throw bad(text, 'not a domain name');
    return name.toString().slice(0, -1);
  } catch (cause) {
    if (cause instanceof SmtpError) throw cause;
    throw new SmtpError('bad-target', `"${printable(text)}": not a domain name`, { cause });
  }
}

/** `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 4.1.3). */
function parseLiteral(text: string): Extract<Target, { kind: 'address-literal' }> | undefined {
  if (!text.startsWith('[') || !text.endsWith(']')) return undefined;
  const address = text.slice(1, -1).replace(/^IPv6:/i, '');
  if (isIP(address) === 0) throw bad(text, 'not an IP address');
  return { kind: 'address-literal', address };
}

/** `rest` is what follows the scheme. */
function parseUrl(text: string, scheme: string, rest: string): Target {
  if (!isServiceName(scheme)) {
    throw bad(text, `scheme ${scheme}: is not one of ${Object.keys(SERVICES).join(': ')}:`);
  }
  const authority = /^[^/?#]*/.exec(rest)![0];
  const parts = /^([^:@]+)(?::([0-9]+))?$/.exec(authority);
  if (!parts) throw bad(text, 'needs a host name');
  return serviceTarget(scheme, parts[1]!, parts[2] === undefined ? undefined : parsePort(parts[2], text));
}

function atPort(host: string, port: number): Target {
  const protocol = protocolOfPort(port);
  const mailTransfer = protocol === 'smtp' && port !== 587;
  return { kind: 'service', host, port, protocol, mailTransfer };
}

function srvOwner(text: string, label: string, domain: string): Target {
  const service = serviceOfLabel(label);
  if (service) return srvTarget(service, domain);
  if (/^[0-9]{1,5}$/.test(label))
    throw bad(text, `names TLSA records; to check their host: ${domain}:${label}`);
  throw bad(text, `_${label}._tcp is no service that is known here`);
}

function parsePort(text: string, target: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw bad(target, 'port must be 1 to 65535');
  return port;
}

function bad(target: string, why: string): SmtpError {
  return new SmtpError('bad-target', `"${printable(target)}": ${why}`);
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?').slice(0, 200);
}
