/**
 * Accepts streams, TCP (rfc7766) or TLS (rfc7858#section-3.1), and decides which may stay: so many in all, so many a client, none that
 * is idle for long. A flood of connections costs others at most a new connection.
 */
import {
  createServer as createTcpServer,
  isIPv6,
  type ListenOptions,
  type Server,
  type Socket,
} from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { ipv6FromText } from '../address.ts';
import { hexEncode } from '../octets.ts';
import { type ListenerContext, plainAddress, type TlsCredentials } from './listener-options.ts';
import { StreamConnection } from './stream-connection.ts';

/** Connections that the kernel holds before we accept them; it may grant less. */
const BACKLOG = 1024;

/** Idle streams closed before others get their turn: a flood ends as suddenly as it began. */
const CLOSED_A_TURN = 50;

export class StreamListener {
  readonly #context: ListenerContext;
  readonly #protocol: 'tcp' | 'tls';
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  /** The one that was active least recently comes first. */
  readonly #connections = new Set<StreamConnection>();
  readonly #perClient = new Map<string, number>();
  /** Streams whose TLS handshake is under way, by their two ends. */
  readonly #handshakes = new Map<string, StreamConnection>();
  #sweep: NodeJS.Timeout | undefined;

  constructor(context: ListenerContext, credentials?: TlsCredentials) {
    this.#context = context;
    this.#protocol = credentials === undefined ? 'tcp' : 'tls';
    // A client may close its side when it has sent its queries, and still read the answers.
    this.#server = createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    if (credentials) this.#tls = this.#createTls(credentials);
  }

  #createTls({ key, cert }: TlsCredentials): TlsServer {
    const server = createTlsServer({
      ...pem({ key, cert }),
      allowHalfOpen: true,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['dot'],
      handshakeTimeout: this.#context.limits.idleMs,
    });
    server.on('secureConnection', (stream) => {
      const ends = endsOf(stream);
      const connection = this.#handshakes.get(ends);
      this.#handshakes.delete(ends);
      if (connection === undefined) stream.destroy();
      else connection.serve(stream);
    });
    server.on('tlsClientError', (_error, stream) => {
      this.#context.counters.closed.malformed++;
      stream.destroy();
    });
    return server;
  }

  /** For connections from now on; those that are open go on. Throws where key and certificate are of no use. */
  setTls(credentials: TlsCredentials): void {
    this.#tls?.setSecureContext({ ...pem(credentials), minVersion: 'TLSv1.2' });
  }

  /** Resolves with the port. */
  listen(where: { address: string; port: number; reusePort: boolean } | { fd: number }): Promise<number> {
    const options: ListenOptions & { fd?: number } =
      'fd' in where
        ? { fd: where.fd, backlog: BACKLOG }
        : {
            host: where.address,
            port: where.port,
            reusePort: where.reusePort,
            ipv6Only: isIPv6(where.address),
            exclusive: true,
            backlog: BACKLOG,
          };
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(options, () => {
        this.#server.off('error', reject);
        this.#server.on('error', this.#context.onError);
        resolve(this.bound.port);
      });
    });
  }

  get bound(): { address: string; port: number } {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') return { address: '', port: 0 };
    return bound;
  }

  #accept(raw: Socket): void {
    raw.on('error', () => {});
    const { counters, allow, limits } = this.#context;
    const { remoteAddress, remotePort } = raw;
    // Gone already.
    if (remoteAddress === undefined || remotePort === undefined) {
      raw.destroy();
      return;
    }
    const address = plainAddress(remoteAddress);
    const key = clientKey(address);
    const ofClient = this.#perClient.get(key) ?? 0;
    if (
      (allow !== undefined && !allow(address)) ||
      ofClient >= limits.connectionsPerClient ||
      !this.#makeRoom()
    ) {
      counters.closed.refused++;
      raw.destroy();
      return;
    }
    const client = { address, port: remotePort, protocol: this.#protocol };
    const connection = new StreamConnection(this.#context, raw, client, (active) => this.#moveToEnd(active));
    this.#connections.add(connection);
    this.#perClient.set(key, ofClient + 1);
    counters.connections.accepted++;
    counters.connections.open++;
    this.#sweep ??= setInterval(() => this.#closeQuiet(), sweepMs(limits.idleMs)).unref();
    const ends = this.#tls && endsOf(raw);
    raw.on('close', () => {
      connection.close();
      counters.connections.open--;
      this.#connections.delete(connection);
      if (ends !== undefined && this.#handshakes.get(ends) === connection) this.#handshakes.delete(ends);
      const left = this.#perClient.get(key)! - 1;
      if (left > 0) this.#perClient.set(key, left);
      else this.#perClient.delete(key);
    });
    if (this.#tls === undefined || ends === undefined) {
      connection.serve(raw);
    } else {
      this.#handshakes.set(ends, connection);
      this.#tls.emit('connection', raw);
    }
  }

  #moveToEnd(connection: StreamConnection): void {
    if (this.#connections.delete(connection)) this.#connections.add(connection);
  }

  /** Whether one more may be open, if need be in place of the one that was idle the longest. */
  #makeRoom(): boolean {
    const { limits, counters } = this.#context;
    if (this.#connections.size < limits.connections) return true;
    for (const connection of this.#connections) {
      if (!connection.idle) continue;
      counters.closed.evicted++;
      this.#connections.delete(connection);
      connection.close();
      return true;
    }
    return false;
  }

  #closeQuiet(): void {
    const { limits, counters } = this.#context;
    const now = performance.now();
    let closed = 0;
    for (const connection of this.#connections) {
      const quiet = connection.quietMs(now);
      if (quiet < limits.idleMs) break;
      if (!connection.idle && quiet < limits.stalledMs) continue;
      if (closed === CLOSED_A_TURN) {
        setImmediate(() => this.#closeQuiet());
        return;
      }
      closed++;
      counters.closed.idle++;
      this.#connections.delete(connection);
      connection.close();
    }
    if (this.#connections.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  close(): Promise<void> {
    clearInterval(this.#sweep);
    this.#sweep = undefined;
    return new Promise((resolve) => {
      // Resolves too where it never listened.
      this.#server.close(() => resolve());
      for (const connection of [...this.#connections]) connection.close();
    });
  }
}

/** Often enough that nothing stays much longer than it may. */
function sweepMs(idleMs: number): number {
  return Math.min(1000, Math.max(10, idleMs / 4));
}

/** What counts as one client: an IPv4 address, or the /64 that a host with IPv6 can take its addresses from at will. */
function clientKey(address: string): string {
  if (!isIPv6(address)) return address;
  return hexEncode(ipv6FromText(address.split('%')[0]!).subarray(0, 8));
}

function endsOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress}`;
}

function pem({ key, cert }: TlsCredentials): { key: string | Buffer; cert: string | Buffer } {
  const text = (value: string | Uint8Array) => (typeof value === 'string' ? value : Buffer.from(value));
  return { key: text(key), cert: text(cert) };
}
