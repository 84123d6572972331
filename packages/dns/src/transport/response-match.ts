/**
 * Whether a packet is the response to a query (rfc5452#section-9.1): the octets of the question are compared where they stand,
 * behind the header, before anything is decoded. The id and the server's address are the socket's business.
 */
import { Rcode } from '../iana/rcode.ts';
import type { RandomNumbers } from './random.ts';

const HEADER_OCTETS = 12;

/** Length of the query's only question, which begins behind the header with an uncompressed name. */
export function questionLength(query: Uint8Array): number {
  let at = HEADER_OCTETS;
  while (query[at]! > 0) at += query[at]! + 1;
  return at + 5 - HEADER_OCTETS;
}

/**
 * `exactCase`: the name's letters must come back as they were sent, as when their case was drawn at random. A response that is a
 * bare header with FORMERR or NOTIMP matches too: so answer servers that cannot read the query (rfc6891#section-7).
 */
export function matchesQuery(response: Uint8Array, query: Uint8Array, exactCase: boolean): boolean {
  if (response.length < HEADER_OCTETS || (response[2]! & 0x80) === 0) return false;
  // Opcode as in the query.
  if (((response[2]! ^ query[2]!) & 0x78) !== 0) return false;
  const questions = (response[4]! << 8) | response[5]!;
  if (questions === 0) {
    const rcode = response[3]! & 15;
    return response.length === HEADER_OCTETS && (rcode === Rcode.FORMERR || rcode === Rcode.NOTIMP);
  }
  const end = HEADER_OCTETS + questionLength(query);
  if (questions !== 1 || response.length < end) return false;
  const nameEnd = end - 4;
  for (let i = HEADER_OCTETS; i < end; i++) {
    if (response[i] === query[i]) continue;
    if (exactCase || i >= nameEnd || lower(response[i]!) !== lower(query[i]!)) return false;
  }
  return true;
}

function lower(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}

/** Draws the case of every letter of the query's name at random, in place. */
export function randomiseCase(query: Uint8Array, random: RandomNumbers): void {
  const end = HEADER_OCTETS + questionLength(query) - 4;
  let bits = 0;
  let left = 0;
  for (let i = HEADER_OCTETS; i < end; i++) {
    const letter = query[i]! | 0x20;
    if (letter < 0x61 || letter > 0x7a) continue;
    if (left === 0) {
      bits = random.u8();
      left = 8;
    }
    query[i] = (bits & 1) === 0 ? letter : letter & ~0x20;
    bits >>= 1;
    left--;
  }
}

/** Puts the name as it was asked into the response, so that the drawn case shows nowhere: owner names point there. */
export function restoreCase(response: Uint8Array, asked: Uint8Array): void {
  for (let i = 0; i < asked.length; i++) response[HEADER_OCTETS + i] = asked[i]!;
}
