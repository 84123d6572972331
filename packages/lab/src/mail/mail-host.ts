/**
 * A mail host at one loopback address: takes mail with STARTTLS and forgets all but the envelope, unless a fault is switched on.
 * Ordinary conversations are smtp-server's; each connection gets the certificate and the fault of the moment.
 */
import { createServer, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { SMTPServer } from 'smtp-server';
import type { Listener } from '../port.ts';
import { type LabCertificate, toPem } from './certificate.ts';
import { serveHostile } from './hostile-session.ts';
import type { MailFault } from './mail-fault.ts';

export interface MailHostOptions {
  /** The host's name, as it greets. */
  readonly name: string;
  readonly address: string;
  /** What it presents, leaf first. */
  readonly chain: readonly LabCertificate[];
  readonly fault?: MailFault;
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
  #chain: readonly LabCertificate[];
  readonly #octetIntervalMs: number;

  constructor(options: MailHostOptions) {
    this.name = options.name;
    this.address = options.address;
    this.fault = options.fault;
    this.#chain = options.chain;
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
    if (fault !== undefined && fault !== 'no-starttls') {
      const secureContext = createSecureContext(tlsIdentity(this.#chain));
      serveHostile(socket, { name: this.name, fault, secureContext, octetIntervalMs: this.#octetIntervalMs });
      return;
    }
    // A server for each connection: it has the certificate of the moment, and it never listens by itself.
    const server = this.#smtpServer(fault !== 'no-starttls');
    server.connect(socket, { id: String(this.connections) });
  }

  #smtpServer(starttls: boolean): SMTPServer {
    const server = new SMTPServer({
      ...tlsIdentity(this.#chain),
      name: this.name,
      banner: 'lab',
      size: MESSAGE_OCTETS,
      logger: false,
      authOptional: true,
      disabledCommands: starttls ? ['AUTH'] : ['AUTH', 'STARTTLS'],
      hideSTARTTLS: !starttls,
      disableReverseLookup: true,
      onData: (stream, session, callback) => {
        let octets = 0;
        stream.on('data', (chunk: Buffer) => {
          octets += chunk.length;
        });
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          const from = mailFrom ? mailFrom.address : '';
          this.#keep({ from, to: rcptTo.map(({ address }) => address), octets, tls: session.secure });
          callback();
        });
      },
    });
    // A client that goes away in the middle of a handshake is nothing to report.
    server.on('error', () => {});
    return server;
  }

  #keep(mail: ReceivedMail): void {
    this.received.push(mail);
    if (this.received.length > RECEIVED_KEPT) this.received.shift();
  }
}

const RECEIVED_KEPT = 1000;

function tlsIdentity(chain: readonly LabCertificate[]): { key: string; cert: string } {
  const key = chain[0]!.key.privateKey.export({ format: 'pem', type: 'pkcs8' });
  return { key: String(key), cert: toPem(chain) };
}
