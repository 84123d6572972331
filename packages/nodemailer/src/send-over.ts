/**
 * A message over a session that stands: nodemailer's own SMTP client on our verified socket.
 *
 * The client begins with a greeting and its EHLO. The greeting has been read, so a line like it is put back in front of what is still to come;
 * a further EHLO is always allowed (RFC 5321 4.1.4), and tells the client what the server offers after TLS. It is told that the socket is
 * secured, so that it does not think of STARTTLS.
 */
import { isIPv6 } from 'node:net';
import { Readable } from 'node:stream';
import type { MxConnected } from '@mailanchor/smtp';
import SMTPConnection, {
  type SMTPConnectionOptions,
  type SMTPEnvelope,
} from 'nodemailer/lib/smtp-connection';
import type { Message } from './message.ts';
import { type Failure, failuresOf, ofReply } from './replies.ts';
import type { Envelope } from './results.ts';

export interface SendOptions {
  readonly helo: string | undefined;
  readonly socketTimeoutMs: number;
  readonly logger: SMTPConnectionOptions['logger'];
  readonly dsn: SMTPEnvelope['dsn'];
  readonly signal: AbortSignal | undefined;
}

/** By recipient; null: taken, `response` is the reply. */
export interface Sent {
  readonly response: string;
  readonly failures: ReadonlyMap<string, Failure>;
}

/** `session` is used up, whatever comes of it. Rejects only with the reason of `signal`. */
export async function sendOver(
  session: MxConnected,
  envelope: Envelope,
  message: Message,
  options: SendOptions,
): Promise<Sent> {
  const secured = session.authenticated !== 'cleartext';
  session.socket.unshift(`220 ${session.host} ESMTP\r\n`);
  const connection = new SMTPConnection({
    connection: session.socket,
    host: session.host,
    port: session.port,
    secure: secured,
    secured,
    ignoreTLS: true,
    name: options.helo ?? literalOf(session.socket.localAddress),
    socketTimeout: options.socketTimeoutMs,
    greetingTimeout: options.socketTimeoutMs,
    logger: options.logger,
    component: 'mailanchor',
  });
  let begun = false;
  const body = new Readable({
    read() {
      begun = true;
      this.push(message.octets);
      this.push(null);
    },
  });
  const abort = (): void => connection.close();
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    const outcome = await new Promise<{ readonly response: string; readonly refused: unknown }>(
      (resolve, reject) => {
        // For good: an error that nobody listens to would end the process.
        connection.on('error', reject);
        connection.once('end', () => reject(new Error('the server closed the connection')));
        connection.connect((failed) => {
          if (failed) return reject(failed);
          connection.send(wireEnvelope(session, envelope, message, options), body, (error, info) => {
            if (error) reject(error);
            else resolve({ response: info?.response ?? '', refused: info?.rejectedErrors });
          });
        });
      },
    );
    connection.quit();
    return { response: outcome.response, failures: failuresOf(outcome.refused) };
  } catch (error) {
    options.signal?.throwIfAborted();
    connection.close();
    return { response: '', failures: ofReply(error, envelope.to, begun) };
  } finally {
    options.signal?.removeEventListener('abort', abort);
    body.destroy();
  }
}

function wireEnvelope(
  { capabilities, requireTls }: MxConnected,
  { from, to }: Envelope,
  { octets, eightBit }: Message,
  { dsn }: SendOptions,
): SMTPEnvelope {
  return {
    from,
    to: [...to],
    size: octets.length,
    use8BitMime: eightBit,
    ...(requireTls && { requireTLSExtensionEnabled: true }),
    ...(dsn && capabilities.has('DSN') && { dsn }),
  };
}

/** The connection's own address (RFC 5321 4.1.4), as before TLS. */
function literalOf(address = '127.0.0.1'): string {
  return isIPv6(address) ? `[IPv6:${address.replace(/%.*$/, '')}]` : `[${address}]`;
}
