/**
 * A report by POST over HTTPS (rfc8460#section-5.4): to the addresses that our resolver gave, with the certificate validated, no redirects,
 * bounded in time; of the answer nothing but the status is read. Whoever publishes a TLSRPT record chooses where we connect to, so never to
 * an address within our own network unless that is asked for, and to no port below 1024 but 443.
 */
import { request } from 'node:https';
import { isIP } from 'node:net';
import { DnsError, Name } from '@mailanchor/dns';
import type { Resolver } from '@mailanchor/dnssec';
import { lookupAddresses } from '../addresses.ts';
import { isCertificateError } from '../certificate-error.ts';
import { type Deadline, deadlineAfter } from '../deadline.ts';
import { lookupReason } from '../lookup.ts';
import { printable } from '../printable.ts';
import { isPublicAddress } from '../public-address.ts';

export interface ReportPost {
  /** `https:` URL. */
  readonly url: string;
  /** The JSON, compressed by gzip. */
  readonly report: Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

export type PostStage = 'url' | 'address' | 'connection' | 'certificate' | 'status' | 'time';

export type PostOutcome =
  | { readonly kind: 'accepted'; readonly text: string }
  | {
      readonly kind: 'failed';
      readonly stage: PostStage;
      /** One sentence without full stop, printable. */
      readonly text: string;
      /** Whether the same may succeed later. */
      readonly again: boolean;
      /** Milliseconds that the server asks us to wait, at most a day. */
      readonly retryAfterMs?: number;
    };

export interface ReportPosterOptions {
  readonly resolver: Resolver;
  /** For all of it, milliseconds. Default 60000. */
  readonly timeoutMs?: number;
  /** PEM; default the public CAs of this Node.js. */
  readonly ca?: readonly string[];
  /** Whether addresses that are not on the Internet may be sent to; default false. */
  readonly privateAddresses?: boolean;
}

/** Addresses that are tried, one after the other. */
const MAX_ADDRESSES = 4;
const DAY_MS = 86_400_000;

/** Rejects only when the signal aborts. */
export type PostReport = (post: ReportPost) => Promise<PostOutcome>;

export function reportPoster(options: ReportPosterOptions): PostReport {
  return async ({ url: text, report, signal }) => {
    signal?.throwIfAborted();
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const problem = url ? urlProblem(url) : 'it is no URL';
    if (!url || problem !== undefined) return failed('url', problem ?? '', false);
    const deadline = deadlineAfter(options.timeoutMs ?? 60_000);
    const addresses = await addressesOf(url, options, deadline, signal);
    if (!Array.isArray(addresses)) return addresses;
    let last: PostOutcome = failed('time', 'no time left', true);
    for (const address of addresses.slice(0, MAX_ADDRESSES)) {
      const left = deadline.remainingMs();
      if (left <= 0) break;
      last = await post(url, address, report, left, signal, options.ca);
      signal?.throwIfAborted();
      if (last.kind === 'accepted' || last.stage !== 'connection') return last;
    }
    return last;
  };
}

function urlProblem(url: URL): string | undefined {
  if (url.protocol !== 'https:') return 'it is no https: URL';
  if (url.username !== '' || url.password !== '') return 'it has a user or a password in it';
  const port = Number(url.port || 443);
  return port !== 443 && port < 1024 ? `its port ${port} is another service's` : undefined;
}

async function addressesOf(
  url: URL,
  { resolver, privateAddresses }: ReportPosterOptions,
  deadline: Deadline,
  signal: AbortSignal | undefined,
): Promise<string[] | PostOutcome> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const found = isIP(host) === 0 ? await lookedUp(host, resolver, deadline, signal) : [host];
  if (!Array.isArray(found)) return found;
  const allowed = found.filter((address) => privateAddresses || isPublicAddress(address));
  if (allowed.length > 0) return allowed;
  const none = found.length === 0;
  return failed('address', `${host} has no address${none ? '' : ' on the Internet'}`, none);
}

async function lookedUp(
  host: string,
  resolver: Resolver,
  deadline: Deadline,
  signal: AbortSignal | undefined,
): Promise<string[] | PostOutcome> {
  let name: Name;
  try {
    name = Name.fromText(host);
  } catch (error) {
    if (error instanceof DnsError) return failed('url', `${printable(host, 60)} is no host name`, false);
    throw error;
  }
  const found = await lookupAddresses({ resolver, deadline, signal }, name);
  if (found.kind === 'found') return [...found.addresses];
  if (found.kind === 'none') return [];
  const why = lookupReason(found.resolution)?.text ?? 'the lookup failed';
  return failed('address', `the addresses of ${host}: ${why}`, true);
}

function post(
  url: URL,
  address: string,
  report: Uint8Array,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  ca: readonly string[] | undefined,
): Promise<PostOutcome> {
  return new Promise((resolve) => {
    const guard = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
    const settle = (outcome: PostOutcome): void => {
      resolve(outcome);
      call.destroy();
    };
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const call = request({
      method: 'POST',
      host: address,
      // An address is no server name (RFC 6066 section 3); the certificate is then checked for the address.
      servername: isIP(host) === 0 ? host : '',
      port: Number(url.port || 443),
      path: url.pathname + url.search,
      headers: {
        host: url.host,
        'content-type': 'application/tlsrpt+gzip',
        'content-length': report.length,
        'user-agent': 'mailanchor',
        connection: 'close',
      },
      agent: false,
      minVersion: 'TLSv1.2',
      maxHeaderSize: 16_384,
      signal: signal ? AbortSignal.any([signal, guard]) : guard,
      ...(ca && { ca: [...ca] }),
    });
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (guard.aborted) {
        return settle(failed('time', `no answer within ${Math.round(timeoutMs / 1000)} s`, true));
      }
      settle(
        failed(isCertificateError(error) ? 'certificate' : 'connection', printable(error.message), true),
      );
    });
    call.once('response', ({ statusCode = 0, headers }) => {
      settle(answered(statusCode, headers['retry-after'], headers.location !== undefined));
    });
    call.end(report);
  });
}

/** Client errors of their own making do not go away; these may. */
const LATER = new Set([408, 421, 423, 425, 429]);

function answered(status: number, retryAfter: string | undefined, elsewhere: boolean): PostOutcome {
  if (status >= 200 && status < 300) return { kind: 'accepted', text: `the server answers ${status}` };
  const redirect = status >= 300 && status < 400;
  const text = `the server answers ${status}${redirect && elsewhere ? ', and redirects are not followed' : ''}`;
  const seconds = /^\d{1,9}$/.test(retryAfter ?? '') ? Number(retryAfter) : 0;
  return {
    ...failed('status', text, status >= 500 || LATER.has(status)),
    ...(seconds > 0 ? { retryAfterMs: Math.min(seconds * 1000, DAY_MS) } : {}),
  };
}

function failed(stage: PostStage, text: string, again: boolean): Extract<PostOutcome, { kind: 'failed' }> {
  return { kind: 'failed', stage, text, again };
}
