/** Postfix's socketmap protocol (socketmap_table(5)): netstrings, `map key` one way, `STATUS text` the other. */
import { type Answer, permanent } from './answer.ts';
import type { Decoded, Protocol } from './protocol.ts';

/**
 * The names of our map, and whether its answers bear attributes for TLS reports: `socketmap:inet:127.0.0.1:8461:policy-tlsrpt`. The last two
 * are those of postfix-tlspol.
 */
const MAPS: ReadonlyMap<string, boolean> = new Map([
  ['policy', false],
  ['policy-tlsrpt', true],
  ['QUERY', false],
  ['QUERYwithTLSRPT', true],
]);
/** Octets of a request's text. */
export const LONGEST_REQUEST = 10_000;

const COLON = 0x3a;
const COMMA = 0x2c;
const ZERO = 0x30;
const DIGITS = String(LONGEST_REQUEST).length;

const malformed = (text: string): Decoded => ({ kind: 'malformed', text });

export const SOCKETMAP: Protocol = {
  name: 'socketmap',
  longest: DIGITS + 1 + LONGEST_REQUEST + 1,

  decode(octets, from) {
    let length = 0;
    let at = from;
    for (; at < octets.length && octets[at] !== COLON; at++) {
      const digit = octets[at]! - ZERO;
      if (!(digit >= 0 && digit <= 9)) return malformed('no netstring');
      if (at > from && length === 0) return malformed('a length with a leading zero');
      length = length * 10 + digit;
      if (length > LONGEST_REQUEST) return malformed('a request that is too long');
    }
    if (at >= octets.length) return { kind: 'more' };
    if (at === from) return malformed('a netstring without length');
    const start = at + 1;
    const end = start + length;
    if (end >= octets.length) return { kind: 'more' };
    if (octets[end] !== COMMA) return malformed('a netstring without its comma');
    return question(octets.toString('latin1', start, end), end + 1);
  },

  encode({ status, text }) {
    // Without the space Postfix takes the reply for malformed.
    const payload = `${status} ${text}`;
    return Buffer.from(`${payload.length}:${payload},`, 'latin1');
  },
};

function question(payload: string, end: number): Decoded {
  const space = payload.indexOf(' ');
  const map = space < 0 ? payload : payload.slice(0, space);
  const attributes = MAPS.get(map);
  if (attributes !== undefined && space > 0)
    return { kind: 'question', key: payload.slice(space + 1), ...(attributes && { attributes }), end };
  const answer: Answer = permanent(
    'the map here is called policy or policy-tlsrpt: socketmap:inet:ADDRESS:PORT:policy',
  );
  return { kind: 'reply', answer, end };
}
