/** SMTP replies (RFC 5321 4.2) and the extensions that an EHLO reply names (RFC 5321 4.1.1.1). */
import type { Line, LineReader } from './line-reader.ts';
import { printable } from './printable.ts';

/** Lines of one reply that are taken. */
export const MAX_REPLY_LINES = 128;

export interface Reply {
  /** 200 to 599. */
  readonly code: number;
  /** Text of each line without code and separator, as received. */
  readonly lines: readonly string[];
}

export type ReplyLine =
  | { readonly kind: 'line'; readonly code: number; readonly last: boolean; readonly text: string }
  | { readonly kind: 'malformed'; readonly why: string };

export type ReplyOutcome =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'malformed'; readonly why: string }
  | Exclude<Line, { kind: 'line' }>;

/** One line of a reply: `250-text`, `250 text`, or a code alone, which clients must accept too (RFC 5321 4.2). */
export function parseReplyLine(line: string): ReplyLine {
  const parts = /^([2-5][0-9]{2})(?:([ -])(.*))?$/s.exec(line);
  if (!parts) return { kind: 'malformed', why: `not an SMTP reply: "${printable(line, 80)}"` };
  return { kind: 'line', code: Number(parts[1]), last: parts[2] !== '-', text: parts[3] ?? '' };
}

/** Reads one whole reply; the time is for all of its lines together. */
export async function readReply(reader: LineReader, remainingMs: () => number): Promise<ReplyOutcome> {
  const lines: string[] = [];
  let code: number | undefined;
  for (;;) {
    const line = await reader.next(remainingMs);
    if (line.kind !== 'line') return line;
    const parsed = parseReplyLine(line.text);
    if (parsed.kind === 'malformed') return parsed;
    if (code !== undefined && parsed.code !== code) {
      return { kind: 'malformed', why: `reply code changes from ${code} to ${parsed.code}` };
    }
    code = parsed.code;
    lines.push(parsed.text);
    if (parsed.last) return { kind: 'reply', reply: { code, lines } };
    if (lines.length >= MAX_REPLY_LINES) {
      return { kind: 'malformed', why: `reply of more than ${MAX_REPLY_LINES} lines` };
    }
  }
}

/** `450 4.7.1 try again`, printable. */
export function replyText(reply: Reply): string {
  return printable(`${reply.code} ${reply.lines.join(' ')}`);
}

/** Keywords of an EHLO reply in upper case, with their parameters. The first line is the greeting. */
export function capabilitiesOf(reply: Reply): Map<string, string> {
  const capabilities = new Map<string, string>();
  for (const line of reply.lines.slice(1)) {
    const parts = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:[ =](.*))?$/s.exec(line.trimEnd());
    if (parts) capabilities.set(parts[1]!.toUpperCase(), parts[2]?.trim() ?? '');
  }
  return capabilities;
}
