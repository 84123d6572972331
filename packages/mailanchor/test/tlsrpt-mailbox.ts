/** A real SMTP server that keeps what it takes. */
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Octets, one character each. */
  readonly message: string;
  readonly secure: boolean;
  readonly user: string | undefined;
}

export class Mailbox {
  readonly taken: TakenMail[] = [];
  /** The reply to the next messages: undefined takes them, a promise delays it. */
  verdict: () => Promise<Error | undefined> | Error | undefined = () => undefined;
  readonly #server: SMTPServer;
  port = 0;

  constructor(options: SMTPServerOptions = {}) {
    this.#server = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      authOptional: true,
      closeTimeout: 10,
      ...options,
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', async () => {
          const { mailFrom, rcptTo } = session.envelope;
          this.taken.push({
            from: mailFrom ? mailFrom.address : '',
            to: rcptTo.map(({ address }) => address),
            message: Buffer.concat(chunks).toString('latin1'),
            secure: session.secure,
            user: typeof session.user === 'string' ? session.user : undefined,
          });
          done(await this.verdict());
        });
      },
    });
    // A client that is killed is no error of ours.
    this.#server.on('error', () => {});
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.port = (this.#server.server.address() as AddressInfo).port;
    return this;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(resolve));
  }
}
