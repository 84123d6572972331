/**
 * A mail host at one loopback address: takes mail with STARTTLS and forgets all but the envelope, unless a fault is switched on.
 * Ordinary conversations are smtp-server's; each connection gets the certificate and the fault of the moment.
 */
import { createServer, type Socket } from 'node:net';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { SMTPServer } from 'smtp-server';
import type { Listener } from '../port.ts';
import { type LabCertificate, toPem } from './certificate.ts';
import { serveHostile } from './hostile-session.ts';
import { isOrdinaryFault, type MailFault } from './mail-fault.ts';
import { isServiceFault, type ServiceDialect, serveService } from './service-session.ts';

export interface MailHostOptions {
  /** The host's name, as it greets. */
  readonly name: string;
  readonly address: string;
  /** What it presents, leaf first. */
  readonly chain: readonly LabCertificate[];
  /** What it presents to those who ask for RSA, leaf first; default: the same to all. */
  readonly rsaChain?: readonly LabCertificate[];
  readonly fault?: MailFault;
  /** Another protocol than SMTP. */
  readonly dialect?: ServiceDialect;
  /** Milliseconds between the octets of 'byte-a-second'; default 1000. */
  readonly octetIntervalMs?: number;
}

/** A message that was taken. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Of the message, after dot-unstuffing. */
  readonly octets: number;
  readonly tls: boolean;
  /** Those of MAIL FROM by keyword, such as `BODY`; true for one without a value. */
  readonly parameters: Readonly<Record<string, string | true>>;
  /** The message itself, an octet a character; where {@link MailHost.keepsContent} is on. */
  readonly content?: string;
}

/** An extension of SMTP that the host can be told to lack. */
export type MailExtension = '8BITMIME' | 'SMTPUTF8' | 'DSN' | 'REQUIRETLS' | 'PIPELINING';

/** What the host says to a command in place of taking it; 'END': to the message itself. No code: it closes the connection. */
export interface MailRefusal {
  readonly at: 'MAIL' | 'RCPT' | 'END';
  readonly code?: number;
  readonly text?: string;
  /** Recipients that it is for; default all. */
  readonly to?: RegExp;
}

/** Octets of the largest message taken. */
const MESSAGE_OCTETS = 10_000_000;

export class MailHost {
  readonly name: string;
  readonly address: string;
  /** The last {@link RECEIVED_KEPT} messages. */
  readonly received: ReceivedMail[] = [];
  /** Connections accepted so far. */
  connections = 0;
  /** Can be changed at any time; new connections see it. */
  fault: MailFault | undefined;
  /** Whether messages are kept whole; default false. Can be changed at any time, as the two below. */
  keepsContent = false;
  refusal: MailRefusal | undefined;
  lacks: readonly MailExtension[] = [];
  #chain: readonly LabCertificate[];
  readonly #rsaChain: readonly LabCertificate[] | undefined;
  readonly #octetIntervalMs: number;
  readonly #dialect: ServiceDialect | undefined;

  constructor(options: MailHostOptions) {
    this.name = options.name;
    this.address = options.address;
    this.fault = options.fault;
    this.#chain = options.chain;
    this.#rsaChain = options.rsaChain;
    this.#dialect = options.dialect;
    this.#octetIntervalMs = options.octetIntervalMs ?? 1000;
  }

  get chain(): readonly LabCertificate[] {
    return this.#chain;
  }

  /** Presents another chain from now on: a renewed certificate, a wrong one. */
  present(chain: readonly LabCertificate[]): void {
    this.#chain = chain;
  }

