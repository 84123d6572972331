/** A DNS message as the body of an HTTP response (rfc8484#section-4.2, rfc8484#section-6). */
import type { IncomingHttpHeaders } from 'node:http';
import { DnsFormatError } from '../errors.ts';
import type { Message } from '../message.ts';
import { decodeMessage, MAX_MESSAGE_OCTETS } from '../message-decode.ts';
import { concatOctets } from '../octets.ts';
import type { ResourceRecord } from '../record.ts';
import type { PendingExchange } from './pending-exchange.ts';
import { matchesQuery } from './response-match.ts';

export const DNS_MESSAGE_TYPE = 'application/dns-message';

/** What a query is sent with, apart from where it goes. */
export const REQUEST_HEADERS = {
  accept: DNS_MESSAGE_TYPE,
  'content-type': DNS_MESSAGE_TYPE,
} as const;

/** The response to one exchange, as it comes in. */
export class HttpMessage {
  readonly #exchange: PendingExchange;
  readonly #chunks: Uint8Array[] = [];
  /** The head has come. */
  begun = false;
  #octets = 0;
  #ageSeconds = 0;

  constructor(exchange: PendingExchange) {
    this.#exchange = exchange;
  }

  /** Fails the exchange where this cannot be a DNS message: another status, a redirection, another media type, a packed body. */
  head(status: number, headers: IncomingHttpHeaders): void {
    this.begun = true;
    if (status !== 200) {
      this.#exchange.fail('failed', `the HTTPS server answers with status ${status}`);
      return;
    }
    const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
    if (type !== DNS_MESSAGE_TYPE) {
      this.#exchange.fail(
        'malformed',
        `the HTTPS server answers with ${type ?? 'no media type'}, not ${DNS_MESSAGE_TYPE}`,
      );
      return;
    }
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      this.#exchange.fail(
        'malformed',
        'the HTTPS server answers with a packed message, which was not asked for',
      );
      return;
    }
    if (/^\d{1,9}$/.test(headers.age ?? '')) this.#ageSeconds = Number(headers.age);
  }

  data(chunk: Uint8Array): void {
    this.#octets += chunk.length;
    if (this.#octets <= MAX_MESSAGE_OCTETS) this.#chunks.push(chunk);
    else this.#exchange.fail('malformed', 'the HTTPS server answers with more than 65535 octets');
  }

  end(): void {
    const octets = concatOctets(this.#chunks);
    const { octets: query } = this.#exchange;
    // The id was 0 and comes back as 0.
    if (!matchesQuery(octets, query, false) || octets[0] !== 0 || octets[1] !== 0) {
      this.#exchange.fail('malformed', 'response over HTTPS does not belong to the query');
      return;
    }
    try {
      this.#exchange.succeed(aged(decodeMessage(octets), this.#ageSeconds));
    } catch (error) {
      if (!(error instanceof DnsFormatError)) throw error;
      this.#exchange.fail('malformed', error.message, error);
    }
  }
}

/** rfc8484#section-5.1: seconds spent in an HTTP cache are gone from the TTLs. */
function aged(message: Message, seconds: number): Message {
  if (seconds === 0) return message;
  const older = (records: readonly ResourceRecord[]) =>
    records.map((record) => ({ ...record, ttl: Math.max(0, record.ttl - seconds) }));
  return {
    ...message,
    answers: older(message.answers),
    authorities: older(message.authorities),
    additionals: older(message.additionals),
  };
}
