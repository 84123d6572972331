/**
 * One packet to one server: charged, timed, and shared with everybody who wants the same answer from the same server at the same moment.
 * Sharing is done here and not for whole lookups, since a packet waits for nothing else: two lookups can never wait for each other.
 */
import {
  type Endpoint,
  type Message,
  makeQuery,
  type Name,
  Rcode,
  rrTypeToText,
  type Transport,
  TransportError,
} from '@mailanchor/dns';
import { BudgetExceeded, type Work } from '../budget.ts';
import type { QueryPurpose } from '../source.ts';
import { Pacer } from './pacer.ts';
import type { ResolverCounters } from './resolver-stats.ts';
import type { ServerStats } from './server-stats.ts';

/** A packet sent or answered, for `--trace` and for scenario logs. */
export interface QueryEvent {
  readonly server: ServerEndpoint;
  readonly name: Name;
  readonly type: number;
  /** Milliseconds the exchange took. */
  readonly ms: number;
  readonly purpose: QueryPurpose;
  /** What all this is for: `name` may be a part of it (rfc9156), and the server one of a zone above it. */
  readonly target: Name;
  /** The zone for which the server is asked; of a forwarder, what is forwarded to it. */
  readonly zone: Name;
  readonly outcome:
    | { readonly kind: 'response'; readonly message: Message }
    | { readonly kind: 'error'; readonly error: TransportError };
}

export interface ExchangerOptions {
  readonly transport: Transport;
  readonly stats: ServerStats;
  readonly counters?: ResolverCounters;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly onQuery?: (event: QueryEvent) => void;
}

export interface Ask {
  readonly server: ServerEndpoint;
  readonly name: Name;
  readonly type: number;
  /** Ask a forwarder to recurse, and not to validate for us: RD and CD set. */
  readonly recurse: boolean;
  readonly purpose: QueryPurpose;
  readonly target: Name;
  readonly zone: Name;
  readonly timeoutMs: number;
}

export type Exchanged =
  | {
      readonly kind: 'response';
      readonly message: Message;
      /** The server said FORMERR to EDNS: this is its answer to the question without. */
      readonly ednsRefused?: true;
    }
  | { readonly kind: 'error'; readonly error: TransportError };

/** EDNS payload size that avoids fragments (rfc6891#section-6.2.5 and DNS flag day 2020). */
const UDP_PAYLOAD = 1232;

/** A server with a way of its own to be asked, such as TLS. */
export interface ServerEndpoint extends Endpoint {
  /** Default: the resolver's. Closed with the resolver. */
  readonly transport?: Transport;
  /** What to call it, such as `tls://dns.example`; default address and port. Tells servers of one address apart. */
  readonly label?: string;
}

export function serverId(server: ServerEndpoint): string {
  return server.label ?? `${server.address}#${server.port}`;
}

export class Exchanger {
  readonly #options: ExchangerOptions;
  readonly #underWay = new Map<string, Promise<Exchanged>>();
  readonly #pacer = new Pacer();

  constructor(options: ExchangerOptions) {
    this.#options = options;
  }

  /** Rejects with `BudgetExceeded` only. */
  async ask(ask: Ask, work: Work): Promise<Exchanged> {
    const left = work.deadline - this.#options.clock();
    if (left <= 0) throw new BudgetExceeded('timeMs', `no answer within ${work.budgets.timeMs} ms`);
    work.chargeQuery();
    const key = `${serverId(ask.server)} ${ask.type} ${ask.recurse} ${ask.name.key}`;
    const underWay = this.#underWay.get(key);
    if (underWay) return charged(await underWay, work);
    const sent = this.#send(ask.timeoutMs > left ? { ...ask, timeoutMs: left } : ask, work);
    this.#underWay.set(key, sent);
    try {
      const exchanged = await sent;
      // What comes next is the dear part.
      const turn = this.#pacer.take();
      if (turn) await turn;
      return charged(exchanged, work);
    } finally {
      this.#underWay.delete(key);
    }
  }

  #send(ask: Ask, work: Work): Promise<Exchanged> {
    return this.#attempt(ask, true, (first) => this.#withoutEdns(ask, first, work));
  }

  async #withoutEdns(ask: Ask, first: Exchanged, work: Work): Promise<Exchanged> {
    // A server from before EDNS says FORMERR to it (rfc6891#section-7). Asked without, it can only answer for unsigned zones: an answer
    // without DNSSEC records is never by itself a reason to call a zone unsigned.
    const left = work.deadline - this.#options.clock();
    // Whoever shares this exchange has budgets of their own: where this one is used up, FORMERR is the answer.
    if (left <= 0 || work.upstreamQueries >= work.budgets.upstreamQueries) return first;
    work.chargeQuery();
    const second = await this.#attempt({ ...ask, timeoutMs: Math.min(ask.timeoutMs, left) }, false);
    return second.kind === 'response' ? { ...second, ednsRefused: true } : second;
  }

  /** `refused`: what to do where the server is one that does not know EDNS. */
  #attempt(ask: Ask, edns: boolean, refused?: (first: Exchanged) => Promise<Exchanged>): Promise<Exchanged> {
    const { transport, stats, counters, clock, onQuery } = this.#options;
    const { server, name, type, recurse, timeoutMs, purpose, target, zone } = ask;
    const query = makeQuery(name, type, {
      rd: recurse,
      cd: recurse,
      do: true,
      udpPayloadSize: UDP_PAYLOAD,
      edns,
    });
    const begin = clock();
    if (counters) counters.upstreamQueries++;
    const told = (outcome: Exchanged): Exchanged => {
      onQuery?.({ server, name, type, ms: clock() - begin, purpose, target, zone, outcome });
      return outcome;
    };
    const failed = (error: unknown): Exchanged => {
      const text = () => `${rrTypeToText(type)} of ${name} could not be asked: ${String(error)}`;
      stats.silent(serverId(server));
      if (counters) counters.upstreamErrors++;
      return told({
        kind: 'error',
        error:
          error instanceof TransportError ? error : new TransportError('failed', text(), { cause: error }),
      });
    };
    const answered = (message: Message): Exchanged | Promise<Exchanged> => {
      // The transport has tried TCP by now: what is cut off is unknown, not absent.
      if (message.tc)
        return failed(new TransportError('malformed', 'the answer is cut off, over TCP as well'));
      stats.answered(serverId(server), clock() - begin);
      const outcome = told({ kind: 'response', message });
      return refused && message.rcode === Rcode.FORMERR && !message.edns ? refused(outcome) : outcome;
    };
    // One promise a packet: every further one is paid for with each.
    try {
      return (server.transport ?? transport).exchange(query, server, { timeoutMs }).then(answered, failed);
    } catch (error) {
      return Promise.resolve(failed(error));
    }
  }
}

/** Whoever gets a response has its records on its account, whoever has asked for it. */
function charged(exchanged: Exchanged, work: Work): Exchanged {
  if (exchanged.kind === 'response') {
    const { answers, authorities, additionals } = exchanged.message;
    work.chargeRecords(answers.length + authorities.length + additionals.length);
  }
  return exchanged;
}
