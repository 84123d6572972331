/**
 * The one interface every way of asking a server implements: a message out, a message back. Retry, truncation fallback and
 * pacing are wrappers around it; recorded scenarios and the in-process lab are further implementations.
 */
import type { Message } from '../message.ts';

export interface Endpoint {
  /** IPv4 or IPv6 address, no brackets. */
  readonly address: string;
  readonly port: number;
}

export interface ExchangeOptions {
  /** Milliseconds until the exchange rejects with `TransportError` 'timeout'. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface Transport {
  /**
   * Sends `query` and resolves with the response that belongs to it: same id, same question, QR set, from where it was sent.
   * Packets that do not belong are dropped and waiting goes on (rfc5452#section-9). The implementation chooses the id.
   * Rejects with `TransportError`; a DNS error (SERVFAIL, REFUSED) is a response, not a rejection.
   */
  exchange(query: Message, server: Endpoint, options: ExchangeOptions): Promise<Message>;
  /** Frees sockets. Exchanges under way reject with 'closed'. */
  close(): void | Promise<void>;
}
