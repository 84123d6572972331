/**
 * Asking a resolver that iterates for us, or, for one zone, a server that has the zone. It is asked with DO and CD and is never trusted: its AD bit is not even read, and everything it
 * says is validated here (rfc4035#section-4.9).
 *
 * A server that has the zone refers to those that have what lies below; it is followed, inside the zone. A resolver that refers anywhere does
 * not resolve: a referral says nothing of the name, least of all that there is nothing (rfc2308#section-2.2).
 */
import { Ede, type Name, Rcode, RRType, rcodeToText, rrTypeToText } from '@mailanchor/dns';
import type { FetchRequest, RawAnswer, ReferralDs, Source } from '../source.ts';
import { readReferral } from './delegation.ts';
import { type Exchanger, type ServerEndpoint, serverId } from './exchange.ts';
import { ForwarderFaults } from './forwarder-faults.ts';
import type { IterativeSource } from './iterate.ts';
import { isLame, isUsable } from './lameness.ts';
import type { ServerStats } from './server-stats.ts';

export interface ForwarderOptions {
  readonly exchanger: Exchanger;
  readonly stats: ServerStats;
  readonly servers: readonly ServerEndpoint[];
  /** What the servers may speak of: the root for a general forwarder. */
  readonly zone: Name;
  /** Follows referrals to zones below. Without it a referral is a failure. */
  readonly below?: IterativeSource;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** Attempts over all servers: a forwarder's first answer to a cold name may take its time. */
const PASSES = 2;

export class Forwarder implements Source {
  readonly #options: ForwarderOptions;
  readonly #faults = new ForwarderFaults();

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  referralDs(zone: Name): ReferralDs | undefined {
    return this.#options.below?.referralDs(zone);
  }

  forget(): void {
    this.#options.below?.forget();
  }

  async close(): Promise<void> {
    for (const { transport } of this.#options.servers) await transport?.close();
  }

  async fetch(name: Name, type: number, request: FetchRequest): Promise<RawAnswer> {
    const { work, avoid, purpose } = request;
    const { exchanger, stats, zone, below, now } = this.#options;
    const known = below?.delegationOf(type === RRType.DS && !name.isRoot ? name.parent : name);
    if (below && known?.zone.isBelow(zone)) return below.fetchFrom(known, name, type, request);
    const servers = this.#options.servers
      .map((endpoint) => ({ endpoint, id: serverId(endpoint) }))
      .filter(({ id }) => !avoid.has(id));
    let last = 'every server has answered wrongly';
    let rcode: number | undefined;
    let fault: string | undefined;
    let pending = stats.order(servers, zone.key);
    for (let pass = 0; pass < PASSES && pending.length > 0; pass++) {
      const silent: typeof pending = [];
      for (const server of pending) {
        const timeoutMs = pass === 0 ? work.budgets.packetMs : work.budgets.timeMs;
        const exchanged = await exchanger.ask(
          {
            server: server.endpoint,
            name,
            type,
            recurse: true,
            timeoutMs,
            purpose,
            target: name,
            zone,
          },
          work,
        );
        if (exchanged.kind === 'error') {
          last = `${server.id}: ${exchanged.error.message}`;
          if (exchanged.error.code === 'timeout') silent.push(server);
          fault ??= this.#faults.ofFailure(server.id, undefined, name, type);
          continue;
        }
        const { message } = exchanged;
        this.#faults.note(server.id, exchanged);
        const referral = readReferral(message, zone, name, {
          servers: work.budgets.serversPerDelegation,
          now: now(),
          maxTtl: work.budgets.maxTtl,
        });
        const refers = referral && !(type === RRType.DS && referral.zone.equals(name)) ? referral : undefined;
        if (below && refers) return below.fetchFrom(refers, name, type, request);
        if (refers || isLame(message, zone)) {
          last = `${server.id} refers to other servers and does not resolve`;
          continue;
        }
        if (isUsable(message)) {
          return {
            kind: 'message',
            message,
            server: server.id,
            bailiwick: zone,
            blame: (reason) => this.#faults.ofAnswer(server.id, exchanged, name, type, reason),
          };
        }
        rcode ??= message.rcode;
        fault ??= this.#faults.ofFailure(server.id, exchanged, name, type);
        last = `${server.id} answers ${rcodeToText(message.rcode)}`;
      }
      pending = silent;
    }
    const ede = rcode === undefined ? Ede.NO_REACHABLE_AUTHORITY : Ede.NETWORK_ERROR;
    const text = fault ?? `no resolver answers for ${rrTypeToText(type)} of ${name} (${last})`;
    return { kind: 'failure', rcode: rcode ?? Rcode.SERVFAIL, reason: { ede, text } };
  }
}
