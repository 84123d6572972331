/**
 * One client's stream (rfc1035#section-4.2.2, rfc7766): queries pipelined, answers in whatever order they are ready. Reading pauses
 * while too many queries are under way or answers lie unread, so that what one client can make us hold is bounded.
 */
import type { Socket } from 'node:net';
import { FrameReader, frame } from '../transport/frame-reader.ts';
import { type DnsClient, handOver, isQuery, type ListenerContext } from './listener-options.ts';

/** Queries of one stream handed over before others get their turn. */
const QUERIES_A_TURN = 32;
const MAX_ANSWER_OCTETS = 0xffff;

export class StreamConnection {
  readonly client: DnsClient;
  readonly #context: ListenerContext;
  /** What was accepted; below TLS, where there is TLS. */
  readonly #raw: Socket;
  readonly #onActivity: (connection: StreamConnection) => void;
  readonly #frames = new FrameReader();
  #stream: Socket | undefined;
  #underWay = 0;
  #reading = false;
  /** For its turn: what comes meanwhile is read then. */
  #waits = false;
  readonly #turn = () => {
    this.#waits = false;
    this.#read();
  };
  #ended = false;
  #closed = false;
  /** When the last query was complete or the last answer sent, on the clock of `performance.now()`. */
  #activeAt = performance.now();

  constructor(
    context: ListenerContext,
    raw: Socket,
    client: DnsClient,
    onActivity: (connection: StreamConnection) => void,
  ) {
    this.#context = context;
    this.#raw = raw;
    this.client = client;
    this.#onActivity = onActivity;
  }

  get idle(): boolean {
    return this.#underWay === 0;
  }

  /** Milliseconds since something was complete. */
  quietMs(now: number): number {
    return now - this.#activeAt;
  }

  /** Begins with what carries the messages: the accepted socket itself, or TLS above it. */
  serve(stream: Socket): void {
    this.#stream = stream;
    stream.on('data', (chunk: Uint8Array) => {
      this.#frames.push(chunk);
      if (this.#waits) return;
      this.#waits = true;
      this.#context.turns.take(this.#turn);
      // Until then no more of it is to pile up here.
      if (this.#waits) stream.pause();
    });
    stream.on('drain', () => this.#again());
    stream.on('end', () => {
      this.#ended = true;
      this.#read();
    });
    // 'close' follows.
    stream.on('error', () => {});
  }

  #active(): void {
    this.#activeAt = performance.now();
    this.#onActivity(this);
  }

  /** It has had a turn and wants another. */
  #again(): void {
    if (this.#waits) return;
    this.#waits = true;
    this.#context.turns.again(this.#turn);
  }

  #blocked(stream: Socket): boolean {
    return this.#underWay >= this.#context.limits.pipelined || stream.writableNeedDrain;
  }

  #read(): void {
    const stream = this.#stream;
    // An answer given at once comes back here while the loop below still runs.
    if (stream === undefined || this.#closed || this.#reading) return;
    this.#reading = true;
    stream.cork();
    let turns = QUERIES_A_TURN;
    let more = true;
    while (more && turns > 0 && !this.#closed && !this.#blocked(stream)) {
      const octets = this.#frames.next();
      if (octets === undefined) more = false;
      else this.#receive(octets);
      turns--;
    }
    stream.uncork();
    this.#reading = false;
    if (this.#closed) return;
    if (!more) {
      stream.resume();
      // The client has closed its side and has everything: so do we.
      if (this.#ended && this.#underWay === 0) stream.end();
      return;
    }
    stream.pause();
    if (!this.#blocked(stream)) this.#again();
  }

  #receive(octets: Uint8Array): void {
    const { counters } = this.#context;
    if (!isQuery(octets)) {
      counters.dropped++;
      counters.closed.malformed++;
      this.close();
      return;
    }
    this.#underWay++;
    this.#active();
    let answered = false;
    handOver(this.#context, octets, this.client, (reply) => {
      if (answered) return;
      answered = true;
      this.#answer(reply);
    });
  }

  #answer(octets: Uint8Array): void {
    const stream = this.#stream;
    if (this.#closed || stream === undefined) return;
    this.#underWay--;
    if (octets.length > 0 && octets.length <= MAX_ANSWER_OCTETS) {
      const { counters, limits } = this.#context;
      stream.write(frame(octets));
      counters.answers[this.client.protocol]++;
      this.#active();
      if (stream.writableLength > limits.unreadOctets) {
        counters.closed.unread++;
        this.close();
        return;
      }
    }
    this.#read();
  }

  /** At once; answers to come are dropped. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream?.destroy();
    this.#raw.destroy();
  }
}
