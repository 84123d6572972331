/**
 * What Postfix looks up in smtp_tls_policy_maps: the next hop as it stands in the transport table or the address, with brackets and port
 * where it has them; then, where that is not found, its parent domains with a dot before them.
 */
import { isIP } from 'node:net';
import { parseDomain } from '@mailanchor/smtp';

export type PolicyKey =
  | {
      /** domain: its MX hosts. relay: in brackets, the host itself. */
      readonly kind: 'domain' | 'relay';
      /** A-labels in lower case, without trailing dot. */
      readonly name: string;
      readonly port: number;
      /** One spelling for each key: `example.org`, `[relay.example]:587`. */
      readonly text: string;
    }
  /** A port whose number is not known here. */
  | { readonly kind: 'unknown-port'; readonly text: string }
  /** Nothing that has a policy; `why` completes "it is". */
  | { readonly kind: 'other'; readonly why: string };

const SMTP = 25;
/** Octets; a name with brackets and a port. */
const LONGEST = 300;
/** Names in a transport table that mail is sent to; others are written as numbers. */
const SERVICES: Readonly<Record<string, number>> = {
  smtp: SMTP,
  submission: 587,
  submissions: 465,
  smtps: 465,
};

export function parseKey(text: string): PolicyKey {
  if (text.length > LONGEST) return { kind: 'other', why: 'longer than any name' };
  if (text.startsWith('.'))
    return { kind: 'other', why: 'a parent domain, which says nothing of those below it' };
  if (text.startsWith('unix:') || text.startsWith('/')) return { kind: 'other', why: 'a local socket' };
  const bracketed = /^\[([^\]]*)\](?::([^:]*))?$/.exec(text);
  const plain = /^([^[\]:]*)(?::([^:]*))?$/.exec(text);
  const parts = bracketed ?? plain;
  if (isIP(text) !== 0 || isIP((parts?.[1] ?? '').replace(/^ipv6:/i, '')) !== 0)
    return { kind: 'other', why: 'an address, which has no policy' };
  if (!parts) return { kind: 'other', why: 'no domain name' };
  const domain = nameOf(parts[1]!);
  if (domain === undefined || !/^[a-z0-9_.-]+$/i.test(domain))
    return { kind: 'other', why: 'no domain name' };
  const port = portOf(parts[2]);
  if (port === undefined) return { kind: 'unknown-port', text };
  const name = domain.toLowerCase();
  const suffix = port === SMTP ? '' : `:${port}`;
  return {
    kind: bracketed ? 'relay' : 'domain',
    name,
    port,
    text: (bracketed ? `[${name}]` : name) + suffix,
  };
}

function nameOf(text: string): string | undefined {
  // Octets of a request, one a character: a mail server that speaks UTF-8 here sends several for one.
  const decoded = /[\x80-\xff]/.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;
  try {
    return parseDomain(decoded);
  } catch {
    return undefined;
  }
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return SMTP;
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : SERVICES[text.toLowerCase()];
  return port !== undefined && port >= 1 && port <= 65535 ? port : undefined;
}
