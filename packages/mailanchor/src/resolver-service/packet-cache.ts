/**
 * Encoded responses, ready to go out again: a question that was answered a moment ago costs a look-up and a copy. Holds what
 * `response.ts` made, until the least TTL in it has passed; id, RD, the letter case of the question (0x20) and the TTLs are the asker's.
 *
 * Bounded by octets. What was not asked for since it came, or since it was last spared, goes first (second chance).
 */
import { lowerCase, type QueryHead } from './query-head.ts';

interface Entry {
  /**
   * In one piece, since a piece each would cost more than most of them hold: the response as encoded; the name asked for in lower case,
   * and the type; where in the response the TTLs are, two octets each.
   */
  readonly octets: Uint8Array;
  /** Octets of the response. */
  readonly length: number;
  readonly questionLength: number;
  readonly variant: number;
  /** Where the OPT record begins; the length of the response where it has none. */
  readonly optAt: number;
  /** Epoch seconds. */
  readonly storedAt: number;
  readonly expiresAt: number;
  /** From then on it is worth a look whether there is something newer; never, once that was said. */
  dueAt: number;
  readonly cost: number;
  /** How the answer stands, as a number of the caller's. */
  readonly status: number;
  used: boolean;
}

export interface Kept {
  readonly now: number;
  readonly ttl: number;
  readonly status: number;
}

const HEADER_OCTETS = 12;
/** What an entry costs besides its octets: an object, a view with its buffer, a Map slot; measured roughly. */
const ENTRY_OVERHEAD = 400;
/** The last second that an entry knows: never. */
const NEVER = 0x7fffffff;
/** Responses larger than this are made anew each time. */
const LARGEST = 16 * 1024;
/** The part of its time after which a response that is still asked for is due. */
const DUE_AFTER = 0.9;
const OPT = 41;

export class PacketCache {
  readonly #entries = new Map<number, Entry>();
  readonly #limit: number;
  #octets = 0;
  hits = 0;
  misses = 0;
  /** Of the response that `get` gave last. */
  status = 0;
  /** Whether that response is near its end: said once for each. */
  due = false;

  /** `limit`: octets, roughly. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  get octets(): number {
    return this.#octets;
  }

  clear(): void {
    this.#entries.clear();
    this.#octets = 0;
  }

  /**
   * The response to the query that `head` was read from, at `now` (epoch seconds), or undefined. Where it is longer than `maxOctets`:
   * header, question and OPT alone, with TC set (RFC 2181, section 9). The octets are the caller's.
   */
  get(query: Uint8Array, head: QueryHead, now: number, maxOctets: number): Uint8Array | undefined {
    const entry = this.#entries.get(head.hash);
    if (entry === undefined || entry.variant !== head.variant || !isSameQuestion(entry, query, head)) {
      this.misses++;
      return undefined;
    }
    const age = now - entry.storedAt;
    // A clock that was set back tells nothing of how old an entry is.
    if (now >= entry.expiresAt || age < 0) {
      this.#drop(head.hash, entry);
      this.misses++;
      return undefined;
    }
    this.hits++;
    entry.used = true;
    this.status = entry.status;
    this.due = now >= entry.dueAt;
    if (this.due) entry.dueAt = NEVER;
    const { octets, length, questionLength } = entry;
    const whole = octets.subarray(0, length);
    const response = length > maxOctets ? cut(whole, head.nameEnd + 4, entry.optAt) : Buffer.from(whole);
    response[0] = query[0]!;
    response[1] = query[1]!;
    response[2] = (response[2]! & 0xfe) | (head.rd ? 1 : 0);
    // Answers refer to the question's name: its case is theirs too.
    for (let at = HEADER_OCTETS; at < head.nameEnd; at++) response[at] = query[at]!;
    if (age > 0 && response.length === length) {
      for (let at = length + questionLength; at < octets.length; at += 2)
        subtract(response, (octets[at]! << 8) | octets[at + 1]!, age);
    }
    return response;
  }

