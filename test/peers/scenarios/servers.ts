/** The servers of a scenario on real sockets: every recorded address, UDP and TCP, port 53. It runs inside a network namespace. */
import { spawnSync } from 'node:child_process';
import {
  createListener,
  type DnsListener,
  decodeMessage,
  encodeMessage,
  type ListenerProtocol,
  type Reply,
  RRType,
  rrTypeToText,
} from '@mailanchor/dns';
import type { ScenarioNetwork } from '../../../packages/dnssec/test/rpl/network.ts';
import type { Scenario } from '../../../packages/dnssec/test/rpl/parse.ts';
import type { ScenarioSettings } from '../../../packages/dnssec/test/rpl/settings.ts';

const DNS_PORT = 53;
/** Octets of a UDP answer to a query without EDNS (rfc1035#section-4.2.1). */
const PLAIN_PAYLOAD = 512;

export interface ScenarioServers {
  /** Questions that nothing in the file answers, in order: `TYPE name @server`. */
  readonly unanswered: readonly string[];
  close(): Promise<void>;
}

/** Every address that the scenario speaks of as a server's. */
export function addressesOf(scenario: Scenario, settings: ScenarioSettings): readonly string[] {
  return [
    ...new Set([
      ...settings.rootServers,
      ...settings.forwarders,
      ...settings.forwardZones.flatMap(({ addresses }) => addresses),
      ...scenario.ranges.flatMap((range) => range.addresses),
    ]),
  ];
}

/** Makes the addresses this namespace's own and listens there. What the scenario has no answer to is met with silence. */
export async function openServers(
  addresses: readonly string[],
  network: ScenarioNetwork,
): Promise<ScenarioServers> {
  const unanswered: string[] = [];
  const listeners: DnsListener[] = [];
  for (const address of addresses) {
    ip('add', address);
    listeners.push(
      await createListener({
        address,
        port: DNS_PORT,
        protocols: ['udp', 'tcp'],
        onQuery: (octets, client, reply) => answer(octets, address, client.protocol, reply),
      }),
    );
  }
  return {
    unanswered,
    close: async () => {
      await Promise.all(listeners.map((listener) => listener.close()));
      for (const address of addresses) ip('del', address);
    },
  };

  function answer(octets: Uint8Array, address: string, protocol: ListenerProtocol, reply: Reply): void {
    const query = decodeMessage(octets);
    const asked = query.questions[0];
    let response: Uint8Array;
    try {
      const message = network.answer(query, { address, port: DNS_PORT }, protocol === 'udp' ? 'udp' : 'tcp');
      const payload = query.edns?.udpPayloadSize ?? PLAIN_PAYLOAD;
      response = encodeMessage(message, protocol === 'udp' ? { maxOctets: payload } : {});
    } catch {
      unanswered.push(`${rrTypeToText(asked?.type ?? RRType.A)} ${asked?.name} @${address}`);
      reply(new Uint8Array(0));
      return;
    }
    reply(response);
  }
}

function ip(verb: 'add' | 'del', address: string): void {
  const v6 = address.includes(':');
  // Without `nodad` an IPv6 address is tentative at first, and nobody can listen there.
  const more = v6 && verb === 'add' ? ['nodad'] : [];
  const { status, stderr } = spawnSync(
    'ip',
    ['addr', verb, `${address}/${v6 ? 128 : 32}`, 'dev', 'lo', ...more],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`ip addr ${verb} ${address}: ${stderr.trim()}`);
}
