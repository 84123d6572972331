/**
 * The clocks of name servers, as their DNS cookies tell them: a server cookie of RFC 9018 holds the time at which it was made
 * (rfc9018#section-4.3). Nothing vouches for it, so that no single server is believed: several that agree are a hint, and precise to a second.
 */
import { cookieOf, makeQuery, Name, RRType, type Transport } from '@mailanchor/dns';

/** Milliseconds for a question; who does not answer has no clock. */
const ASK_MS = 2000;
/** Addresses that are asked, once each. */
const MAX_SERVERS = 24;
/** Octets of a server cookie of version 1: version, three reserved, time, hash. */
const COOKIE_OCTETS = 16;
const VERSION = 1;
/** Servers that have to agree before they are believed, and within how many seconds. */
const MIN_AGREEING = 3;
const AGREEMENT_S = 120;

export interface ServerClock {
  readonly address: string;
  /** Seconds by which the server's clock is ahead of ours; negative: behind. */
  readonly ahead: number;
}

export interface AskClockOptions {
  /** New: a server that has given a cookie before need not make another. */
  readonly transport: Transport;
  readonly port: number;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Asks each address for the SOA record of the root, once. Servers without such cookies are left out. Rejects only when the signal aborts. */
export async function askClocks(
  addresses: readonly string[],
  options: AskClockOptions,
): Promise<readonly ServerClock[]> {
  const asked = [...new Set(addresses)].slice(0, MAX_SERVERS);
  const clocks = await Promise.all(asked.map((address) => askClock(address, options)));
  return clocks.flatMap((clock) => clock ?? []);
}

async function askClock(
  address: string,
  { transport, port, signal, clock }: AskClockOptions,
): Promise<ServerClock | undefined> {
  const query = makeQuery(Name.root, RRType.SOA, { do: false });
  const sent = clock();
  let server: Uint8Array | undefined;
  try {
    server = cookieOf(
      await transport.exchange(query, { address, port }, { timeoutMs: ASK_MS, signal }),
    )?.server;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
  const made = server && timeOf(server);
  // Halfway between question and answer is when the server looked at its clock, give or take.
  return made === undefined ? undefined : { address, ahead: Math.round(made - (sent + clock()) / 2000) };
}

/** Epoch seconds; undefined for a cookie of another kind. Reserved octets are zero for whoever makes one (rfc9018#section-4.2). */
function timeOf(cookie: Uint8Array): number | undefined {
  if (cookie.length !== COOKIE_OCTETS || cookie[0] !== VERSION) return undefined;
  if (cookie[1] !== 0 || cookie[2] !== 0 || cookie[3] !== 0) return undefined;
  return Buffer.from(cookie.buffer, cookie.byteOffset, cookie.length).readUInt32BE(4);
}

export interface Agreement {
  readonly servers: number;
  /** Seconds, their median. */
  readonly ahead: number;
}

/** What most of them say, of three or more that agree; undefined where there is no such majority. */
export function agreement(clocks: readonly ServerClock[]): Agreement | undefined {
  const sorted = clocks.map(({ ahead }) => ahead).toSorted((a, b) => a - b);
  const median = sorted[sorted.length >> 1];
  if (median === undefined) return undefined;
  const agreeing = sorted.filter((ahead) => Math.abs(ahead - median) <= AGREEMENT_S).length;
  if (agreeing < MIN_AGREEING || agreeing * 2 <= sorted.length) return undefined;
  return { servers: agreeing, ahead: median };
}