  /**
   * Keeps a response for `ttl` seconds from `now` (epoch seconds). `head` is of the query that it answers; the octets given are
   * copied.
   */
  set(query: Uint8Array, head: QueryHead, response: Uint8Array, { now, ttl, status }: Kept): void {
    if (ttl <= 0 || response.length > LARGEST) return;
    const layout = layoutOf(response, head.nameEnd + 4);
    const { length } = response;
    const questionLength = head.nameEnd - HEADER_OCTETS + 2;
    // A buffer of its own: a piece of a pool would keep all of the pool.
    const octets = new Uint8Array(length + questionLength + layout.ttls.length * 2);
    octets.set(response);
    for (let i = 0; i < questionLength; i++) {
      const octet = query[HEADER_OCTETS + i]!;
      octets[length + i] = HEADER_OCTETS + i < head.nameEnd ? lowerCase(octet) : octet;
    }
    layout.ttls.forEach((at, i) => {
      octets[length + questionLength + 2 * i] = at >> 8;
      octets[length + questionLength + 2 * i + 1] = at & 0xff;
    });
    const cost = ENTRY_OVERHEAD + octets.length;
    if (cost > this.#limit) return;
    const before = this.#entries.get(head.hash);
    if (before) this.#drop(head.hash, before);
    this.#makeRoom(cost);
    this.#entries.set(head.hash, {
      octets,
      length,
      questionLength,
      variant: head.variant,
      optAt: layout.optAt,
      storedAt: now,
      expiresAt: now + ttl,
      dueAt: now + Math.floor(ttl * DUE_AFTER),
      cost,
      status,
      used: false,
    });
    this.#octets += cost;
  }

  #drop(hash: number, entry: Entry): void {
    this.#entries.delete(hash);
    this.#octets -= entry.cost;
  }

  #makeRoom(cost: number): void {
    while (this.#octets + cost > this.#limit) {
      for (const [hash, entry] of this.#entries) {
        this.#entries.delete(hash);
        if (!entry.used) {
          this.#octets -= entry.cost;
          break;
        }
        // Asked for since: to the end of the queue, once.
        entry.used = false;
        this.#entries.set(hash, entry);
      }
    }
  }
}

function isSameQuestion(
  { octets, length, questionLength }: Entry,
  query: Uint8Array,
  head: QueryHead,
): boolean {
  const nameLength = head.nameEnd - HEADER_OCTETS;
  if (questionLength !== nameLength + 2) return false;
  for (let i = 0; i < nameLength; i++)
    if (octets[length + i] !== lowerCase(query[HEADER_OCTETS + i]!)) return false;
  const typeAt = length + nameLength;
  return octets[typeAt] === head.type >> 8 && octets[typeAt + 1] === (head.type & 0xff);
}

function subtract(octets: Uint8Array, at: number, age: number): void {
  const ttl =
    ((octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!) >>> 0;
  const left = ttl > age ? ttl - age : 0;
  octets[at] = left >>> 24;
  octets[at + 1] = (left >>> 16) & 0xff;
  octets[at + 2] = (left >>> 8) & 0xff;
  octets[at + 3] = left & 0xff;
}

/**
 * A response of our own making, cut down to header, question and OPT, TC set: the client asks again over TCP (RFC 2181, section 9).
 * `questionEnd`: octets of header and question.
 */
export function truncate(octets: Uint8Array, questionEnd: number): Uint8Array {
  return cut(octets, questionEnd, layoutOf(octets, questionEnd).optAt);
}

function cut(octets: Uint8Array, questionEnd: number, optAt: number): Uint8Array {
  const response = Buffer.allocUnsafe(questionEnd + octets.length - optAt);
  response.set(octets.subarray(0, questionEnd));
  response.set(octets.subarray(optAt), questionEnd);
  response[2] = response[2]! | 0x02;
  response.fill(0, 6, HEADER_OCTETS);
  if (optAt < octets.length) response[11] = 1;
  return response;
}

/** Where the TTLs and the OPT record of a response of our own making are. OPT is its last record. */
function layoutOf(response: Uint8Array, questionEnd: number): { ttls: readonly number[]; optAt: number } {
  const ttls: number[] = [];
  let at = questionEnd;
  while (at < response.length) {
    const start = at;
    while (response[at]! > 0 && response[at]! < 0xc0) at += response[at]! + 1;
    at += response[at] === 0 ? 1 : 2;
    if (((response[at]! << 8) | response[at + 1]!) === OPT) return { ttls, optAt: start };
    ttls.push(at + 4);
    at += 10 + ((response[at + 8]! << 8) | response[at + 9]!);
  }
  return { ttls, optAt: response.length };
}
