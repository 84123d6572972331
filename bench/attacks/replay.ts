/**
 * The network of an attack, recorded: what the servers said, as octets. Making answers costs more than reading them and is the attacker's
 * work, so it is done once, before anything is measured.
 */
import {
  decodeMessage,
  type Endpoint,
  type ExchangeOptions,
  encodeMessage,
  type Message,
  type Transport,
  TransportError,
} from '@mailanchor/dns';
import type { FakeNetwork } from '../../packages/dnssec/test/signed-network/network.ts';

export class Replay implements Transport {
  readonly #network: FakeNetwork;
  /** What was said to a question, each time that it was asked. */
  readonly #said = new Map<string, (Uint8Array | 'silent')[]>();
  readonly #asked = new Map<string, number>();
  /** Questions that had not been asked before: none, once an attack has run. */
  fresh = 0;

  constructor(network: FakeNetwork) {
    this.#network = network;
  }

  /** Everything is asked from the beginning. */
  rewind(): void {
    this.#asked.clear();
  }

  async exchange(query: Message, server: Endpoint, options: ExchangeOptions): Promise<Message> {
    const { name, type } = query.questions[0]!;
    const key = `${server.address} ${type} ${query.edns ? 1 : 0} ${name.key}`;
    // A packet comes in on its own turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    const time = this.#asked.get(key) ?? 0;
    this.#asked.set(key, time + 1);
    const answers = this.#said.get(key) ?? [];
    this.#said.set(key, answers);
    let said = answers[time];
    if (said === undefined) {
      this.fresh++;
      said = await this.#network
        .exchange(query, server, options)
        .then(encodeMessage, () => 'silent' as const);
      answers[time] = said;
    }
    if (said === 'silent') throw new TransportError('timeout', 'no answer');
    // Question and id are compared by the transports; here they are the query's own.
    const message = decodeMessage(said.slice());
    return { ...message, id: query.id };
  }

  close(): void {}
}
