/**
 * One session with a mail server, up to the point where mail could be sent: connection, greeting, EHLO, STARTTLS (rfc3207#section-4),
 * TLS, EHLO again, QUIT. With other services: up to the handshake. It collects the presented certificates and decides nothing.
 *
 * However it ends, the end is a value; sockets are closed in every case, and what a server can make us read or wait for is bounded
 * by `SessionLimits`.
 */
import type * as net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Conversation, type End, isEnd } from './conversation.ts';
import { SmtpError } from './errors.ts';
import type { ServiceProtocol } from './service.ts';
import { SESSION_LIMITS, type SessionLimits } from './session-limits.ts';
import { OPENERS } from './starttls/openers.ts';
import { sendEhlo } from './starttls/smtp.ts';
import { type Connect, connectTcp } from './tcp-connect.ts';
import { handshake } from './tls.ts';
import type { TlsOffer } from './tls-offer.ts';
import type { SessionOutcome, TlsReport } from './verdict.ts';

export interface SessionOptions {
  /** IPv4 or IPv6, no brackets. */
  readonly address: string;
  readonly port: number;
  /** For SNI: the TLSA base domain, else the host. Undefined for an address. */
  readonly servername?: string | undefined;
  /** What is spoken before the handshake; 'tls': nothing. */
  readonly protocol: ServiceProtocol;
  /** The domain that the service is of: XMPP has the client name it (rfc6120#section-4.7.2). Default: `servername`. */
  readonly domain?: string | undefined;
  /** EHLO name. Default: the connection's own address as a literal (RFC 5321 4.1.4). */
  readonly helo?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly limits?: Partial<SessionLimits>;
  /** Ends the session at once: the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly connect?: Connect | undefined;
  /** Default 'any'. */
  readonly offer?: TlsOffer | undefined;
  /** Which try of the same this is: sessions that are shared tell a second from the first. Default 1. */
  readonly attempt?: number | undefined;
  /** Called once the TCP connection stands. */
  readonly onConnect?: (() => void) | undefined;
}

export interface SessionResult {
  readonly kind: SessionOutcome;
  /** One sentence, the server's words included, printable. */
  readonly text: string;
  readonly errorCode?: string;
  /** First line of the greeting, printable. */
  readonly greeting?: string;
  /** Whether STARTTLS was offered; null if it did not come to that. */
  readonly starttls: boolean | null;
  /** Set once the handshake is done, whatever comes after. */
  readonly tls: TlsReport | null;
  /** DER, wire order. */
  readonly chain: readonly Uint8Array[];
  /** Keywords of the EHLO after TLS; what was said before TLS is forgotten (rfc3207#section-4.2). */
  readonly capabilities: readonly string[];
  /** Milliseconds. */
  readonly durationMs: number;
}

/** `openSession`, or one that does the same in another way: sessions that many checks share, or none that touches a network. */
export type OpenSession = (options: SessionOptions) => Promise<SessionResult>;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Collected = Mutable<Pick<SessionResult, 'greeting' | 'starttls' | 'tls' | 'chain' | 'capabilities'>>;

/** Throws `SmtpError` 'bad-option' for a name that could hold a command of its own. */
export function requireHelo(helo: string | undefined): void {
  if (helo !== undefined && !/^[\x21-\x7e]{1,255}$/.test(helo)) {
    throw new SmtpError(
      'bad-option',
      'the EHLO name must be printable, without spaces, of at most 255 octets',
    );
  }
}

/** Rejects only when `signal` aborts, or with `SmtpError` for options that cannot be. */
export async function openSession(options: SessionOptions): Promise<SessionResult> {
  const { signal, helo } = options;
  signal?.throwIfAborted();
  requireHelo(helo);
  const session = new Session(options);
  try {
    return await session.run();
  } finally {
    session.close();
    await session.closed();
  }
}

