/** Postfix's tcp_table(5): `get key`, a line; `200 text`, `400 text` or `500 text` back. `%XX` stands for what a line cannot have. */
import { type Answer, temporary } from './answer.ts';
import type { Decoded, Protocol } from './protocol.ts';
import { withoutAttributes } from './tlsrpt-attributes.ts';

/** Octets of a request or a reply, its end of line included. */
export const LONGEST_LINE = 4_096;

const NEWLINE = 0x0a;
const CODES = { OK: 200, TEMP: 400, PERM: 400, NOTFOUND: 500 } as const;

export const TCP_TABLE: Protocol = {
  name: 'tcp-table',
  longest: LONGEST_LINE,

  decode(octets, from) {
    const newline = octets.indexOf(NEWLINE, from);
    const length = (newline < 0 ? octets.length : newline) - from;
    if (length >= LONGEST_LINE) return { kind: 'malformed', text: 'a line that is too long' };
    if (newline < 0) return { kind: 'more' };
    return request(octets.toString('latin1', from, newline).replace(/\r$/, ''), newline + 1);
  },

  encode(answer) {
    // A policy without its attributes is still the policy; a part of them would say something else.
    for (const line of [lineOf(answer), lineOf(withoutAttributes(answer))])
      if (line.length <= LONGEST_LINE) return Buffer.from(line, 'latin1');
    return Buffer.from(lineOf(temporary('the answer is longer than this protocol allows')), 'latin1');
  },
};

function request(line: string, end: number): Decoded {
  const refuse = (text: string): Decoded => ({ kind: 'reply', answer: temporary(text), end });
  const word = /^([A-Za-z]*) (.+)$/.exec(line);
  if (word?.[1]?.toLowerCase() !== 'get') return refuse('ask with: get NAME');
  const key = unquote(word[2]!);
  return key === undefined ? refuse('a % without two hexadecimal digits') : { kind: 'question', key, end };
}

function lineOf({ status, text }: Answer): string {
  return `${CODES[status]} ${quote(text || 'no policy')}\n`;
}

export function quote(text: string): string {
  return text.replace(
    /[^\x21-\x24\x26-\x7e]/g,
    (c) => `%${(c.charCodeAt(0) & 0xff).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** Undefined where a `%` stands before anything else than two digits. */
export function unquote(text: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  return text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
