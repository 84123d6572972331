/**
 * The resolver as a server. One query, in prose: whose address is not on the list is refused. What was answered a moment ago is answered
 * again from its octets, at once, whatever else is going on (`packet-cache.ts`). Anything else is judged (`judge.ts`), given a place among the
 * questions under way (`outstanding.ts`), looked up with its proof, and turned into a response (`response.ts`), which is kept for the next.
 */
import { Ede, encodeMessage, type Message, type Question, Rcode, RRType } from '@mailanchor/dns';
import type { Resolution, ResolveOptions, UncheckedAnswer } from '@mailanchor/dnssec';
import type { AccessList } from './access.ts';
import { type Counts, PROTOCOLS, type Protocol, STATUSES } from './counts.ts';
import { bare, judge, refusal } from './judge.ts';
import { Outstanding, type OutstandingLimits } from './outstanding.ts';
import { PacketCache, truncate } from './packet-cache.ts';
import { MIN_UDP_PAYLOAD, QueryHead } from './query-head.ts';
import { respond, respondUnchecked } from './response.ts';

/** Whoever asks. */
export interface Client {
  readonly address: string;
  readonly protocol: Protocol;
}

/** What the service asks: `ValidatingResolver`, or a stand-in. */
export interface ServiceResolver {
  resolve(name: Question['name'], type: number, options?: ResolveOptions): Promise<Resolution>;
  resolveUnchecked(name: Question['name'], type: number, options?: ResolveOptions): Promise<UncheckedAnswer>;
}

export interface ServiceOptions {
  readonly resolver: ServiceResolver;
  readonly access: AccessList;
  readonly limits: OutstandingLimits;
  /** Octets of encoded responses kept. */
  readonly packetCacheOctets: number;
  readonly counts: Counts;
  /** Milliseconds since the epoch: the clock by which answers are kept and proven. */
  readonly clock: () => number;
  /** Milliseconds that one lookup may take. */
  readonly timeoutMs: number;
  /** An integer that clients cannot know. */
  readonly seed: number;
  /** Called with each bogus resolution. */
  readonly onBogus?: (resolution: Resolution) => void;
  /** Called when an answer had to be looked up: milliseconds from query to response. */
  readonly onLookup?: (ms: number) => void;
}

/** Octets of a UDP response at most: larger ones may be fragmented, and fragments may be forged (rfc6891#section-6.2.5). */
const UDP_LIMIT = 1232;
const TCP_LIMIT = 65535;

/** Stands in the place of a client's address. */
const REMINDERS = '';

const UDP = PROTOCOLS.indexOf('udp');
const STATUS_NUMBER = Object.fromEntries(STATUSES.map((status, index) => [status, index])) as Record<
  (typeof STATUSES)[number],
  number
>;

type Reply = (octets: Uint8Array) => void;

/** No answer; said all the same, since a stream counts the queries that it waits for. */
const NOTHING = new Uint8Array(0);