class Session {
  readonly #options: SessionOptions;
  readonly #limits: SessionLimits;
  readonly #started = performance.now();
  readonly #collected: Collected = { starttls: null, tls: null, chain: [], capabilities: [] };
  readonly #watch: NodeJS.Timeout;
  readonly #onAbort = (): void => this.close();
  #socket: net.Socket | undefined;
  #stream: TLSSocket | undefined;
  #expired = false;
  #closed: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#limits = { ...SESSION_LIMITS, ...options.limits };
    this.#watch = setTimeout(() => {
      this.#expired = true;
      this.#destroy();
    }, this.#limits.totalMs);
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  async run(): Promise<SessionResult> {
    const end = await this.#converse();
    this.#options.signal?.throwIfAborted();
    const { kind, text, errorCode } =
      this.#expired && end.kind !== 'established'
        ? { kind: 'deadline' as const, text: `no time left (${end.text})`, errorCode: undefined }
        : end;
    return {
      kind,
      text,
      ...(errorCode === undefined ? {} : { errorCode }),
      ...this.#collected,
      durationMs: Math.round(performance.now() - this.#started),
    };
  }

  close(): void {
    clearTimeout(this.#watch);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#destroy();
  }

  /** Resolves once the connection is gone, so that another may take its place at the server. */
  async closed(): Promise<void> {
    await this.#closed;
  }

  #destroy(): void {
    this.#stream?.destroy();
    this.#socket?.destroy();
  }

  async #converse(): Promise<End> {
    const failure = await this.#connect();
    if (failure) return failure;
    const socket = this.#socket!;
    const { protocol, helo, servername, domain = servername, onConnect } = this.#options;
    onConnect?.();
    if (protocol === 'tls') return (await this.#secure(socket)) ?? this.#farewell();

    const conversation = new Conversation(socket, this.#limits);
    const end = await OPENERS[protocol](conversation, this.#collected, { helo, domain });
    const { pending } = conversation;
    conversation.detach();
    if (end) return end;
    if (pending > 0) return INJECTED;
    const failed = await this.#secure(socket);
    if (failed) return failed;
    return protocol === 'smtp' ? this.#afterTls(helo) : this.#farewell();
  }

  async #connect(): Promise<End | undefined> {
    const outcome = await connectTcp(this.#options, this.#limits.connectMs, (socket) => {
      this.#socket = socket;
      this.#closed = new Promise((done) => socket.once('close', () => done()));
    });
    return isEnd(outcome) ? outcome : undefined;
  }

  async #secure(socket: net.Socket): Promise<End | undefined> {
    const { servername, offer = 'any' } = this.#options;
    const outcome = await handshake(socket, { servername, offer, timeoutMs: this.#limits.tlsMs });
    if (outcome.kind === 'timeout') return { kind: 'tls-timeout', text: 'the TLS handshake took too long' };
    if (outcome.kind === 'failed') {
      return { kind: 'tls-failed', text: `TLS handshake: ${outcome.text}`, errorCode: outcome.code };
    }
    const { stream, protocol, cipher, chain } = outcome;
    this.#stream = stream;
    this.#collected.tls = { protocol, cipher, servername: servername ?? null };
    this.#collected.chain = chain;
    return undefined;
  }

  /**
   * Ends TLS in order, with all that the handshake has still to send: a server that sees a connection torn down in the middle of it may take
   * that for an attack. Whether it answers is its own affair.
   */
  #farewell(): Promise<End> {
    const stream = this.#stream!;
    return new Promise((resolve) => {
      const timer = setTimeout(end, this.#limits.quitMs);
      function end(): void {
        clearTimeout(timer);
        resolve(ESTABLISHED);
      }
      stream.once('finish', end);
      stream.once('close', end);
      stream.end();
    });
  }

  /** Capabilities are asked anew (rfc3207#section-4.2); this also shows that the server accepts the handshake. */
  async #afterTls(helo: string | undefined): Promise<End> {
    const conversation = new Conversation(this.#stream!, this.#limits);
    const ehlo = await sendEhlo(conversation, helo);
    // With TLS 1.3 a server refuses a handshake after the client believes it done.
    if (isEnd(ehlo)) return ehlo.kind === 'closed' ? { ...ehlo, kind: 'tls-failed' } : ehlo;
    this.#collected.capabilities = [...ehlo.keys()];
    await conversation.quit();
    return ESTABLISHED;
  }
}

/** Whatever came in the same breath as the reply was not protected, and must not be taken for what comes after (CVE-2011-0411). */
export const INJECTED: End = {
  kind: 'injected-data',
  text: 'the server sent data between its STARTTLS reply and the handshake',
};

const ESTABLISHED: End = { kind: 'established', text: 'TLS established' };
