/**
 * One session with a mail server, up to the point where mail could be sent: connection, greeting, EHLO, STARTTLS (rfc3207#section-4),
 * TLS, EHLO again, QUIT. It collects the presented certificates and decides nothing.
 *
 * However it ends, the end is a value; sockets are closed in every case, and what a server can make us read or wait for is bounded
 * by `SessionLimits`.
 */
import * as net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { SmtpError } from './errors.ts';
import { LineReader } from './line-reader.ts';
import { printable } from './printable.ts';
import { capabilitiesOf, type Reply, readReply, replyText } from './reply.ts';
import { SESSION_LIMITS, type SessionLimits } from './session-limits.ts';
import { handshake } from './tls.ts';
import type { SessionOutcome, TlsReport } from './verdict.ts';

/** Opens a TCP connection, as `net.connect`. Tests and labs send it elsewhere. */
export type Connect = (options: net.TcpNetConnectOpts) => net.Socket;

export interface SessionOptions {
  /** IPv4 or IPv6, no brackets. */
  readonly address: string;
  readonly port: number;
  /** For SNI: the TLSA base domain, else the host. Undefined for an address. */
  readonly servername?: string | undefined;
  /** 'starttls' speaks SMTP first; 'tls' begins with the handshake and ends with it. */
  readonly security: 'starttls' | 'tls';
  /** EHLO name. Default: the connection's own address as a literal (RFC 5321 4.1.4). */
  readonly helo?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly limits?: Partial<SessionLimits>;
  /** Ends the session at once: the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly connect?: Connect | undefined;
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

interface End {
  readonly kind: SessionOutcome;
  readonly text: string;
  readonly errorCode?: string | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Collected = Mutable<Pick<SessionResult, 'greeting' | 'starttls' | 'tls' | 'chain' | 'capabilities'>>;

/** Rejects only when `signal` aborts, or with `SmtpError` for options that cannot be. */
export async function openSession(options: SessionOptions): Promise<SessionResult> {
  const { signal, helo } = options;
  signal?.throwIfAborted();
  if (helo !== undefined && !/^[\x21-\x7e]{1,255}$/.test(helo)) {
    throw new SmtpError(
      'bad-option',
      'the EHLO name must be printable, without spaces, of at most 255 octets',
    );
  }
  const session = new Session(options);
  try {
    return await session.run();
  } finally {
    session.close();
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

  #destroy(): void {
    this.#stream?.destroy();
    this.#socket?.destroy();
  }

  async #converse(): Promise<End> {
    const failure = await this.#connect();
    if (failure) return failure;
    const socket = this.#socket!;
    if (this.#options.security === 'tls') {
      return (await this.#secure(socket)) ?? { kind: 'established', text: 'TLS established' };
    }
    const reader = new LineReader(socket, this.#limits);
    const refused = await this.#openingOf(socket, reader);
    if (refused) {
      reader.detach();
      return refused;
    }
    // Whatever came in the same breath as the reply was not protected, and must not be taken for what comes after (CVE-2011-0411).
    if (reader.pending > 0) {
      return {
        kind: 'injected-data',
        text: 'the server sent data between its STARTTLS reply and the handshake',
      };
    }
    reader.detach();
    return (await this.#secure(socket)) ?? (await this.#afterTls());
  }

  #connect(): Promise<End | undefined> {
    const { address, port, localAddress, connect = net.connect } = this.#options;
    return new Promise((resolve) => {
      let socket: net.Socket;
      try {
        socket = connect({ host: address, port, ...(localAddress === undefined ? {} : { localAddress }) });
      } catch (error) {
        resolve(connectFailure(error as Error));
        return;
      }
      this.#socket = socket;
      const timer = setTimeout(
        () => settle({ kind: 'connect-timeout', text: 'no answer to the connection' }),
        this.#limits.connectMs,
      );
      const onClose = (): void => settle({ kind: 'connect-failed', text: 'the connection was closed' });
      const settle = (end: End | undefined): void => {
        clearTimeout(timer);
        socket.off('close', onClose);
        resolve(end);
      };
      socket.setNoDelay(true);
      // Stays for the life of the socket: an error without a listener would end the process.
      socket.on('error', (error) => settle(connectFailure(error)));
      socket.once('close', onClose);
      socket.once('connect', () => settle(undefined));
    });
  }

  /** Greeting, EHLO, STARTTLS. Undefined: the server is ready for the handshake. */
  async #openingOf(socket: net.Socket, reader: LineReader): Promise<End | undefined> {
    const greeting = await this.#reply(reader, 'greeting');
    if ('kind' in greeting) return greeting;
    this.#collected.greeting = printable(greeting.lines[0] ?? '');
    if (greeting.code >= 400) {
      return { kind: 'greeting-refused', text: `the server greets with ${replyText(greeting)}` };
    }
    if (greeting.code !== 220) return unexpected('greeting', greeting);

    const ehlo = await this.#ehlo(socket, reader);
    if ('kind' in ehlo) {
      if (ehlo.kind !== 'ehlo-refused' || !ehlo.permanent) return ehlo;
      // A server from before ESMTP: it takes mail, and has no STARTTLS.
      const helo = await this.#command(socket, reader, `HELO ${this.#heloName(socket)}`, 'HELO');
      if ('kind' in helo) return helo;
      if (helo.code !== 250) return ehlo;
      this.#collected.starttls = false;
      await this.#quit(socket, reader);
      return {
        kind: 'starttls-not-offered',
        text: `the server knows no EHLO (${ehlo.text}), hence no STARTTLS`,
      };
    }
    this.#collected.starttls = ehlo.has('STARTTLS');
    if (!this.#collected.starttls) {
      await this.#quit(socket, reader);
      return { kind: 'starttls-not-offered', text: 'the server does not offer STARTTLS' };
    }
    const reply = await this.#command(socket, reader, 'STARTTLS', 'STARTTLS');
    if ('kind' in reply) return reply;
    if (reply.code !== 220) {
      await this.#quit(socket, reader);
      return { kind: 'starttls-refused', text: `the server answers STARTTLS with ${replyText(reply)}` };
    }
    return undefined;
  }

  async #secure(socket: net.Socket): Promise<End | undefined> {
    const { servername } = this.#options;
    const outcome = await handshake(socket, { servername, timeoutMs: this.#limits.tlsMs });
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

  /** Capabilities are asked anew (rfc3207#section-4.2); this also shows that the server accepts the handshake. */
  async #afterTls(): Promise<End> {
    const stream = this.#stream!;
    const reader = new LineReader(stream, this.#limits);
    const ehlo = await this.#ehlo(stream, reader);
    if ('kind' in ehlo) {
      // With TLS 1.3 a server refuses a handshake after the client believes it done.
      return ehlo.kind === 'closed' ? { ...ehlo, kind: 'tls-failed' } : ehlo;
    }
    this.#collected.capabilities = [...ehlo.keys()];
    await this.#quit(stream, reader);
    return { kind: 'established', text: `TLS established with ${this.#collected.tls?.protocol}` };
  }

  async #ehlo(
    stream: net.Socket,
    reader: LineReader,
  ): Promise<Map<string, string> | (End & { readonly permanent?: boolean })> {
    const reply = await this.#command(stream, reader, `EHLO ${this.#heloName(stream)}`, 'EHLO');
    if ('kind' in reply) return reply;
    if (reply.code === 250) return capabilitiesOf(reply);
    if (reply.code < 400) return unexpected('EHLO', reply);
    const text = `the server answers EHLO with ${replyText(reply)}`;
    return { kind: 'ehlo-refused', text, permanent: reply.code >= 500 };
  }

  #heloName(stream: net.Socket): string {
    if (this.#options.helo !== undefined) return this.#options.helo;
    const address = stream.localAddress ?? '127.0.0.1';
    return net.isIPv6(address) ? `[IPv6:${address.replace(/%.*$/, '')}]` : `[${address}]`;
  }

  async #command(stream: net.Socket, reader: LineReader, line: string, after: string): Promise<Reply | End> {
    // Data that came unasked is no answer to a command not yet sent.
    if (reader.pending > 0) return { kind: 'protocol-error', text: `the server talks before ${after}` };
    if (stream.writable) stream.write(`${line}\r\n`);
    return this.#reply(reader, after);
  }

  async #reply(reader: LineReader, after: string): Promise<Reply | End> {
    const end = performance.now() + this.#limits.replyMs;
    const outcome = await readReply(reader, () => end - performance.now());
    switch (outcome.kind) {
      case 'reply':
        if (outcome.reply.code !== 421 || after === 'greeting') return outcome.reply;
        return {
          kind: 'service-closing',
          text: `the server closes after ${after}: ${replyText(outcome.reply)}`,
        };
      case 'malformed':
        return { kind: 'protocol-error', text: `after ${after}: ${outcome.why}` };
      case 'timeout':
        return { kind: 'reply-timeout', text: `no whole reply in time (${after})` };
      case 'line-too-long':
        return {
          kind: 'too-much-data',
          text: `a line longer than ${this.#limits.lineOctets} octets (${after})`,
        };
      case 'too-much-data':
        return { kind: 'too-much-data', text: `more than ${this.#limits.totalOctets} octets (${after})` };
      case 'closed': {
        const { code, message } = (outcome.error ?? {}) as NodeJS.ErrnoException;
        const how = message === undefined ? '' : `: ${printable(message)}`;
        return {
          kind: 'closed',
          text: `the server closed the connection (${after})${how}`,
          errorCode: code,
        };
      }
    }
  }

  /** A courtesy that may fail. */
  async #quit(stream: net.Socket, reader: LineReader): Promise<void> {
    if (!stream.writable) return;
    stream.write('QUIT\r\n');
    const end = performance.now() + this.#limits.quitMs;
    await readReply(reader, () => end - performance.now());
  }
}

function unexpected(after: string, reply: Reply): End {
  return { kind: 'protocol-error', text: `unexpected reply (${after}): ${replyText(reply)}` };
}

/** Codes that speak of this machine, not of the server. */
const LOCAL_FAULTS = new Set(['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL', 'EACCES', 'EPERM']);

function connectFailure(error: Error): End {
  const { code } = error as NodeJS.ErrnoException;
  const text = printable(error.message);
  if (code === 'ECONNREFUSED')
    return { kind: 'connect-refused', text: 'connection refused', errorCode: code };
  if (code === 'ETIMEDOUT') return { kind: 'connect-timeout', text: 'connection timed out', errorCode: code };
  if (code !== undefined && LOCAL_FAULTS.has(code)) return { kind: 'no-route', text, errorCode: code };
  return { kind: 'connect-failed', text, errorCode: code };
}
