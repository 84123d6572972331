/**
 * DNS cookies, the client's side (rfc7873#section-5, rfc9018#section-3). Each query carries eight octets that the server gives back: an
 * off-path attacker would have to guess them too. Once a server has given a cookie of its own, an answer without one is not believed.
 *
 * Costs no packet with servers that know cookies, nor with those that do not and ignore options they do not know, as they have to
 * (rfc6891#section-6.1.2). One that answers FORMERR instead is asked again without, and not bothered for a while.
 */
import { type Cookie, cookieOf, EdnsOptionCode, encodeCookie } from '../edns.ts';
import { Rcode } from '../iana/rcode.ts';
import type { Message } from '../message.ts';
import { equalOctets } from '../octets.ts';
import type { RandomNumbers } from './random.ts';

/**
 * What becomes of a response: `drop`: not from the server, wait on. `again`: ask once more. `tcp`: over UDP nothing more can be
 * believed, as if truncated.
 */
export type CookieVerdict = 'take' | 'drop' | 'again' | 'tcp';

const CLIENT_COOKIE_OCTETS = 8;
/** Milliseconds; then a new cookie is drawn, so that nobody is followed by it for long (rfc9018#section-3). */
const LIFETIME_MS = 3_600_000;
/** Servers remembered; beyond, the one known for longest is forgotten, which costs nothing but its cookie. */
const MAX_SERVERS = 4096;

/** The cookies of all servers that a transport asks. */
export class ClientCookies {
  readonly #random: RandomNumbers;
  readonly #servers = new Map<string, ServerCookies>();

  constructor(random: RandomNumbers) {
    this.#random = random;
  }

  of(server: string): ServerCookies {
    const known = this.#servers.get(server);
    if (known !== undefined && performance.now() - known.since < LIFETIME_MS) return known;
    this.#servers.delete(server);
    const client = new Uint8Array(CLIENT_COOKIE_OCTETS);
    for (let i = 0; i < client.length; i++) client[i] = this.#random.u8();
    const cookies = new ServerCookies(client);
    this.#servers.set(server, cookies);
    if (this.#servers.size > MAX_SERVERS) {
      const [oldest] = this.#servers.keys();
      this.#servers.delete(oldest!);
    }
    return cookies;
  }
}

/** The cookies between us and one server. */
export class ServerCookies {
  /** On the clock of `performance.now()`. */
  readonly since = performance.now();
  readonly #client: Uint8Array;
  #server: Uint8Array | undefined;
  /** It takes our cookie for an error. */
  #refused = false;

  constructor(client: Uint8Array) {
    this.#client = client;
  }

  /** The query with our cookie, where it has EDNS to carry one. */
  attach(query: Message): Message {
    const { edns } = query;
    if (edns === undefined || this.#refused) return query;
    if (edns.options.some(({ code }) => code === EdnsOptionCode.COOKIE)) return query;
    const cookie: Cookie =
      this.#server === undefined ? { client: this.#client } : { client: this.#client, server: this.#server };
    return { ...query, edns: { ...edns, options: [...edns.options, encodeCookie(cookie)] } };
  }

  /** `last`: the query has been asked again already. Throws `DnsFormatError` on a cookie of impossible length. */
  judge(response: Message, last: boolean): CookieVerdict {
    const cookie = cookieOf(response);
    if (cookie === undefined) {
      if (this.#server !== undefined) return 'tcp';
      // Without EDNS, it is EDNS that the server does not know: the caller's business.
      if (response.rcode !== Rcode.FORMERR || response.edns === undefined || last || this.#refused)
        return 'take';
      this.#refused = true;
      return 'again';
    }
    if (!equalOctets(cookie.client, this.#client)) return 'drop';
    // A copy: the packet is not to be kept for it.
    if (cookie.server !== undefined) this.#server = cookie.server.slice();
    if (response.rcode !== Rcode.BADCOOKIE) return 'take';
    return last ? 'tcp' : 'again';
  }
}
