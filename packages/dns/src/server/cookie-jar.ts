/**
 * Server cookies (RFC 7873, rfc9018#section-4): a client that has one can receive at the address it claims, so it may be answered at
 * length. Nothing is stored for a client: the cookie is a hash of its address under a secret of ours.
 */
import { randomFillSync } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { ipv4FromText, ipv6FromText } from '../address.ts';
import { type Cookie, encodeCookie } from '../edns.ts';
import { DnsFormatError } from '../errors.ts';
import type { EdnsOption } from '../message.ts';
import { equalOctets } from '../octets.ts';
import type { RandomFill } from '../transport/random.ts';
import { sipHash24 } from './siphash.ts';

export interface CookieJarOptions {
  /** Sixteen octets; servers that answer for each other at one address share it. Default: random, new with each process. */
  readonly secret?: Uint8Array;
  /** Milliseconds since the epoch; default Date.now. */
  readonly clock?: () => number;
  readonly random?: RandomFill;
}

export interface CookieJudgement {
  /** `absent`: the client has no server cookie yet. `bad`: forged, too old, of another server, or for another address. */
  readonly kind: 'good' | 'absent' | 'bad';
  /** For the answer: the client's cookie with a server cookie that it can use next time. */
  readonly option: EdnsOption;
}

export interface CookieJar {
  /** Judges the cookie of a query that came from this address. */
  judge(cookie: Cookie, address: string): CookieJudgement;
  /** New cookies are made with this secret; those of the one before stay good until they are too old (rfc9018#section-5). */
  setSecret(secret: Uint8Array): void;
}

const SECRET_OCTETS = 16;
const SERVER_COOKIE_OCTETS = 16;
/** Version 1, three reserved octets, four of time, eight of hash. */
const HASH_AT = 8;
const VERSION = 1;

/** Seconds, rfc9018#section-4.3. */
const MAX_AGE = 3600;
const MAX_AHEAD = 300;
const RENEW_AGE = 1800;

export function createCookieJar(options: CookieJarOptions = {}): CookieJar {
  const clock = options.clock ?? Date.now;
  let secrets = [options.secret === undefined ? randomSecret(options.random) : checked(options.secret)];

  const hash = (cookie: Cookie, server: Uint8Array, address: Uint8Array, secret: Uint8Array): Uint8Array => {
    const input = new Uint8Array(16 + address.length);
    input.set(cookie.client);
    input.set(server.subarray(0, HASH_AT), 8);
    input.set(address, 16);
    return sipHash24(input, secret);
  };

  const make = (cookie: Cookie, address: Uint8Array, seconds: number): EdnsOption => {
    const server = new Uint8Array(SERVER_COOKIE_OCTETS);
    server[0] = VERSION;
    new DataView(server.buffer).setUint32(4, seconds);
    server.set(hash(cookie, server, address, secrets[0]!), HASH_AT);
    return encodeCookie({ client: cookie.client, server });
  };

  return {
    judge(cookie, addressText) {
      const address = addressOctets(addressText);
      const now = Math.floor(clock() / 1000) >>> 0;
      const { server } = cookie;
      if (server === undefined) return { kind: 'absent', option: make(cookie, address, now) };
      const bad = (): CookieJudgement => ({ kind: 'bad', option: make(cookie, address, now) });
      if (server.length !== SERVER_COOKIE_OCTETS || server[0] !== VERSION) return bad();
      const made = (server[4]! << 24) | (server[5]! << 16) | (server[6]! << 8) | server[7]!;
      // Serial number arithmetic (rfc1982#section-3).
      const age = (now - made) | 0;
      if (age > MAX_AGE || age < -MAX_AHEAD) return bad();
      const given = server.subarray(HASH_AT);
      // Not in constant time: a cookie that is guessed gains an hour of larger answers, and each guess is a packet.
      const index = secrets.findIndex((secret) => equalOctets(hash(cookie, server, address, secret), given));
      if (index < 0) return bad();
      const fresh = index === 0 && age <= RENEW_AGE;
      return { kind: 'good', option: fresh ? encodeCookie(cookie) : make(cookie, address, now) };
    },
    setSecret(secret) {
      secrets = [checked(secret), secrets[0]!];
    },
  };
}

function checked(secret: Uint8Array): Uint8Array {
  if (secret.length !== SECRET_OCTETS)
    throw new DnsFormatError('bad-cookie', 'the secret of server cookies has sixteen octets');
  return secret.slice();
}

function randomSecret(random: RandomFill = randomFillSync): Uint8Array {
  const secret = new Uint8Array(SECRET_OCTETS);
  random(secret);
  return secret;
}

function addressOctets(text: string): Uint8Array {
  const address = text.split('%')[0]!;
  return isIPv6(address) ? ipv6FromText(address) : ipv4FromText(address);
}
