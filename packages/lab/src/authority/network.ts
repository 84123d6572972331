/**
 * Who answers where: addresses and the zones of the server at each, without sockets. `DnsServers` puts it on loopback,
 * `createAuthorityTransport` asks it in process.
 */
import type { Message } from '@mailanchor/dns';
import { answer } from './answer.ts';
import type { ServedZone } from './served-zone.ts';
import { applyServerFault, type ServerFault, type ServerReply, serverFaultOf } from './server-fault.ts';

export interface AuthorityServer {
  readonly address: string;
  /** Can be added to while it serves. */
  readonly zones: ServedZone[];
  /** The first that touches a query applies; can be changed while it serves. */
  faults: readonly ServerFault[];
}

export class AuthorityNetwork {
  readonly #servers = new Map<string, AuthorityServer>();

  /** The server at this address, made when it is first named. */
  server(address: string): AuthorityServer {
    let server = this.#servers.get(address);
    if (!server) {
      server = { address, zones: [], faults: [] };
      this.#servers.set(address, server);
    }
    return server;
  }

  get addresses(): string[] {
    return [...this.#servers.keys()];
  }

  /** What the server at `address` does with a query; undefined where there is none. */
  respond(address: string, query: Message): ServerReply | undefined {
    const server = this.#servers.get(address);
    if (!server) return undefined;
    const response = answer(server.zones, query);
    const fault = serverFaultOf(server.faults, query);
    return fault
      ? applyServerFault(fault, query, response)
      : { kind: 'message', message: response, truncated: false };
  }
}
