/**
 * Asking a resolver that iterates for us. It is asked with DO and CD and is never trusted: its AD bit is not even read, and everything it
 * says is validated here (rfc4035#section-4.9).
 */
import { Ede, type Name, Rcode, rcodeToText, rrTypeToText } from '@mailanchor/dns';
import type { FetchRequest, RawAnswer, Source } from '../source.ts';
import { type Exchanger, type ServerEndpoint, serverId } from './exchange.ts';
import { ForwarderFaults } from './forwarder-faults.ts';
import { isUsable } from './lameness.ts';
import type { ServerStats } from './server-stats.ts';

export interface ForwarderOptions {
  readonly exchanger: Exchanger;
  readonly stats: ServerStats;
  readonly servers: readonly ServerEndpoint[];
  /** What the servers may speak of: the root for a general forwarder. */
  readonly zone: Name;
}

/** Attempts over all servers: a forwarder's first answer to a cold name may take its time. */
const PASSES = 2;

export class Forwarder implements Source {
  readonly #options: ForwarderOptions;
  readonly #faults = new ForwarderFaults();

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  referralDs(): undefined {
    return undefined;
  }

  async close(): Promise<void> {
    for (const { transport } of this.#options.servers) await transport?.close();
  }

  async fetch(name: Name, type: number, { work, avoid, purpose }: FetchRequest): Promise<RawAnswer> {
    const { exchanger, stats, zone } = this.#options;
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
