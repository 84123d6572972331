/**
 * What smtp(8) says, as far as it is about TLS: Postfix 3.4 to 3.10, at smtp_tls_loglevel 1. A function of the text.
 *
 * A process speaks in this order for each server that it tries: why the certificate was not verified, that TLS stands (or why not), why it
 * goes on to the next server (with the queue id); and once a recipient is done with, the delivery (with the recipient). Replies of remote
 * servers and local parts of addresses stand in these texts. So every pattern is anchored on both sides, texts that count are taken whole,
 * and an address is read by its own rules.
 */
import { parseDomain } from '@mailanchor/smtp';

export interface LoggedHost {
  /** Lower case; an address where Postfix was sent to one. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** Why a server got no mail, or a recipient none. */
export type Cause =
  | {
      readonly kind: 'not-verified' /** Postfix 3.6 and older tell the two apart. */;
      readonly trusted: boolean | undefined;
    }
  | { readonly kind: 'handshake' }
  | { readonly kind: 'starttls'; readonly refused: boolean; readonly host: LoggedHost | undefined }
  /** Told by a line of its own before. */
  | { readonly kind: 'policy' }
  | { readonly kind: 'other' };

export type PolicyProblem = 'lookup' | 'no-records' | 'insecure' | 'unusable' | 'own';

export type PostfixMessage =
  | { readonly kind: 'unverified'; readonly host: LoggedHost; readonly why: string }
  | {
      readonly kind: 'established';
      readonly host: LoggedHost;
      readonly word: 'Verified' | 'Trusted' | 'Untrusted' | 'Anonymous';
    }
  | { readonly kind: 'handshake-failed'; readonly host: LoggedHost; readonly why: string }
  /** What OpenSSL said; follows a handshake that failed. */
  | { readonly kind: 'library'; readonly why: string }
  /** `domain` undefined: the next hop is no domain. */
  | {
      readonly kind: 'policy';
      readonly domain: string | undefined;
      readonly host: string;
      readonly problem: PolicyProblem;
    }
  | { readonly kind: 'passed'; readonly queueId: string; readonly cause: Cause }
  | {
      readonly kind: 'delivery';
      readonly queueId: string;
      /** Of the recipient; undefined where it has none. */
      readonly domain: string | undefined;
      /** Undefined: there was no session. */
      readonly relay: LoggedHost | undefined;
      /** A session from before. */
      readonly reused: boolean;
      readonly sent: boolean;
      readonly cause: Cause;
    };

const NAME = '[\\w.-]{1,255}';
const ADDRESS = '[0-9A-Fa-f:.]{2,45}(?:%\\w{1,16})?';
const HOST = `(${NAME})\\[(${ADDRESS})\\](?::(\\d{1,5}))?`;
const ESTABLISHED = new RegExp(
  `^(Verified|Trusted|Untrusted|Anonymous) TLS connection established to ${HOST}: \\S+ with cipher \\S+ \\([\\d/]+ bits\\)`,
);
const UNVERIFIED = new RegExp(`^(?:server |CA )?certificate verification failed for ${HOST}: (.{1,500})$`);
const HANDSHAKE = new RegExp(`^SSL_connect error to ${HOST}: (.{1,200})$`);
const LIBRARY = /^warning: TLS library problem: error:[0-9A-F]{1,16}:[^:]{0,100}:[^:]{0,100}:([^:]{1,100}):/;
const POLICY = /^warning: TLS policy lookup for (\S{1,300})\/([\w.-]{1,255}): (.{1,300})$/;
const QUEUE_ID = '[0-9A-F]{5,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,30}';
const WITH_ID = new RegExp(`^(${QUEUE_ID}): (.*)$`);
const AFTER_RECIPIENT = new RegExp(
  `^relay=(?:none|${HOST}), (?:conn_use=(\\d+), )?delay=[\\d.]+, delays=[\\d./]+, (?:tls=\\S+, )?dsn=\\d\\.\\d{1,3}\\.\\d{1,3}, status=(\\w+) \\((.*)\\)$`,
);
const NOT_OFFERED = new RegExp(`^TLS is required, but was not offered by host ${HOST}$`);
const REFUSED = new RegExp(`^TLS is required, but host ${HOST} refused to start TLS: `);

/** Undefined: nothing about TLS or a delivery. */
export function parsePostfixMessage(message: string): PostfixMessage | undefined {
  const established = ESTABLISHED.exec(message);
  if (established) {
    const [, word, ...host] = established;
    return { kind: 'established', host: hostOf(host), word: word as 'Verified' };
  }
  const withId = WITH_ID.exec(message);
  if (withId) return ofQueueFile(withId[1]!, withId[2]!);
  const unverified = UNVERIFIED.exec(message);
  if (unverified) return { kind: 'unverified', host: hostOf(unverified.slice(1)), why: unverified[4]! };
  const handshake = HANDSHAKE.exec(message);
  if (handshake) return { kind: 'handshake-failed', host: hostOf(handshake.slice(1)), why: handshake[4]! };
  const library = LIBRARY.exec(message);
  if (library) return { kind: 'library', why: library[1]! };
  const policy = POLICY.exec(message);
  if (policy) return ofPolicy(policy[1]!, policy[2]!, policy[3]!);
  return undefined;
}

function ofPolicy(nextHop: string, host: string, why: string): PostfixMessage {
  // In brackets it is a relay, whose domain has no say in it.
  const domain = /[[\]]/.test(nextHop) ? undefined : domainOf(nextHop.replace(/:\w+$/, ''));
  return { kind: 'policy', domain, host: host.toLowerCase(), problem: problemOf(why) };
}

function problemOf(why: string): PolicyProblem {
  if (/^TLSA lookup error for [\w.-]+:\d+$/.test(why)) return 'lookup';
  if (why === 'no TLSA records found') return 'no-records';
  if (why === 'TLSA records unusable') return 'unusable';
  if (why === 'non DNSSEC destination' || /MX RRset is insecure$/.test(why)) return 'insecure';
  return 'own';
}

function ofQueueFile(queueId: string, text: string): PostfixMessage | undefined {
  if (!text.startsWith('to=<')) return { kind: 'passed', queueId, cause: causeOf(text) };
  const recipient = readAddress(text, 4);
  if (!recipient) return undefined;
  let rest = text.slice(recipient.end);
  if (rest.startsWith('orig_to=<')) {
    const original = readAddress(rest, 9);
    if (!original) return undefined;
    rest = rest.slice(original.end);
  }
  const parts = AFTER_RECIPIENT.exec(rest);
  if (!parts) return undefined;
  const [, name, address, port, uses, status, why = ''] = parts;
  return {
    kind: 'delivery',
    queueId,
    domain: domainOf(recipient.domain),
    relay: name === undefined ? undefined : hostOf([name, address, port]),
    reused: uses !== undefined && Number(uses) > 1,
    sent: status === 'sent',
    cause: causeOf(why),
  };
}

/** `text` from `from` up to `>, `; a local part in quotes may hold all of these. Undefined where it is no address. */
function readAddress(text: string, from: number): { domain: string; end: number } | undefined {
  const address = /^(?:"(?:[^"\\]|\\.)*"|[^<>"\s,]*?)(?:@([^<>"\s,@]{1,300}))?>, /.exec(
    text.slice(from, from + 1_500),
  );
  return address ? { domain: address[1] ?? '', end: from + address[0].length } : undefined;
}

function causeOf(text: string): Cause {
  switch (text) {
    case 'Server certificate not verified':
      return { kind: 'not-verified', trusted: undefined };
    case 'Server certificate not trusted':
      return { kind: 'not-verified', trusted: false };
    case 'Cannot start TLS: handshake failure':
      return { kind: 'handshake' };
  }
  const starttls = NOT_OFFERED.exec(text) ?? REFUSED.exec(text);
  if (starttls)
    return { kind: 'starttls', refused: text.includes('refused to start'), host: hostOf(starttls.slice(1)) };
  const policy =
    /^(?:TLSA lookup error for [\w.-]+:\d+|no TLSA records found|TLSA records unusable|non DNSSEC destination)$/;
  return policy.test(text) ? { kind: 'policy' } : { kind: 'other' };
}

function hostOf([name = '', address = '', port]: readonly (string | undefined)[]): LoggedHost {
  return {
    name: name.toLowerCase(),
    address: address.toLowerCase(),
    port: port === undefined ? 25 : Number(port),
  };
}

/** A-labels in lower case. */
function domainOf(text: string): string | undefined {
  if (text === '') return undefined;
  try {
    return parseDomain(text).toLowerCase();
  } catch {
    return undefined;
  }
}
