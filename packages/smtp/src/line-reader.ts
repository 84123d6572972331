/**
 * Lines from a connection, with bounds that a server cannot move: octets in a line, octets in all, time. A line ends with LF, with or
 * without CR before it; the end is not part of it. Octets are read as latin1, so nothing is lost and nothing fails to decode.
 */
import type { Duplex } from 'node:stream';

export interface LineLimits {
  /** Octets of one line, its end included. RFC 5321 4.5.3.1.5 allows 512 for a reply; servers in the wild send more. */
  readonly lineOctets: number;
  /** Octets in all. */
  readonly totalOctets: number;
}

export type Line =
  | { readonly kind: 'line'; readonly text: string }
  /** No whole line came in time. */
  | { readonly kind: 'timeout' }
  /** The peer closed; `error` is set where it was not orderly. */
  | { readonly kind: 'closed'; readonly error?: Error }
  | { readonly kind: 'line-too-long' }
  | { readonly kind: 'too-much-data' };

type Fault = Exclude<Line, { kind: 'line' | 'timeout' }>;

const LF = 0x0a;
const CR = 0x0d;

export class LineReader {
  readonly #stream: Duplex;
  readonly #limits: LineLimits;
  #buffer: Buffer = Buffer.alloc(0);
  #octets = 0;
  #fault: Fault | undefined;
  #wake: (() => void) | undefined;

  constructor(stream: Duplex, limits: LineLimits) {
    this.#stream = stream;
    this.#limits = limits;
    stream.on('data', this.#onData);
    stream.on('error', this.#onError);
    stream.on('end', this.#onEnd);
    stream.on('close', this.#onEnd);
  }

  /** Octets received that no line has taken yet. */
  get pending(): number {
    return this.#buffer.length;
  }

  /**
   * The next line, or what is up to another octet `last`. `remainingMs` is asked whenever there is something to wait for. One call at a
   * time.
   */
  async next(remainingMs: () => number, last = LF): Promise<Line> {
    for (;;) {
      const end = this.#buffer.indexOf(last);
      if (end >= this.#limits.lineOctets || (end < 0 && this.#buffer.length >= this.#limits.lineOctets)) {
        return this.#fail({ kind: 'line-too-long' });
      }
      if (end >= 0) {
        const text = this.#buffer.toString(
          'latin1',
          0,
          last === LF && this.#buffer[end - 1] === CR ? end - 1 : end,
        );
        this.#buffer = this.#buffer.subarray(end + 1);
        return { kind: 'line', text };
      }
      if (this.#fault) return this.#fault;
      const milliseconds = remainingMs();
      if (milliseconds <= 0) return { kind: 'timeout' };
      await this.#more(milliseconds);
    }
  }

  /** Stops listening, so that someone else can read the connection. */
  detach(): void {
    this.#stream.off('data', this.#onData);
    this.#stream.off('error', this.#onError);
    this.#stream.off('end', this.#onEnd);
    this.#stream.off('close', this.#onEnd);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#octets += chunk.length;
    if (this.#octets > this.#limits.totalOctets) {
      this.#fail({ kind: 'too-much-data' });
    } else {
      this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
      this.#wake?.();
    }
  };

  readonly #onError = (error: Error): void => {
    this.#fault ??= { kind: 'closed', error };
    this.#wake?.();
  };

  readonly #onEnd = (): void => {
    this.#fault ??= { kind: 'closed' };
    this.#wake?.();
  };

  /** Nothing more is wanted from a peer beyond the limits. */
  #fail(fault: Fault): Fault {
    this.#fault ??= fault;
    this.#buffer = Buffer.alloc(0);
    this.#stream.destroy();
    this.#wake?.();
    return fault;
  }

  #more(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(wake, milliseconds);
      this.#wake = wake;
      const reader = this;
      function wake(): void {
        clearTimeout(timer);
        reader.#wake = undefined;
        resolve();
      }
    });
  }
}
