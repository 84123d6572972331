/** What a listener is told and what it tells. */
import type { Turns } from './turns.ts';

/** `tls`: DNS over TLS (rfc7858#section-3.1). */
export type ListenerProtocol = 'udp' | 'tcp' | 'tls';

/** Who asks. */
export interface DnsClient {
  /** IPv4 or IPv6 address; an IPv4 address mapped into IPv6 is given as IPv4. */
  readonly address: string;
  readonly port: number;
  readonly protocol: ListenerProtocol;
}

/**
 * Sends the answer, once. No octets: there is no answer, and the query's place on its connection is free again. Does nothing where
 * the client is gone. Over UDP the octets have to be as few as the client takes: nothing is cut here.
 */
export type Reply = (octets: Uint8Array) => void;

/**
 * Takes one query, undecoded: at least a header, and not a response. The octets are the handler's to keep. Call `reply` now or
 * later; a query over a stream that nobody answers costs the connection one of its places, so answer or call `reply` with nothing.
 */
export type QueryHandler = (octets: Uint8Array, client: DnsClient, reply: Reply) => void;

export interface TlsCredentials {
  /** PEM, the private key. */
  readonly key: string | Uint8Array;
  /** PEM, the certificate first, then those that lead to its root. */
  readonly cert: string | Uint8Array;
}

/** A socket that was opened by somebody else, such as systemd. */
export interface InheritedSocket {
  readonly fd: number;
  /** `stream`: TCP, served with or without TLS as the listener's protocols say. */
  readonly type: 'udp4' | 'udp6' | 'stream';
}

export interface ListenerLimits {
  /** Streams open at a time; beyond, the one that was idle the longest gives way. Default 2000. */
  readonly connections: number;
  /** Streams open at a time from one address (IPv6: one /64); beyond, new ones are closed. Default 200. */
  readonly connectionsPerClient: number;
  /**
   * Milliseconds after which a stream is closed that has brought no complete query and was sent no answer; default 10 000
   * (rfc7766). A handshake or a query that comes octet by octet has to be complete within them.
   */
  readonly idleMs: number;
  /** The same while queries are under way; default 30 000. */
  readonly stalledMs: number;
  /** Queries under way on one stream before reading pauses; default 100. */
  readonly pipelined: number;
  /**
   * Octets of answers that a client may leave unread on one stream; beyond, it is closed. Default 262 144; not below 131 072, as
   * two of the largest answers may have to wait for each other.
   */
  readonly unreadOctets: number;
}

export const DEFAULT_LIMITS: ListenerLimits = {
  connections: 2000,
  connectionsPerClient: 200,
  idleMs: 10_000,
  stalledMs: 30_000,
  pipelined: 100,
  unreadOctets: 262_144,
};

export interface ListenerOptions {
  /** IPv4 or IPv6 address, no name; default 127.0.0.1. `::` is IPv6 alone. */
  readonly address?: string;
  /** Default 0: a port that is free for all the protocols. */
  readonly port?: number;
  /** `tcp` and `tls` need a listener each: they cannot share a port. */
  readonly protocols: readonly ListenerProtocol[];
  /** Certificate and key for `tls`. */
  readonly tls?: TlsCredentials;
  /**
   * Sockets that are open already, instead of `address` and `port`. Of a bare number the type is found out, on Linux. TCP sockets
   * are served as `tls` where the protocols say so, else as `tcp`.
   */
  readonly fds?: readonly (number | InheritedSocket)[];
  /** Let other processes of the same user listen at the same address: the kernel shares the clients out. Default false. */
  readonly reusePort?: boolean;
  /** Which addresses are served; from others datagrams are dropped and streams closed. Default: all. */
  readonly allow?: (address: string) => boolean;
  readonly onQuery: QueryHandler;
  /** Told of what goes wrong while listening, and of what `onQuery` throws. Without it, that is an uncaught exception. */
  readonly onError?: (error: unknown) => void;
  readonly limits?: Partial<ListenerLimits>;
}

/** Counted since the listener was opened. */
export interface ListenerStats {
  /** Queries handed over. */
  readonly queries: { readonly udp: number; readonly tcp: number; readonly tls: number };
  /** Answers sent. */
  readonly answers: { readonly udp: number; readonly tcp: number; readonly tls: number };
  /** Datagrams and messages that are no query, from addresses that are not served, or answers that found the socket full. */
  readonly dropped: number;
  /** Streams: open now, and all that were accepted. */
  readonly connections: { readonly open: number; readonly accepted: number };
  /** Streams closed by us, and why. */
  readonly closed: {
    /** Too many, or from an address that is not served. */
    readonly refused: number;
    /** Made room for a new one. */
    readonly evicted: number;
    readonly idle: number;
    /** Did not read its answers. */
    readonly unread: number;
    /** No TLS handshake, or octets that are no DNS. */
    readonly malformed: number;
  };
}

type Counters<T> = { -readonly [K in keyof T]: T[K] extends number ? number : Counters<T[K]> };

/** `ListenerStats` as the listener itself sees it. */
export type ListenerCounters = Counters<ListenerStats>;

/** What the sockets of one listener share. */
export interface ListenerContext {
  readonly turns: Turns;
  readonly onQuery: QueryHandler;
  readonly onError: (error: unknown) => void;
  readonly allow: ((address: string) => boolean) | undefined;
  readonly limits: ListenerLimits;
  readonly counters: ListenerCounters;
}

export function newCounters(): ListenerCounters {
  return {
    queries: { udp: 0, tcp: 0, tls: 0 },
    answers: { udp: 0, tcp: 0, tls: 0 },
    dropped: 0,
    connections: { open: 0, accepted: 0 },
    closed: { refused: 0, evicted: 0, idle: 0, unread: 0, malformed: 0 },
  };
}

const HEADER_OCTETS = 12;

/** A response is never answered: two servers would talk for ever. Nor is a scrap, which has no id to answer to. */
export function isQuery(octets: Uint8Array): boolean {
  return octets.length >= HEADER_OCTETS && (octets[2]! & 0x80) === 0;
}

/** As in `DnsClient`: a socket for both families gives IPv4 addresses as `::ffff:192.0.2.1`. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** Hands a query over; what the handler throws must not take the process down where somebody asked to be told. */
export function handOver(
  context: ListenerContext,
  octets: Uint8Array,
  client: DnsClient,
  reply: Reply,
): void {
  context.counters.queries[client.protocol]++;
  try {
    context.onQuery(octets, client, reply);
  } catch (error) {
    context.onError(error);
  }
}