export class ResolverService {
  readonly #options: ServiceOptions;
  readonly #head: QueryHead;
  readonly #cache: PacketCache;
  readonly #outstanding: Outstanding;
  #resolver: ServiceResolver;
  /** Counts exchanges of the resolver: what an earlier one found out is not kept under a later one. */
  #generation = 0;
  #stopping = false;
  #idle: (() => void) | undefined;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#resolver = options.resolver;
    this.#head = new QueryHead(options.seed);
    this.#cache = new PacketCache(options.packetCacheOctets);
    this.#outstanding = new Outstanding(options.limits);
  }

  get cache(): PacketCache {
    return this.#cache;
  }

  get underWay(): number {
    return this.#outstanding.total;
  }

  /** Another resolver from now on, with other trust anchors: nothing proven by the one before is given out any more. */
  exchangeResolver(resolver: ServiceResolver): void {
    this.#resolver = resolver;
    this.#generation++;
    this.#cache.clear();
  }

  /** From now on only what is at hand is answered. */
  stop(): void {
    this.#stopping = true;
  }

  /** Resolves when nothing is under way, or after `ms`. */
  drained(ms: number): Promise<void> {
    if (this.underWay === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /**
   * Takes one query. Calls `reply` at most once, before it returns where the answer is at hand. Never throws for anything that is in a packet.
   * The octets may be used again by the caller after it returns.
   */
  handle(octets: Uint8Array, client: Client, reply: Reply): void {
    const { counts, access } = this.#options;
    const protocol = PROTOCOLS.indexOf(client.protocol);
    if (!access.allows(client.address)) {
      counts.denied++;
      if (isQuery(octets)) {
        this.#say(bare(octets, Rcode.REFUSED), protocol, STATUS_NUMBER.none, reply);
      } else {
        counts.dropped++;
        reply(NOTHING);
      }
      return;
    }
    const head = this.#head;
    if (head.read(octets)) {
      const now = Math.floor(this.#options.clock() / 1000);
      const limit = protocol === UDP ? Math.min(head.payload, UDP_LIMIT) : TCP_LIMIT;
      const response = this.#cache.get(octets, head, now, limit);
      if (response) {
        if ((response[2]! & 2) !== 0) counts.truncated++;
        counts.response(protocol, response[3]! & 15, this.#cache.status);
        const due = this.#cache.due;
        reply(response);
        if (due) this.#remind(octets);
        return;
      }
    }
    this.#judge(octets, client, protocol, reply);
  }

  #left(client: string): void {
    this.#outstanding.leave(client);
    if (this.underWay === 0) this.#idle?.();
  }

  /** The resolver, which looks up anew what is asked for shortly before it expires, sees nothing of what is answered here: it is told. */
  #remind(octets: Uint8Array): void {
    const judgement = judge(Uint8Array.from(octets));
    if (judgement.kind !== 'ask' || judgement.query.cd || this.#stopping) return;
    // Mostly a look into the resolver's cache; bounded all the same, by places that no client has.
    if (!this.#outstanding.enter(REMINDERS)) return;
    const { name, type } = judgement.question;
    this.#resolver
      .resolve(name, type, { timeoutMs: this.#options.timeoutMs })
      .catch(() => {})
      .finally(() => this.#left(REMINDERS));
  }

  #judge(octets: Uint8Array, client: Client, protocol: number, reply: Reply): void {
    const { counts } = this.#options;
    // Names of a decoded message are views of it, and this one is looked at for longer than the packet lasts.
    const kept = Uint8Array.from(octets);
    const judgement = judge(kept);
    if (judgement.kind === 'drop') {
      counts.dropped++;
      reply(NOTHING);
      return;
    }
    if (judgement.kind === 'reply') {
      this.#say(judgement.message, protocol, STATUS_NUMBER.none, reply);
      return;
    }
    const { query, question } = judgement;
    if (!query.rd) {
      // Who does not want recursion gets what is at hand, and that is not.
      const text = 'not in the cache, and recursion is not desired';
      this.#say(
        refusal(query, Rcode.REFUSED, Ede.NOT_AUTHORITATIVE, text),
        protocol,
        STATUS_NUMBER.none,
        reply,
      );
      return;
    }
    if (this.#stopping) {
      counts.dropped++;
      reply(NOTHING);
      return;
    }
    if (!this.#outstanding.enter(client.address)) {
      counts.overload++;
      const text = 'too many questions are under way';
      this.#say(refusal(query, Rcode.SERVFAIL, Ede.OTHER, text), protocol, STATUS_NUMBER.none, reply);
      return;
    }
    const begin = performance.now();
    this.#lookUp(kept, query, question, protocol, reply)
      .catch((error: unknown) => {
        // The resolver was closed meanwhile, or we are at fault: never an answer that says more than that.
        const text = error instanceof Error ? error.message : String(error);
        this.#say(refusal(query, Rcode.SERVFAIL, Ede.OTHER, text), protocol, STATUS_NUMBER.none, reply);
      })
      .finally(() => {
        this.#options.onLookup?.(performance.now() - begin);
        this.#left(client.address);
      });
  }

  async #lookUp(
    octets: Uint8Array,
    query: Message,
    question: Question,
    protocol: number,
    reply: Reply,
  ): Promise<void> {
    const { clock, timeoutMs, onBogus } = this.#options;
    const generation = this.#generation;
    const resolver = this.#resolver;
    let status: number;
    let response: ReturnType<typeof respond>;
    // A signature is no data that could be signed: nobody can prove one, and it is handed on as it is.
    if (query.cd || question.type === RRType.RRSIG) {
      const answer = await resolver.resolveUnchecked(question.name, question.type, { timeoutMs });
      response = respondUnchecked(query, question, answer);
      status = STATUS_NUMBER.unchecked;
    } else {
      const resolution = await resolver.resolve(question.name, question.type, { timeoutMs });
      if (resolution.status === 'bogus') onBogus?.(resolution);
      response = respond(query, question, resolution);
      status = STATUS_NUMBER[resolution.status];
    }
    const head = this.#head;
    const encoded = encodeMessage(response.message);
    if (!head.read(octets)) {
      // Odd in some way that does not matter, such as a second additional record; answered, not kept.
      const limit =
        protocol === UDP
          ? Math.min(Math.max(MIN_UDP_PAYLOAD, query.edns?.udpPayloadSize ?? 0), UDP_LIMIT)
          : TCP_LIMIT;
      this.#send(
        encodeMessage(response.message, { maxOctets: limit }),
        response.message.rcode,
        protocol,
        status,
        reply,
      );
      return;
    }
    const limit = protocol === UDP ? Math.min(head.payload, UDP_LIMIT) : TCP_LIMIT;
    const now = Math.floor(clock() / 1000);
    if (generation === this.#generation) {
      this.#cache.set(octets, head, encoded, { now, ttl: response.ttl, status });
    }
    const fitting = encoded.length > limit ? truncate(encoded, head.nameEnd + 4) : encoded;
    this.#send(fitting, response.message.rcode, protocol, status, reply);
  }

  #say(message: Message, protocol: number, status: number, reply: Reply): void {
    const octets = encodeMessage(message, protocol === UDP ? { maxOctets: MIN_UDP_PAYLOAD } : {});
    this.#send(octets, message.rcode, protocol, status, reply);
  }

  #send(octets: Uint8Array, rcode: number, protocol: number, status: number, reply: Reply): void {
    if ((octets[2]! & 2) !== 0) this.#options.counts.truncated++;
    this.#options.counts.response(protocol, rcode, status);
    reply(octets);
  }
}

function isQuery(octets: Uint8Array): boolean {
  return octets.length >= 12 && (octets[2]! & 0x80) === 0;
}
