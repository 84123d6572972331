/**
 * What a user may give to `check`: a mail domain, `host:port`, or the URL of a TLS service.
 */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { Name } from '@mailanchor/dns';
import { SmtpError } from './errors.ts';

/** How TLS begins on a connection. */
export type ServiceProtocol = 'smtp' | 'imap' | 'pop3' | 'tls';

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
    };

const SCHEMES: Readonly<Record<string, { port: number; protocol: ServiceProtocol }>> = {
  'https:': { port: 443, protocol: 'tls' },
  'imaps:': { port: 993, protocol: 'tls' },
  'imap:': { port: 143, protocol: 'imap' },
  'smtps:': { port: 465, protocol: 'tls' },
  'smtp:': { port: 25, protocol: 'smtp' },
  'submission:': { port: 587, protocol: 'smtp' },
  'pop3s:': { port: 995, protocol: 'tls' },
  'pop3:': { port: 110, protocol: 'pop3' },
  'ldaps:': { port: 636, protocol: 'tls' },
};

const STARTTLS_PORTS: Readonly<Record<number, ServiceProtocol>> = {
  25: 'smtp',
  587: 'smtp',
  2525: 'smtp',
  143: 'imap',
  110: 'pop3',
};
const TLS_PORTS: ReadonlySet<number> = new Set([443, 465, 636, 853, 990, 993, 995, 5223, 8443]);

/** A mail domain or an address literal, and nothing else. Throws `SmtpError` 'bad-target'. */
export function parseDestination(text: string): Exclude<Target, { kind: 'service' }> {
  const trimmed = text.trim();
  return parseLiteral(trimmed) ?? { kind: 'mail-domain', domain: parseDomain(trimmed) };
}

/** Throws `SmtpError` 'bad-target' with one line that says what is wrong. */
export function parseTarget(text: string): Target {
  const trimmed = text.trim();
  if (trimmed === '') throw new SmtpError('bad-target', 'empty target');
  const literal = parseLiteral(trimmed);
  if (literal) return literal;
  const scheme = /^([a-z][a-z0-9+.-]*:)\/\//i.exec(trimmed);
  if (scheme) return parseUrl(trimmed, scheme[1]!.toLowerCase());
  if (isIP(trimmed) !== 0) throw bad(text, 'an IP address has no DANE; write it in brackets to check it');
  if (trimmed.includes('@')) throw bad(text, 'give the domain, without the part before the @');
  const withPort = /^(.*):([0-9]+)$/.exec(trimmed);
  if (withPort) return service(parseDomain(withPort[1]!), parsePort(withPort[2]!, text));
  return { kind: 'mail-domain', domain: parseDomain(trimmed) };
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

function parseUrl(text: string, scheme: string): Target {
  const known = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme]! : undefined;
  // Its STARTTLS is not spoken here yet; a handshake at once would only look like a fault of the server.
  if (scheme === 'xmpp-client:')
    throw bad(text, 'STARTTLS of XMPP is not supported yet; give host:5223 for TLS at once');
  if (!known) {
    throw bad(text, `scheme ${scheme} is not one of ${Object.keys(SCHEMES).join(' ')}`);
  }
  const authority = /^[^/?#]*/.exec(text.slice(scheme.length + 2))![0];
  const parts = /^([^:@]+)(?::([0-9]+))?$/.exec(authority);
  if (!parts) throw bad(text, 'needs a host name');
  const port = parts[2] === undefined ? known.port : parsePort(parts[2], text);
  return {
    kind: 'service',
    host: parseDomain(parts[1]!),
    port,
    protocol: known.protocol,
    mailTransfer: scheme === 'smtp:',
  };
}

function service(host: string, port: number): Target {
  const protocol = STARTTLS_PORTS[port] ?? (TLS_PORTS.has(port) ? 'tls' : 'smtp');
  const mailTransfer = protocol === 'smtp' && port !== 587;
  return { kind: 'service', host, port, protocol, mailTransfer };
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
