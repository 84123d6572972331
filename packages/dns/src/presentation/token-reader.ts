/** The tokens of one record's text and how a record type reads its fields from them. */
import { DnsFormatError } from '../errors.ts';
import { Name } from '../name.ts';
import { base64Decode, hexDecode } from '../octets.ts';
import { unescapeString } from './text-escape.ts';
import { ttlFromText } from './ttl.ts';

export interface Token {
  /** Escapes left as they are; without the quotes. */
  readonly text: string;
  /** Whether it began with a quote. */
  readonly quoted: boolean;
  /** Line number, from 1. */
  readonly line: number;
}

export class TokenReader {
  readonly #tokens: readonly Token[];
  /** What relative names are relative to. */
  readonly origin: Name;
  #at: number;

  constructor(tokens: readonly Token[], origin: Name, at = 0) {
    this.#tokens = tokens;
    this.origin = origin;
    this.#at = at;
  }

  /** Line of the token read last, for error messages. */
  get line(): number {
    return (this.#tokens[Math.max(0, this.#at - 1)] ?? this.#tokens[0])?.line ?? 1;
  }

  get atEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** The next token without consuming it. */
  peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  /** The next token; `what` says in the error what should have been there. */
  next(what: string): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined)
      throw new DnsFormatError('bad-record-text', `expected ${what}, found the end of the record`);
    this.#at++;
    return token;
  }

  /** Checks that nothing is left. */
  end(): void {
    const token = this.peek();
    if (token === undefined) return;
    this.#at++;
    throw new DnsFormatError('bad-record-text', `expected the end of the record, found "${token.text}"`);
  }

  #number(what: string, limit: number): number {
    const { text } = this.next(what);
    const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value <= limit))
      throw new DnsFormatError('bad-record-text', `expected ${what} (0 to ${limit}), found "${text}"`);
    return value;
  }

  u8(what: string): number {
    return this.#number(what, 0xff);
  }

  u16(what: string): number {
    return this.#number(what, 0xffff);
  }

  u32(what: string): number {
    return this.#number(what, 0xffffffff);
  }

  /** Seconds, units allowed. */
  ttl(what: string): number {
    const { text } = this.next(what);
    const seconds = ttlFromText(text);
    // SOA timers are 32-bit numbers; only TTLs stop at 2^31-1.
    const plain = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
    const value = seconds ?? (plain <= 0xffffffff ? plain : undefined);
    if (value === undefined)
      throw new DnsFormatError('bad-record-text', `expected ${what} in seconds, found "${text}"`);
    return value;
  }

  /** A domain name, relative ones completed with the origin. */
  name(what: string): Name {
    const { text } = this.next(what);
    try {
      return Name.fromText(text, this.origin);
    } catch (cause) {
      throw new DnsFormatError('bad-record-text', `expected ${what}: ${messageOf(cause)}`, { cause });
    }
  }

  /** A character string, quoted or not; at most 255 octets. */
  characterString(what: string): Uint8Array {
    const octets = this.octetString(what);
    if (octets.length > 255)
      throw new DnsFormatError('bad-record-text', `expected ${what}: string longer than 255 octets`);
    return octets;
  }

  /** One token as octets, of any length. */
  octetString(what: string): Uint8Array {
    const { text } = this.next(what);
    try {
      return unescapeString(text);
    } catch (cause) {
      throw new DnsFormatError('bad-record-text', `expected ${what}: ${messageOf(cause)}`, { cause });
    }
  }

  /** All that is left, joined: data may have white space inside. */
  rest(): string {
    let text = '';
    for (; this.#at < this.#tokens.length; this.#at++) text += this.#tokens[this.#at]!.text;
    return text;
  }

  hex(what: string): Uint8Array {
    return this.#decoded(what, hexDecode);
  }

  base64(what: string): Uint8Array {
    return this.#decoded(what, base64Decode);
  }

  #decoded(what: string, decode: (text: string) => Uint8Array): Uint8Array {
    const text = this.rest();
    try {
      return decode(text);
    } catch (cause) {
      const shown = text.length > 40 ? `${text.slice(0, 40)}...` : text;
      throw new DnsFormatError('bad-record-text', `expected ${what}: ${messageOf(cause)}: "${shown}"`, {
        cause,
      });
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
