/**
 * Publishes by dynamic updates (rfc2136) signed with TSIG: BIND, Knot, PowerDNS and any other server that takes them.
 *
 * The server is asked first what it has, so that an alias or another zone is told and not written into. What decides is the prerequisite in
 * the update: the RRset is exactly the expected one, in the same moment in which it is changed. Prerequisites do not compare TTLs
 * (rfc2136#section-2.4): a TTL that somebody else has changed meanwhile is overwritten.
 */
import {
  addRecord,
  DnsError,
  type Endpoint,
  encodeTlsa,
  exchangeSigned,
  type Message,
  makeQuery,
  makeUpdate,
  type ResourceRecord,
  RRType,
  removeRecord,
  rrsetIs,
  rrsetIsAbsent,
  type SignedReply,
  type TsigKey,
} from '@mailanchor/dns';
import { messageOf } from '../errors.ts';
import type { Publisher, PublishOutcome, TlsaChange } from './publisher.ts';
import { readSeen, readUpdateReply, type Seen } from './rfc2136-reply.ts';
import { resultOf, sameTlsaSet, tlsaSetText, tlsaText } from './tlsa-set.ts';

export interface Rfc2136Options {
  readonly name: string;
  readonly server: Endpoint;
  readonly key: TsigKey;
  /** Milliseconds for a whole change. */
  readonly timeoutMs: number;
  /** Milliseconds since the epoch; default the system's clock. */
  readonly clock?: () => number;
}

export function createRfc2136Publisher(options: Rfc2136Options): Publisher {
  return {
    name: options.name,
    describe: (change) => asNsupdate(change, options),
    publish: (change, signal) => new Rfc2136Change(options, change, signal).publish(),
  };
}

interface UpdateRecords {
  readonly prerequisites: ResourceRecord[];
  readonly updates: ResourceRecord[];
}

/** Every record of the result is added, also one that is there: that sets its TTL (rfc2136#section-3.4.2). */
function updateRecords(change: TlsaChange): UpdateRecords {
  const { owner, ttl, expected, remove } = change;
  const rdatas = expected.map(encodeTlsa);
  return {
    prerequisites:
      rdatas.length > 0
        ? rrsetIs(owner, RRType.TLSA, rdatas)
        : [rrsetIsAbsent(owner, RRType.TLSA), rrsetIsAbsent(owner, RRType.CNAME)],
    updates: [
      ...remove.map((record) => removeRecord(owner, RRType.TLSA, encodeTlsa(record))),
      ...resultOf(change).map((record) => addRecord(owner, RRType.TLSA, ttl, encodeTlsa(record))),
    ],
  };
}

class Rfc2136Change {
  readonly #options: Rfc2136Options;
  readonly #change: TlsaChange;
  readonly #signal: AbortSignal;
  readonly #deadline: number;

  constructor(options: Rfc2136Options, change: TlsaChange, signal: AbortSignal) {
    this.#options = options;
    this.#change = change;
    this.#signal = signal;
    this.#deadline = performance.now() + options.timeoutMs;
  }

  async publish(): Promise<PublishOutcome> {
    const change = this.#change;
    let before: Seen;
    try {
      before = await this.#look();
    } catch (error) {
      return { kind: 'failed', text: `${this.#failure(error)}. Nothing was sent to be changed` };
    }
    const early = this.#outcomeOf(before);
    if (early) return early;
    const { prerequisites, updates } = updateRecords(change);
    let reply: SignedReply;
    try {
      reply = await this.#exchange(makeUpdate({ zone: change.zone, prerequisites, updates }));
    } catch (error) {
      return { kind: 'failed', text: `${this.#failure(error)}. Whether it was changed is not known` };
    }
    const outcome = readUpdateReply(reply, change, this.#options.key);
    if (outcome.kind !== 'unmet')
      return outcome.kind === 'done' ? outcome : { ...outcome, text: `${this.#server}: ${outcome.text}` };
    const after = await this.#look().catch((error: unknown): Seen => {
      this.#failure(error);
      return { kind: 'unknown' };
    });
    return this.#outcomeOf(after, true) ?? this.#conflict('does not tell what it has now');
  }

  /** What is to be said without an update; undefined where one is to be sent. `refused`: the server has said that the RRset is another. */
  #outcomeOf(seen: Seen, unmet = false): PublishOutcome | undefined {
    const { expected, ttl } = this.#change;
    if (seen.kind === 'unknown') return undefined;
    if (seen.kind !== 'records') return { kind: 'refused', text: `${this.#server}: ${seen.text}` };
    const result = resultOf(this.#change);
    const there = sameTlsaSet(seen.records, result);
    if (there && (result.length === 0 || seen.ttl === ttl)) return { kind: 'unchanged' };
    if (!unmet && sameTlsaSet(seen.records, expected)) return undefined;
    return this.#conflict(there ? `has them with a TTL of ${seen.ttl}` : `has ${tlsaSetText(seen.records)}`);
  }

  #conflict(what: string): PublishOutcome {
    const { owner, expected } = this.#change;
    return {
      kind: 'conflict',
      text: `${this.#server} ${what} at ${owner}, not ${tlsaSetText(expected)} as expected: changed meanwhile by somebody else`,
    };
  }

  async #look(): Promise<Seen> {
    const query = makeQuery(this.#change.owner, RRType.TLSA, { edns: false });
    return readSeen(await this.#exchange(query), this.#change, this.#options.key);
  }

  #exchange(message: Message): Promise<SignedReply> {
    const { server, key, clock } = this.#options;
    const timeoutMs = Math.max(1, Math.round(this.#deadline - performance.now()));
    return exchangeSigned(message, server, { key, timeoutMs, signal: this.#signal, ...(clock && { clock }) });
  }

  get #server(): string {
    return serverText(this.#options.server);
  }

  /** In words; what is no failure of the exchange goes on. */
  #failure(error: unknown): string {
    this.#signal.throwIfAborted();
    if (!(error instanceof DnsError)) throw error;
    return messageOf(error);
  }
}

function serverText({ address, port }: Endpoint): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return port === 53 ? address : `${host}:${port}`;
}

/** The update as nsupdate would be told it: what is sent, to read and to repeat by hand. */
function asNsupdate(change: TlsaChange, { server, key }: Rfc2136Options): string {
  const { zone, owner, ttl, expected, remove } = change;
  return [
    `; update for ${serverText(server)}, signed with the key ${key.name.toString().replace(/\.$/, '')} (${key.algorithm})`,
    `server ${server.address} ${server.port}`,
    `zone ${zone}`,
    ...(expected.length > 0
      ? expected.map((record) => `prereq yxrrset ${owner} IN TLSA ${tlsaText(record)}`)
      : [`prereq nxrrset ${owner} IN TLSA`, `prereq nxrrset ${owner} IN CNAME`]),
    ...remove.map((record) => `update delete ${owner} IN TLSA ${tlsaText(record)}`),
    ...resultOf(change).map((record) => `update add ${owner} ${ttl} IN TLSA ${tlsaText(record)}`),
    'send',
  ].join('\n');
}