  /** Port 0 lets the kernel choose. Rejects with the system's error. */
  listen(port: number): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        this.#serve(socket);
      });
      server.once('error', reject);
      server.listen(port, this.address, () => {
        server.off('error', reject);
        const bound = server.address();
        resolve({
          port: typeof bound === 'object' && bound ? bound.port : port,
          close: () =>
            new Promise((done) => {
              server.close(() => done());
              for (const socket of sockets) socket.destroy();
            }),
        });
      });
    });
  }

  #serve(socket: Socket): void {
    this.connections++;
    const { fault } = this;
    if (this.#dialect) {
      const secureContext = createSecureContext(this.#tlsIdentity());
      const serviceFault = fault !== undefined && isServiceFault(fault) ? fault : undefined;
      serveService(socket, { name: this.name, dialect: this.#dialect, fault: serviceFault, secureContext });
      return;
    }
    const plain = fault === 'no-starttls' || (fault === 'starttls-selective' && this.connections % 2 === 0);
    if (fault !== undefined && !isOrdinaryFault(fault)) {
      const secureContext = createSecureContext({ ...this.#tlsIdentity(), ...tlsVersions(fault) });
      serveHostile(socket, { name: this.name, fault, secureContext, octetIntervalMs: this.#octetIntervalMs });
      return;
    }
    // A server for each connection: it has the certificate of the moment, and it never listens by itself.
    const server = this.#smtpServer(!plain);
    server.connect(socket, { id: String(this.connections) });
  }

  #smtpServer(starttls: boolean): SMTPServer {
    const server = new LabServer({
      ...this.#tlsIdentity(),
      ...tlsVersions(this.fault),
      name: this.name,
      banner: 'lab',
      size: MESSAGE_OCTETS,
      logger: false,
      authOptional: true,
      disabledCommands: starttls ? ['AUTH'] : ['AUTH', 'STARTTLS'],
      hideSTARTTLS: !starttls,
      disableReverseLookup: true,
      hideDSN: false,
      hideREQUIRETLS: false,
      ...Object.fromEntries(this.lacks.map((extension) => [`hide${extension}`, true])),
      onMailFrom: (_address, _session, callback) => callback(this.#refusalAt('MAIL', server)),
      onRcptTo: ({ address }, _session, callback) => callback(this.#refusalAt('RCPT', server, address)),
      onData: (stream, session, callback) => {
        let octets = 0;
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => {
          octets += chunk.length;
          if (this.keepsContent) chunks.push(chunk);
        });
        stream.on('end', () => {
          const refused = this.#refusalAt('END', server);
          if (refused) return callback(refused);
          const { mailFrom, rcptTo } = session.envelope;
          const { address: from = '', args = {} } = mailFrom || {};
          this.#keep({
            from,
            to: rcptTo.map(({ address }) => address),
            octets,
            tls: session.secure,
            parameters: { ...(args || {}) },
            ...(this.keepsContent && { content: Buffer.concat(chunks).toString('latin1') }),
          });
          callback();
        });
      },
    });
    // A client that goes away in the middle of a handshake is nothing to report.
    server.on('error', () => {});
    return server;
  }

  #refusalAt(at: MailRefusal['at'], server: LabServer, recipient?: string): Error | null {
    const { refusal } = this;
    if (refusal?.at !== at || (refusal.to && !refusal.to.test(recipient ?? ''))) return null;
    const { code: responseCode, text = 'not here' } = refusal;
    if (responseCode === undefined) for (const { _socket } of server.connections) _socket?.destroy();
    return Object.assign(new Error(text), { responseCode: responseCode ?? 421 });
  }

  #tlsIdentity(): { key: string[]; cert: string[] } {
    const chains = [this.#chain, ...(this.#rsaChain ? [this.#rsaChain] : [])];
    return { key: chains.map(privateKeyPem), cert: chains.map(toPem) };
  }

  #keep(mail: ReceivedMail): void {
    this.received.push(mail);
    if (this.received.length > RECEIVED_KEPT) this.received.shift();
  }
}

/**
 * One host, one identity, whatever name is asked for. Without this the context would be handed over once more for the name, and of a
 * context handed over Node takes one certificate, not both.
 */
class LabServer extends SMTPServer {
  override _resolveSNI(_name: string, done: (error: null, context: undefined) => void): void {
    done(null, undefined);
  }
}

const RECEIVED_KEPT = 1000;

function tlsVersions(fault: MailFault | undefined): SecureContextOptions {
  if (fault === 'old-tls-too') return { minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' };
  if (fault === 'old-tls') return { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' };
  // TLS 1.3 knows no renegotiation.
  return fault === 'renegotiation' ? { maxVersion: 'TLSv1.2' } : {};
}

function privateKeyPem([leaf]: readonly LabCertificate[]): string {
  return String(leaf!.key.privateKey.export({ format: 'pem', type: 'pkcs8' }));
}
