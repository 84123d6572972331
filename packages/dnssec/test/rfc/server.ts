/** A transport that is one recursive server for records given: a table instead of a network. */
import {
  type Endpoint,
  type ExchangeOptions,
  type Message,
  type Name,
  Rcode,
  type ResourceRecord,
  responseTo,
  type Transport,
  TransportError,
} from '@mailanchor/dns';

export interface TableAnswer {
  readonly rcode?: number;
  readonly answers?: readonly ResourceRecord[];
  readonly authorities?: readonly ResourceRecord[];
}

export type Lookup = (name: Name, type: number) => TableAnswer | undefined;

/** What `lookup` knows is answered; the rest times out at once and is listed in `unanswered`. */
export class TableTransport implements Transport {
  readonly unanswered: string[] = [];
  readonly #lookup: Lookup;

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  async exchange(query: Message, _server: Endpoint, options: ExchangeOptions): Promise<Message> {
    options.signal?.throwIfAborted();
    const { name, type } = query.questions[0]!;
    const answer = this.#lookup(name, type);
    if (!answer) {
      this.unanswered.push(`${name} ${type}`);
      throw new TransportError('timeout', 'not in the table');
    }
    return responseTo(query, {
      ra: true,
      rcode: answer.rcode ?? Rcode.NOERROR,
      answers: answer.answers ?? [],
      authorities: answer.authorities ?? [],
    });
  }

  close(): void {}
}
