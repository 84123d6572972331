/**
 * One client: its questions are answered in order, one at a time where an answer takes a lookup. What it may leave lying with us is bounded:
 * questions it sent ahead, answers it does not read, requests it does not finish.
 */
import type { Socket } from 'node:net';
import { type Answer, permanent } from './answer.ts';
import type { Decoded, Protocol } from './protocol.ts';
import { withAttributes } from './tlsrpt-attributes.ts';

export type CloseReason = 'malformed' | 'unread' | 'flood' | 'unfinished' | 'idle' | 'evicted' | 'refused';

export interface ConnectionHandlers {
  readonly answer: (key: string) => Answer | Promise<Answer>;
  /** Whether all answers bear their attributes for TLS reports, asked for or not. */
  readonly attributes: boolean;
  /** Called once; `reason` where it was we who closed. */
  readonly closed: (connection: Connection, reason: CloseReason | undefined) => void;
}

/** Octets of answers that a client may leave unread. */
const MAX_UNREAD = 65_536;
/** Octets that a client may send ahead while its question is looked up. */
const MAX_AHEAD = 16_384;
/** Answers kept as the protocol has them. Most questions get one of a few. */
const ENCODED = 1_024;
const EMPTY = Buffer.alloc(0);

export class Connection {
  /** Milliseconds of a clock that only runs on: when something was last received, and since when a request lies unfinished. */
  active: number;
  unfinishedSince: number | undefined;
  /** Of the client; undefined over a unix socket. */
  readonly address: string | undefined;
  readonly #socket: Socket;
  readonly #protocol: Protocol;
  readonly #handlers: ConnectionHandlers;
  readonly #encoded: Map<Answer, Buffer>;
  #rest: Buffer = EMPTY;
  #waiting = false;
  #ending = false;
  #reason: CloseReason | undefined;

  /** `encoded`: answers as the protocol has them, shared among connections. */
  constructor(
    socket: Socket,
    protocol: Protocol,
    handlers: ConnectionHandlers,
    encoded: Map<Answer, Buffer>,
  ) {
    this.#socket = socket;
    this.#protocol = protocol;
    this.#handlers = handlers;
    this.#encoded = encoded;
    this.active = performance.now();
    this.address = socket.remoteAddress;
    socket.on('data', (octets: Buffer) => this.#receive(octets));
    socket.on('end', () => this.end());
    // Whatever went wrong with it, it is closed next.
    socket.on('error', () => {});
    socket.on('close', () => handlers.closed(this, this.#reason));
  }

  /** Whether a lookup is under way for it. */
  get waiting(): boolean {
    return this.#waiting;
  }

  #receive(octets: Buffer): void {
    this.active = performance.now();
    this.#rest = this.#rest.length === 0 ? octets : Buffer.concat([this.#rest, octets]);
    if (!this.#waiting) this.#work();
    else if (this.#rest.length > MAX_AHEAD) this.close('flood');
  }

  /** Answers what is there, up to a question that has to be looked up. */
  #work(): void {
    const replies: Buffer[] = [];
    let at = 0;
    let broken: string | undefined;
    while (!this.#waiting && at < this.#rest.length) {
      const decoded = this.#protocol.decode(this.#rest, at);
      if (decoded.kind === 'more') break;
      if (decoded.kind === 'malformed') {
        broken = decoded.text;
        break;
      }
      at = decoded.end;
      const answer = decoded.kind === 'reply' ? decoded.answer : this.#answer(decoded);
      if (answer instanceof Promise) this.#await(answer);
      else replies.push(this.#encode(answer));
    }
    // What is kept must not hold on to the large buffer that it came in.
    if (at > 0) this.#rest = at === this.#rest.length ? EMPTY : Buffer.from(this.#rest.subarray(at));
    if (broken !== undefined) {
      this.#rest = EMPTY;
      replies.push(this.#protocol.encode(permanent(broken)));
    }
    this.#send(replies);
    if (broken !== undefined) this.#closeSoftly('malformed');
    if (this.#waiting && this.#rest.length > MAX_AHEAD) this.close('flood');
    const unfinished = this.#rest.length > 0 && !this.#waiting;
    this.unfinishedSince = unfinished
      ? ((at === 0 ? this.unfinishedSince : undefined) ?? this.active)
      : undefined;
  }

  #answer(question: Extract<Decoded, { kind: 'question' }>): Answer | Promise<Answer> {
    const answer = this.#handlers.answer(question.key);
    if (!question.attributes && !this.#handlers.attributes) return answer;
    return answer instanceof Promise ? answer.then(withAttributes) : withAttributes(answer);
  }

  #await(answer: Promise<Answer>): void {
    this.#waiting = true;
    this.#socket.pause();
    void answer.then((found) => {
      this.#waiting = false;
      if (this.#socket.destroyed) return;
      this.active = performance.now();
      this.#send([this.#encode(found)]);
      this.#work();
      if (this.#waiting) return;
      if (this.#ending) this.end();
      else this.#socket.resume();
    });
  }

  #encode(answer: Answer): Buffer {
    let octets = this.#encoded.get(answer);
    if (!octets) {
      octets = this.#protocol.encode(answer);
      if (this.#encoded.size >= ENCODED) this.#encoded.clear();
      this.#encoded.set(answer, octets);
    }
    return octets;
  }

  #send(replies: readonly Buffer[]): void {
    if (replies.length === 0 || this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#socket.write(replies.length === 1 ? replies[0]! : Buffer.concat(replies));
    if (this.#socket.writableLength > MAX_UNREAD) this.close('unread');
  }

  /** No more questions: ends once the one under way is answered. */
  end(): void {
    this.#ending = true;
    if (!this.#waiting && !this.#socket.writableEnded) this.#socket.end();
  }

  close(reason?: CloseReason): void {
    this.#reason ??= reason;
    this.#socket.destroy();
  }

  /** With the last words still on their way. */
  #closeSoftly(reason: CloseReason): void {
    this.#reason ??= reason;
    this.#socket.pause();
    this.#socket.end(() => this.#socket.destroy());
  }
}
