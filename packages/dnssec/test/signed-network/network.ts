/** A `Transport` that is a whole network: servers by address, each with its zones and its faults; no sockets, and time that stands still. */
import {
  DnsError,
  decodeMessage,
  type Endpoint,
  type ExchangeOptions,
  encodeMessage,
  type Message,
  type Name,
  Rcode,
  responseTo,
  rrTypeToText,
  type Transport,
  TransportError,
} from '@mailanchor/dns';
import { respond } from './authority.ts';
import type { Zone } from './zone.ts';

export interface Server {
  readonly address: string;
  readonly zones: Zone[];
}

/**
 * What a hook makes of a response: another one, none (the packet is lost), or nothing to leave it as it is. A `DnsError` that it throws is a
 * message that cannot be read.
 */
export type Hook = (response: Message, query: Message, server: string) => Message | 'silent' | undefined;

export interface Asked {
  readonly server: string;
  readonly name: Name;
  readonly type: number;
  readonly query: Message;
}

export class FakeNetwork implements Transport {
  /** Milliseconds since the epoch. */
  now: number;
  readonly asked: Asked[] = [];
  readonly #servers = new Map<string, Server>();
  readonly #hooks: { readonly server: string | undefined; readonly hook: Hook }[] = [];

  constructor(nowSeconds: number) {
    this.now = nowSeconds * 1000;
  }

  clock = (): number => this.now;

  serve(address: string, zone: Zone): void {
    const server = this.#servers.get(address);
    if (server) server.zones.push(zone);
    else this.#servers.set(address, { address, zones: [zone] });
  }

  /** Changes what servers answer: all of them, or the one at the address. Later hooks see what earlier ones made. */
  mutate(hook: Hook, server?: string): void {
    this.#hooks.push({ server, hook });
  }

  /** As `mutate`, for one question. */
  on(name: Name, type: number, hook: Hook, server?: string): void {
    this.mutate((response, query, address) => {
      const asked = query.questions[0]!;
      return asked.type === type && asked.name.equals(name) ? hook(response, query, address) : undefined;
    }, server);
  }

  silence(server: string): void {
    this.mutate(() => 'silent', server);
  }

  refuse(server: string, rcode: number = Rcode.REFUSED): void {
    this.mutate((_, query) => responseTo(query, { rcode }), server);
  }

  heal(): void {
    this.#hooks.length = 0;
  }

  async exchange(query: Message, { address }: Endpoint, { timeoutMs }: ExchangeOptions): Promise<Message> {
    const { name, type } = query.questions[0]!;
    this.asked.push({ server: address, name, type, query });
    if (this.asked.length > 5000) throw new Error('the resolver does not stop asking');
    // Answers arrive later, as in life.
    await Promise.resolve();
    const server = this.#servers.get(address);
    let response: Message | 'silent' = server ? respond(server.zones, query) : 'silent';
    try {
      for (const { server: only, hook } of this.#hooks) {
        if (response === 'silent') break;
        if (only === undefined || only === address) response = hook(response, query, address) ?? response;
      }
      if (response === 'silent') {
        this.now += timeoutMs;
        throw new TransportError('timeout', `no answer within ${timeoutMs} ms`);
      }
      return decodeMessage(encodeMessage({ ...response, id: query.id, questions: query.questions }));
    } catch (cause) {
      if (!(cause instanceof DnsError)) throw cause;
      if (cause instanceof TransportError) throw cause;
      throw new TransportError('malformed', 'the answer is no message', { cause });
    }
  }

  close(): void {}

  /** The questions asked since the last call, each as `TYPE name @server`. */
  log(): string[] {
    return this.asked.splice(0).map(({ server, name, type }) => `${rrTypeToText(type)} ${name} @${server}`);
  }
}
