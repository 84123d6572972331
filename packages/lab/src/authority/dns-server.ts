/** An `AuthorityNetwork` on loopback: UDP and TCP at each of its addresses, all on one port (rfc1035#section-4.2, rfc7766). */
import {
  type Cookie,
  type CookieJar,
  cookieOf,
  createCookieJar,
  createListener,
  type DnsClient,
  DnsFormatError,
  decodeMessage,
  encodeMessage,
  ListenError,
  type Message,
  Rcode,
} from '@mailanchor/dns';
import { type Listen, type Listener, openPort } from '../port.ts';
import type { AuthorityNetwork } from './network.ts';

/** Octets of a response over UDP to a query without EDNS (rfc1035#section-4.2.1), and the most that we send (rfc9715). */
const UDP_OCTETS = { plain: 512, most: 1232 };
/** Milliseconds after which an idle TCP connection is closed. */
const TCP_IDLE_MS = 5000;
/** A lab has one client, which may want many. */
const TCP_CONNECTIONS = 2000;
/** No octets: no answer. */
const SILENCE = new Uint8Array(0);

export interface DnsServers {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves all addresses that the network has now. `port` 0: one that is free on all of them. Rejects with `LabError`. */
export async function serveDns(network: AuthorityNetwork, port = 0): Promise<DnsServers> {
  const cookies = createCookieJar();
  const listens = network.addresses.map(
    (address): Listen =>
      (wanted) =>
        listen(network, cookies, address, wanted),
  );
  const open = await openPort(listens, port);
  return {
    port: open.port,
    async close() {
      await Promise.all(open.listeners.map((listener) => listener.close()));
    },
  };
}

/** What to send back, at once or later. */
interface Response {
  readonly octets: Uint8Array;
  readonly delayMs?: number | undefined;
}

function respond(
  network: AuthorityNetwork,
  cookies: CookieJar,
  address: string,
  octets: Uint8Array,
  client: DnsClient,
): Response {
  let query: Message;
  try {
    query = decodeMessage(octets);
  } catch (error) {
    if (!(error instanceof DnsFormatError)) throw error;
    return { octets: formatError(octets) };
  }
  const reply = network.respond(address, query);
  if (reply?.kind !== 'message') return { octets: SILENCE };
  const message = withCookie(reply.message, query, cookies, client);
  const { truncated, delayMs } = reply;
  return { octets: encodeReply({ message, truncated }, query, client), delayMs };
}

function encodeReply(
  reply: { readonly message: Message; readonly truncated: boolean },
  query: Message,
  { protocol }: DnsClient,
): Uint8Array {
  const { message } = reply;
  if (protocol !== 'udp') return encodeMessage(message);
  if (reply.truncated)
    return encodeMessage({ ...message, tc: true, answers: [], authorities: [], additionals: [] });
  const wanted = query.edns?.udpPayloadSize ?? UDP_OCTETS.plain;
  return encodeMessage(message, {
    maxOctets: Math.min(Math.max(wanted, UDP_OCTETS.plain), UDP_OCTETS.most),
  });
}

/** Servers of our day answer with a cookie of their own (rfc7873#section-5.2), in which their clock can be read. */
function withCookie(message: Message, query: Message, cookies: CookieJar, { address }: DnsClient): Message {
  let cookie: Cookie | undefined;
  try {
    cookie = cookieOf(query);
  } catch (error) {
    if (!(error instanceof DnsFormatError)) throw error;
  }
  if (cookie === undefined || message.edns === undefined) return message;
  const options = [...message.edns.options, cookies.judge(cookie, address).option];
  return { ...message, edns: { ...message.edns, options } };
}

/** A header alone, with the id of what did not parse. */
function formatError(octets: Uint8Array): Uint8Array {
  return Uint8Array.of(octets[0]!, octets[1]!, 0x80, Rcode.FORMERR, 0, 0, 0, 0, 0, 0, 0, 0);
}

/** UDP and TCP at one address. Rejects with the system's error, as `openPort` wants it. */
async function listen(
  network: AuthorityNetwork,
  cookies: CookieJar,
  address: string,
  port: number,
): Promise<Listener> {
  try {
    return await createListener({
      address,
      port,
      protocols: ['udp', 'tcp'],
      limits: { idleMs: TCP_IDLE_MS, stalledMs: TCP_IDLE_MS, connectionsPerClient: TCP_CONNECTIONS },
      onQuery(octets, client, reply) {
        const { octets: response, delayMs } = respond(network, cookies, address, octets, client);
        if (delayMs === undefined) reply(response);
        else setTimeout(reply, delayMs, response);
      },
    });
  } catch (error) {
    throw error instanceof ListenError ? (error.cause ?? error) : error;
  }
}
