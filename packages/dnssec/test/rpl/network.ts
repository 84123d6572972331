/**
 * The network of a scenario: a `Transport` that answers from the ranges and moves the scenario's clock and step where steps
 * between a question and its answer say so. A query that nothing in the file answers times out at once and is noted.
 *
 * As in testbound, while a question is under way the current step is the one after its QUERY.
 */
import {
  decodeMessage,
  type Edns,
  type Endpoint,
  type ExchangeOptions,
  encodeMessage,
  type Message,
  RRClass,
  type Transport,
  TransportError,
} from '@mailanchor/dns';
import type { Entry, Scenario, Step } from './parse.ts';

export type Protocol = 'udp' | 'tcp';

export interface Exchange {
  readonly step: number;
  readonly server: Endpoint;
  readonly query: Message;
  /** Undefined: nothing in the file answers it. */
  readonly entry: Entry | undefined;
  readonly response: Message | undefined;
  /** Why there is no response. */
  readonly failure?: string;
}

export interface NetworkOptions {
  /** Answer EDNS with EDNS though the file's entries mostly leave it out (it was recorded from servers that all had it). */
  readonly echoEdns: boolean;
  readonly onExchange?: (exchange: Exchange) => void;
}

export class ScenarioNetwork implements Transport {
  readonly log: Exchange[] = [];
  /** Index of the current step: the next to be done. */
  cursor = 0;
  /** Milliseconds since the epoch. */
  now: number;
  readonly #scenario: Scenario;
  readonly #options: NetworkOptions;

  constructor(scenario: Scenario, startMs: number, options: NetworkOptions) {
    this.#scenario = scenario;
    this.#options = options;
    this.now = startMs;
  }

  get step(): Step | undefined {
    return this.#scenario.steps[this.cursor];
  }

  async exchange(query: Message, server: Endpoint, options: ExchangeOptions): Promise<Message> {
    options.signal?.throwIfAborted();
    return this.answer(query, server);
  }

  /**
   * What the server at an address answers now, over one protocol; without one, over UDP, and over TCP where that is cut off. Throws
   * `TransportError` where it says nothing, or nothing that could be sent.
   */
  answer(query: Message, server: Endpoint, protocol?: Protocol): Message {
    const number = this.step?.number ?? Number.MAX_SAFE_INTEGER;
    const entry = this.#find(query, server, protocol);
    try {
      if (!entry) throw new TransportError('timeout', 'the scenario has no answer to this query');
      const response = this.#respond(entry, query);
      this.#note({ step: number, server, query, entry, response });
      return response;
    } catch (cause) {
      const error =
        cause instanceof TransportError
          ? cause
          : new TransportError('malformed', 'the recorded answer is no message', { cause });
      this.#note({ step: number, server, query, entry, response: undefined, failure: error.message });
      throw error;
    }
  }

  close(): void {}

  #note(exchange: Exchange): void {
    this.log.push(exchange);
    this.#options.onExchange?.(exchange);
  }

  #find(query: Message, server: Endpoint, protocol: Protocol | undefined): Entry | undefined {
    for (;;) {
      const step = this.step;
      if (step?.kind === 'REPLY' && step.entry && matchesQuery(step.entry, query, protocol ?? 'udp')) {
        this.cursor++;
        return step.entry;
      }
      const at = step?.number ?? Number.MAX_SAFE_INTEGER;
      const entry = this.#findInRanges(query, server, at, protocol);
      if (entry) return entry;
      // Nothing answers now: the scenario goes on to the next step if that is one that lets things happen.
      if (step?.kind === 'TIME_PASSES') this.now += step.elapseMs;
      else if (step?.kind === 'CHECK_OUT_QUERY') {
        if (!step.entry || !matchesQuery(step.entry, query, protocol ?? 'udp')) return undefined;
      } else if (step?.kind === 'TIMEOUT') {
        this.cursor++;
        return undefined;
      } else if (step?.kind !== 'NOTHING' && step?.kind !== 'TRAFFIC') return undefined;
      this.cursor++;
    }
  }

  #findInRanges(
    query: Message,
    server: Endpoint,
    step: number,
    protocol: Protocol | undefined,
  ): Entry | undefined {
    const search = (transport: Protocol): Entry | undefined => {
      for (const range of this.#scenario.ranges) {
        if (step < range.first || step > range.last) continue;
        if (range.addresses.length > 0 && !range.addresses.includes(server.address)) continue;
        const entry = range.entries.find((candidate) => matchesQuery(candidate, query, transport));
        if (entry) return entry;
      }
      return undefined;
    };
    if (protocol) return search(protocol);
    const entry = search('udp');
    return entry?.flags.has('TC') ? (search('tcp') ?? entry) : entry;
  }

  #respond(entry: Entry, query: Message): Message {
    const asked = query.questions[0]!;
    const recorded = entry.question;
    const same =
      recorded === undefined ||
      entry.adjust.has('copy_query') ||
      (recorded.type === asked.type && recorded.name.equals(asked.name));
    if (!same) throw new TransportError('timeout', 'the recorded answer is to another question');
    const edns: Edns | undefined = entry.flags.has('DO')
      ? { udpPayloadSize: 4096, version: 0, do: true, options: [] }
      : this.#options.echoEdns && query.edns
        ? { udpPayloadSize: 4096, version: 0, do: query.edns.do, options: [] }
        : undefined;
    const response: Message = {
      id: query.id,
      qr: true,
      opcode: query.opcode,
      aa: entry.flags.has('AA'),
      tc: entry.flags.has('TC'),
      rd: entry.flags.has('RD'),
      ra: entry.flags.has('RA'),
      ad: entry.flags.has('AD'),
      cd: entry.flags.has('CD'),
      rcode: entry.rcode,
      questions: [asked],
      answers: entry.answer,
      authorities: entry.authority,
      additionals: entry.additional,
      ...(edns ? { edns } : {}),
    };
    // Over the wire and back, as in life: what the codec refuses is refused here.
    return decodeMessage(encodeMessage(response));
  }
}

/** Whether an entry of a range answers `query`: every word of its MATCH holds; none at all holds always. */
export function matchesQuery(entry: Entry, query: Message, transport: Protocol): boolean {
  const asked = query.questions[0];
  if (!asked) return false;
  const { match, question } = entry;
  const all = match.has('all');
  if ((all || match.has('opcode')) && query.opcode !== 0) return false;
  if (match.has('qclass') && asked.class !== RRClass.IN) return false;
  if (match.has('tcp') && transport !== 'tcp') return false;
  if (match.has('udp') && transport !== 'udp') return false;
  if (match.has('do') && !query.edns?.do) return false;
  if (match.has('noedns') && query.edns) return false;
  const name = all || match.has('qname') || match.has('question');
  const type = all || match.has('qtype') || match.has('question');
  if (name && !(question && asked.name.equals(question.name))) return false;
  if (type && asked.type !== question?.type) return false;
  if (match.has('subdomain') && !(question && asked.name.isAtOrBelow(question.name))) return false;
  return true;
}
