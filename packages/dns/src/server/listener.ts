/**
 * The server side of DNS: sockets that hand queries over as octets and send octets back. What a query means is the handler's
 * business. UDP, TCP and TLS at one address and port each, or on sockets that systemd has opened.
 */
import type { Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { ListenError, type ListenErrorCode } from '../errors.ts';
import { inheritedSocket } from './inherited-sockets.ts';
import {
  DEFAULT_LIMITS,
  type ListenerContext,
  type ListenerOptions,
  type ListenerStats,
  newCounters,
  type TlsCredentials,
} from './listener-options.ts';
import { StreamListener } from './stream-listener.ts';
import { Turns } from './turns.ts';
import { bindUdp, createUdpSocket, serveUdp } from './udp-listener.ts';

export interface DnsListener {
  /** Where it listens; of several inherited sockets, the first. */
  readonly address: string;
  readonly port: number;
  /** Kept up to date. */
  readonly stats: ListenerStats;
  /** Another certificate for TLS connections from now on. Throws `ListenError` 'bad-options' and keeps the old where it is no good. */
  setTls(credentials: TlsCredentials): void;
  /** Closes sockets and connections at once; answers to come are dropped. */
  close(): Promise<void>;
}

/** How often another port is tried where one was free for UDP and not for TCP. */
const ATTEMPTS = 20;

/** Resolves when all is open; rejects with `ListenError`, and nothing stays open then. */
export async function createListener(options: ListenerOptions): Promise<DnsListener> {
  checkOptions(options);
  const context: ListenerContext = {
    onQuery: options.onQuery,
    onError:
      options.onError ??
      ((error) => {
        throw error;
      }),
    allow: options.allow,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    counters: newCounters(),
    turns: new Turns(),
  };
  const opening = new Opening(context, options);
  try {
    if (options.fds === undefined) await opening.bind();
    else await opening.inherit(options.fds);
  } catch (cause) {
    await opening.close();
    throw listenError(cause);
  }
  return {
    ...opening.bound,
    stats: context.counters,
    setTls: (credentials) => opening.setTls(credentials),
    close: () => opening.close(),
  };
}

function checkOptions({ address = '127.0.0.1', protocols, tls, fds }: ListenerOptions): void {
  const bad = (text: string) => new ListenError('bad-options', text);
  if (fds === undefined && isIP(address) === 0) throw bad(`"${address}" is no IP address`);
  if (protocols.length === 0) throw bad('a listener needs a protocol');
  if (protocols.includes('tcp') && protocols.includes('tls')) throw bad('TCP and TLS need a listener each');
  if (protocols.includes('tls') && tls === undefined) throw bad('TLS needs a certificate and its key');
}

/** The sockets of one listener. */
class Opening {
  bound = { address: '', port: 0 };
  readonly #context: ListenerContext;
  readonly #options: ListenerOptions;
  #streams: StreamListener[] = [];
  #closes: (() => Promise<void>)[] = [];

  constructor(context: ListenerContext, options: ListenerOptions) {
    this.#context = context;
    this.#options = options;
  }

  async bind(): Promise<void> {
    const { address = '127.0.0.1', port: wanted = 0 } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        const port = await this.#bindAll(address, wanted);
        this.bound = { address, port };
        return;
      } catch (error) {
        await this.close();
        if (wanted !== 0 || attempt === ATTEMPTS || systemCode(error) !== 'EADDRINUSE') throw error;
      }
    }
  }

  async #bindAll(address: string, wanted: number): Promise<number> {
    const { protocols, reusePort = false } = this.#options;
    let port = wanted;
    let udp: Socket | undefined;
    if (protocols.includes('udp')) {
      udp = await bindUdp(address, port, reusePort);
      port = udp.address().port;
      this.#closes.push(serveUdp(udp, this.#context));
    }
    if (protocols.some((protocol) => protocol !== 'udp'))
      port = await this.#stream().listen({ address, port, reusePort });
    return port;
  }

  #stream(): StreamListener {
    const { protocols, tls } = this.#options;
    const stream = new StreamListener(this.#context, protocols.includes('tls') ? tls : undefined);
    this.#streams.push(stream);
    this.#closes.push(() => stream.close());
    return stream;
  }

  async inherit(fds: NonNullable<ListenerOptions['fds']>): Promise<void> {
    const sockets = fds.map(inheritedSocket);
    if (sockets.length === 0) throw new ListenError('bad-options', 'no sockets were inherited');
    for (const [index, { fd, type }] of sockets.entries()) {
      let bound: { address: string; port: number };
      if (type === 'stream') {
        if (!this.#options.protocols.some((protocol) => protocol !== 'udp'))
          throw new ListenError(
            'bad-options',
            `file descriptor ${fd} is a TCP socket, which is not to be served`,
          );
        const stream = this.#stream();
        await stream.listen({ fd });
        bound = stream.bound;
      } else {
        if (!this.#options.protocols.includes('udp'))
          throw new ListenError(
            'bad-options',
            `file descriptor ${fd} is a UDP socket, which is not to be served`,
          );
        const socket = createUdpSocket(type);
        this.#closes.push(serveUdp(socket, this.#context));
        socket.bind({ fd });
        bound = socket.address();
      }
      if (index === 0) this.bound = { address: bound.address, port: bound.port };
    }
  }

  setTls(credentials: TlsCredentials): void {
    if (!this.#options.protocols.includes('tls'))
      throw new ListenError('bad-options', 'this listener has no TLS');
    try {
      for (const stream of this.#streams) stream.setTls(credentials);
    } catch (cause) {
      throw new ListenError('bad-options', 'key and certificate are of no use', { cause });
    }
  }

  async close(): Promise<void> {
    const closes = this.#closes;
    this.#closes = [];
    this.#streams = [];
    await Promise.all(closes.map((close) => close()));
  }
}

function systemCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

const CODES: Readonly<Record<string, ListenErrorCode>> = {
  EADDRINUSE: 'in-use',
  EADDRNOTAVAIL: 'no-address',
  EACCES: 'not-permitted',
  EPERM: 'not-permitted',
};

function listenError(cause: unknown): ListenError {
  if (cause instanceof ListenError) return cause;
  const code = CODES[String(systemCode(cause))] ?? 'failed';
  return new ListenError(code, cause instanceof Error ? cause.message : String(cause), { cause });
}
