/** Lines and replies on one connection, each with its deadline; whatever goes wrong is an `End`. */
import type { Socket } from 'node:net';
import { type Line, LineReader } from './line-reader.ts';
import { printable } from './printable.ts';
import { type Reply, readReply, replyText } from './reply.ts';
import type { SessionLimits } from './session-limits.ts';
import type { SessionOutcome } from './verdict.ts';

/** How a session ends, as a value. */
export interface End {
  readonly kind: SessionOutcome;
  /** One sentence without its full stop, printable. */
  readonly text: string;
  readonly errorCode?: string | undefined;
}

export function isEnd(value: object): value is End {
  return 'kind' in value;
}

export class Conversation {
  readonly stream: Socket;
  readonly #reader: LineReader;
  readonly #limits: SessionLimits;

  constructor(stream: Socket, limits: SessionLimits) {
    this.stream = stream;
    this.#reader = new LineReader(stream, limits);
    this.#limits = limits;
  }

  /** Octets received that no reply has taken. */
  get pending(): number {
    return this.#reader.pending;
  }

  /** Leaves the connection to another reader. */
  detach(): void {
    this.#reader.detach();
  }

  /** Sends a line and reads the SMTP reply to it. `after` names the command in texts. */
  async command(line: string, after: string): Promise<Reply | End> {
    return this.send(line, after) ?? this.reply(after);
  }

  /** Sends a line. An `End` where the server has already said something that nobody asked for. */
  send(line: string, after: string, lineEnd = '\r\n'): End | undefined {
    // Data that came unasked is no answer to a command not yet sent.
    if (this.pending > 0) return { kind: 'protocol-error', text: `the server talks before ${after}` };
    if (this.stream.writable) this.stream.write(`${line}${lineEnd}`);
    return undefined;
  }

  /** One whole SMTP reply; a 421 after a command is the end. */
  async reply(after: string): Promise<Reply | End> {
    const outcome = await readReply(this.#reader, this.replyTime());
    if (outcome.kind === 'malformed')
      return { kind: 'protocol-error', text: `after ${after}: ${outcome.why}` };
    if (outcome.kind !== 'reply') return this.#endOf(outcome, after);
    const { reply } = outcome;
    if (reply.code !== 421 || after === 'greeting') return reply;
    return { kind: 'service-closing', text: `the server closes after ${after}: ${replyText(reply)}` };
  }

  /** The first line that `wanted` takes, of at most `maxLines`, in the time of one reply. For protocols other than SMTP. */
  async line(
    after: string,
    wanted: (line: string) => boolean,
    maxLines: number,
  ): Promise<{ text: string } | End> {
    const remaining = this.replyTime();
    for (let count = 0; count < maxLines; count++) {
      const line = await this.#reader.next(remaining);
      if (line.kind !== 'line') return this.#endOf(line, after);
      if (wanted(line.text)) return { text: line.text };
    }
    return { kind: 'protocol-error', text: `no answer in ${maxLines} lines (${after})` };
  }

  /** Says good-bye and waits a little for the answer: a courtesy that may fail. */
  async quit(command = 'QUIT'): Promise<void> {
    if (!this.stream.writable) return;
    this.stream.write(`${command}\r\n`);
    const end = performance.now() + this.#limits.quitMs;
    await this.#reader.next(() => end - performance.now());
  }

  /** What is up to `end`, and ends `whole`: where it is not whole it goes on to the next `end`. For protocols that have no lines. */
  async upTo(
    end: string,
    whole: (text: string) => boolean,
    after: string,
    remainingMs: () => number,
  ): Promise<{ text: string } | End> {
    let text = '';
    for (;;) {
      const part = await this.#reader.next(remainingMs, end.charCodeAt(0));
      if (part.kind !== 'line') return this.#endOf(part, after);
      text += part.text + end;
      if (text.length > this.#limits.lineOctets) return this.#endOf({ kind: 'line-too-long' }, after);
      if (whole(text)) return { text };
    }
  }

  /** Milliseconds that are left for a reply that begins now. */
  replyTime(): () => number {
    const end = performance.now() + this.#limits.replyMs;
    return () => end - performance.now();
  }

  #endOf(line: Exclude<Line, { kind: 'line' }>, after: string): End {
    const { lineOctets, totalOctets } = this.#limits;
    switch (line.kind) {
      case 'timeout':
        return { kind: 'reply-timeout', text: `no whole reply in time (${after})` };
      case 'line-too-long':
        return { kind: 'too-much-data', text: `a line longer than ${lineOctets} octets (${after})` };
      case 'too-much-data':
        return { kind: 'too-much-data', text: `more than ${totalOctets} octets (${after})` };
      case 'closed': {
        const { code, message } = (line.error ?? {}) as NodeJS.ErrnoException;
        const how = message === undefined ? '' : `: ${printable(message)}`;
        return { kind: 'closed', text: `the server closed the connection (${after})${how}`, errorCode: code };
      }
    }
  }
}
