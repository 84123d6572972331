/** What `daneConnect` takes and gives. */
import type { TLSSocket } from 'node:tls';
import type { Clock, Resolver } from '@mailanchor/dnssec';
import type { Attempt } from './dane-connect-attempt.ts';
import type { ServiceName } from './service.ts';
import type { Connect } from './tcp-connect.ts';
import type { HostPlan, MatchReport, TlsReport } from './verdict.ts';

interface Common {
  /** Name of the service: what is spoken before the handshake, and its port where none is given. */
  readonly service: ServiceName;
  readonly resolver: Resolver;
  /** 'dane' (default): a match of a TLSA record, or no socket. 'dane-or-pkix': by the public CAs where DNSSEC proves that DANE does not apply. */
  readonly require?: 'dane' | 'dane-or-pkix';
  /** Milliseconds for everything, lookups included. Default 30000. */
  readonly timeoutMs?: number;
  /** Ends it at once: the promise rejects with the signal's reason. A socket that was handed out is the caller's. */
  readonly signal?: AbortSignal;
  /** Milliseconds since the epoch, for TLSA usages that mind dates. Default Date.now. PKIX goes by the system's clock. */
  readonly clock?: Clock;
  /** Protocols to offer by ALPN; the socket's `alpnProtocol` says which was chosen. */
  readonly alpn?: readonly string[];
  /** CA certificates in PEM, one each, in place of Node's list: for TLSA usages 0 and 1, and for PKIX. */
  readonly ca?: readonly string[];
  /** EHLO name for SMTP. Default: the connection's own address. */
  readonly helo?: string;
  /** Milliseconds until the next address is tried beside the one that does not answer (RFC 8305 section 5). Default 250. */
  readonly attemptDelayMs?: number;
  /** 0 to 1, for the order of SRV targets. Default Math.random. */
  readonly random?: () => number;
  /** Opens TCP connections. Default net.connect. */
  readonly dial?: Connect;
}

export type DaneConnectOptions = Common &
  (
    | { readonly host: string; readonly port?: number; readonly domain?: undefined }
    /** A domain whose SRV records say where the service is. */
    | { readonly domain: string; readonly host?: undefined; readonly port?: undefined }
  );

export type DaneConnectRefusal =
  /** A chain was presented that no record matches, or by a wrong name, or expired: see `text` and `attempts`. */
  | 'mismatch'
  /** Under 'dane-or-pkix', where DANE does not apply: the public CAs do not vouch for it. */
  | 'pkix-failed'
  /** A lookup fails DNSSEC validation. */
  | 'bogus'
  /** A lookup got no answer. Never taken for "no DANE". */
  | 'lookup-failed'
  /** STARTTLS is not offered or refused, or data was injected behind it. */
  | 'starttls'
  | 'tls-failed'
  /** There are TLSA records, and none can be used. */
  | 'unusable'
  /** DNSSEC proves that there are no TLSA records, or the zone is not signed. */
  | 'no-dane'
  | 'timeout'
  | 'unreachable'
  | 'no-address'
  /** The domain has no SRV records for the service, or says that it does not offer it. */
  | 'not-offered';

export interface DaneConnected {
  readonly kind: 'connected';
  /** Verified. Nothing has been read from it or written to it since the handshake. */
  readonly socket: TLSSocket;
  /** 'pkix' only under 'dane-or-pkix'. */
  readonly authenticated: 'dane' | 'pkix';
  /** The match; null with 'pkix'. */
  readonly match: MatchReport | null;
  readonly host: string;
  readonly port: number;
  readonly address: string;
  readonly tls: TlsReport;
  /** What DNS says of the host. */
  readonly plan: HostPlan;
}

export interface DaneRefused {
  readonly kind: 'refused';
  readonly reason: DaneConnectRefusal;
  /** One sentence without its full stop, printable. */
  readonly text: string;
  /** Of the host that the reason is of. */
  readonly plan?: HostPlan;
  /** Each connection that was tried. */
  readonly attempts: readonly Attempt[];
}

export type DaneConnection = DaneConnected | DaneRefused;
