/** Cuts master-file text into lines of tokens (rfc1035#section-5.1): parentheses, comments, quoted strings. */
import { DnsFormatError } from '../errors.ts';
import type { Token } from './token-reader.ts';

export interface TokenLine {
  readonly tokens: readonly Token[];
  /** Whether the line begins with white space: the owner is that of the record before. */
  readonly indented: boolean;
  /** Number of its first line, from 1. */
  readonly line: number;
}

/** A fault of the text itself, with the line where it is. */
export class TokenError extends DnsFormatError {
  readonly line: number;
  constructor(line: number, message: string) {
    super('bad-record-text', message);
    this.line = line;
  }
}

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SEMICOLON = 0x3b;
const OPEN = 0x28;
const CLOSE = 0x29;

function isBlank(c: number): boolean {
  return c === 0x20 || c === 0x09 || c === 0x0d || c === 0x0c || c === 0x0b;
}

function endsToken(c: number): boolean {
  return c === NEWLINE || c === SEMICOLON || c === OPEN || c === CLOSE || isBlank(c);
}

/** Lines that have tokens, in order. Throws `TokenError` on unbalanced parentheses and quotes. */
export function* tokenize(text: string): Generator<TokenLine, void, undefined> {
  let line = 1;
  let depth = 0;
  let tokens: Token[] = [];
  let indented = false;
  let startOfLine = true;
  let opened = 0;
  for (let i = 0; i < text.length; ) {
    const c = text.charCodeAt(i);
    if (c === NEWLINE) {
      i++;
      if (depth === 0) {
        if (tokens.length > 0) yield { tokens, indented, line: tokens[0]!.line };
        tokens = [];
        startOfLine = true;
      }
      line++;
      continue;
    }
    if (startOfLine) {
      indented = isBlank(c);
      startOfLine = false;
    }
    if (isBlank(c)) i++;
    else if (c === SEMICOLON) {
      const end = text.indexOf('\n', i);
      i = end < 0 ? text.length : end;
    } else if (c === OPEN) {
      if (depth++ === 0) opened = line;
      i++;
    } else if (c === CLOSE) {
      if (depth === 0) throw new TokenError(line, 'expected no ")" here: none was opened');
      depth--;
      i++;
    } else {
      const end = c === QUOTE ? endOfQuoted(text, i, line) : endOfPlain(text, i, line);
      tokens.push(
        c === QUOTE
          ? { text: text.slice(i + 1, end - 1), quoted: true, line }
          : { text: withoutValueQuotes(text.slice(i, end)), quoted: false, line },
      );
      i = end;
    }
  }
  if (depth > 0) throw new TokenError(opened, 'expected ")", found the end of the text');
  if (tokens.length > 0) yield { tokens, indented, line: tokens[0]!.line };
}

/** All tokens of a text, its lines taken as one. */
export function tokenizeAll(text: string): Token[] {
  const all: Token[] = [];
  for (const { tokens } of tokenize(text)) all.push(...tokens);
  return all;
}

/** `start` is at the opening quote; the result is behind the closing one. */
function endOfQuoted(text: string, start: number, line: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) return i + 1;
    if (c === NEWLINE) break;
    if (c === BACKSLASH && text.charCodeAt(i + 1) !== NEWLINE) i++;
  }
  throw new TokenError(line, 'expected a closing quote on the same line');
}

function endOfPlain(text: string, start: number, line: number): number {
  for (let i = start; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === BACKSLASH && i + 1 < text.length && text.charCodeAt(i + 1) !== NEWLINE) i++;
    else if (c === QUOTE) {
      // Service parameters: key="value" is one token (RFC 9460, section 2.1).
      return text.charCodeAt(i - 1) === 0x3d ? endOfQuoted(text, i, line) : i;
    } else if (endsToken(c)) return i;
  }
  return text.length;
}

/** `key="value"` as `key=value`, escapes left in place. */
function withoutValueQuotes(token: string): string {
  if (!token.endsWith('"')) return token;
  const at = token.indexOf('="');
  return at < 0 || at + 2 >= token.length ? token : token.slice(0, at + 1) + token.slice(at + 2, -1);
}
