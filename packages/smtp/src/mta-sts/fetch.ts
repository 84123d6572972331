/**
 * The policy over HTTPS (rfc8461#section-3.3): from the addresses that our resolver gave, with the certificate validated for the policy
 * host's name, no redirects, nothing but 200, bounded in size and time. Never from an address within our own network unless that is
 * asked for: whoever owns a domain chooses where its policy host is.
 */
import { request } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { isCertificateError } from '../certificate-error.ts';
import { printable } from '../printable.ts';
import { isPublicAddress } from '../public-address.ts';
import { isPolicyType, MAX_POLICY_OCTETS } from './policy.ts';

export interface PolicyRequest {
  /** `mta-sts.<domain>`, without trailing dot. */
  readonly host: string;
  readonly addresses: readonly string[];
  /** For all of it, milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export type FetchStage = 'address' | 'connection' | 'certificate' | 'status' | 'media-type' | 'size' | 'time';

export type FetchedPolicy =
  | {
      readonly kind: 'fetched';
      readonly body: string;
      /** ISO 8601: when the certificate of the policy host ends. Nobody fetches the policy from then on. */
      readonly certificateUntil?: string;
    }
  /** `text`: one sentence without full stop, printable. */
  | { readonly kind: 'failed'; readonly stage: FetchStage; readonly text: string };

/** Rejects only when the signal aborts. */
export type FetchPolicy = (wanted: PolicyRequest) => Promise<FetchedPolicy>;

export interface PolicyFetchOptions {
  /** PEM; default the public CAs of this Node.js. */
  readonly ca?: readonly string[];
  /** Default 443. */
  readonly port?: number;
  /** Whether addresses that are not on the Internet may be asked; default false. */
  readonly privateAddresses?: boolean;
}

/** Addresses that are tried, one after the other. */
const MAX_ADDRESSES = 4;

export function policyFetcher(options: PolicyFetchOptions = {}): FetchPolicy {
  return async ({ host, addresses, timeoutMs, signal }) => {
    signal?.throwIfAborted();
    const allowed = addresses.filter((address) => options.privateAddresses || isPublicAddress(address));
    if (allowed.length === 0) {
      const why = addresses.length === 0 ? 'has no address' : 'has no address on the Internet';
      return failed('address', `${host} ${why}`);
    }
    const end = performance.now() + timeoutMs;
    let last: FetchedPolicy = failed('time', 'no time left');
    for (const address of allowed.slice(0, MAX_ADDRESSES)) {
      const left = end - performance.now();
      if (left <= 0) break;
      last = await get(host, address, left, signal, options);
      signal?.throwIfAborted();
      if (last.kind === 'fetched' || last.stage !== 'connection') return last;
    }
    return last;
  };
}

function get(
  host: string,
  address: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  { ca, port = 443 }: PolicyFetchOptions,
): Promise<FetchedPolicy> {
  return new Promise((resolve) => {
    const guard = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
    const settle = (outcome: FetchedPolicy): void => {
      resolve(outcome);
      call.destroy();
    };
    const call = request({
      host: address,
      servername: host,
      port,
      path: '/.well-known/mta-sts.txt',
      headers: { host, accept: 'text/plain', 'user-agent': 'mailanchor', connection: 'close' },
      agent: false,
      minVersion: 'TLSv1.2',
      maxHeaderSize: 16_384,
      signal: signal ? AbortSignal.any([signal, guard]) : guard,
      ...(ca && { ca: [...ca] }),
    });
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (guard.aborted) return settle(failed('time', `no policy within ${Math.round(timeoutMs / 1000)} s`));
      settle(failed(isCertificateError(error) ? 'certificate' : 'connection', wordsOf(error)));
    });
    call.once('response', (response) => {
      const certificateUntil = endOf(response.socket);
      response.on('error', () => settle(failed('connection', 'the connection broke off')));
      const { statusCode = 0, headers } = response;
      if (statusCode !== 200) {
        const redirect = statusCode >= 300 && statusCode < 400;
        const more = redirect ? ', and redirects must not be followed' : '';
        return settle(failed('status', `the server answers ${statusCode}${more}`));
      }
      if (!isPolicyType(headers['content-type'])) {
        const type = printable(headers['content-type'] ?? 'not given', 60);
        return settle(failed('media-type', `the media type is ${type}, not text/plain`));
      }
      const chunks: Buffer[] = [];
      let octets = 0;
      response.on('data', (chunk: Buffer) => {
        octets += chunk.length;
        if (octets > MAX_POLICY_OCTETS)
          return settle(failed('size', `the policy is larger than ${MAX_POLICY_OCTETS} octets`));
        chunks.push(chunk);
      });
      response.once('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        if (!response.complete) settle(failed('connection', 'the connection broke off'));
        else settle({ kind: 'fetched', body, ...(certificateUntil !== undefined && { certificateUntil }) });
      });
    });
    call.end();
  });
}

function endOf(socket: Socket): string | undefined {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  const end = certificate ? Date.parse(certificate.validTo) : Number.NaN;
  return Number.isNaN(end) ? undefined : `${new Date(end).toISOString().slice(0, 19)}Z`;
}

/** Without what Node.js advises whoever starts it. */
function wordsOf({ message }: Error): string {
  return printable(message.replace(/; if the root CA is installed locally.*$/s, ''));
}

function failed(stage: FetchStage, text: string): FetchedPolicy {
  return { kind: 'failed', stage, text };
}
