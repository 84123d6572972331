/**
 * Mail out of the program: to a smarthost, or through a sendmail program, signed by DKIM where there is a key (rfc8460#section-3 demands a
 * signature, by us or by the smarthost). The smarthost takes the message on; what it does with it later is in its log.
 */
import { SIGNED_FIELDS } from '@mailanchor/smtp';
import { createTransport } from 'nodemailer';
import DKIM from 'nodemailer/lib/dkim';
import { messageOf } from '../errors.ts';
import { printable } from '../terminal/printable.ts';
import type { Delivered } from './deliver.ts';

export interface OutgoingMail {
  readonly from: string;
  readonly to: string | readonly string[];
  readonly message: Buffer;
  readonly signal?: AbortSignal | undefined;
}

export interface MailTransport {
  /** Where it sends to, for people. */
  readonly name: string;
  /** Rejects only when the signal aborts. */
  send(mail: OutgoingMail): Promise<Delivered>;
}

export interface DkimSettings {
  readonly domain: string;
  readonly selector: string;
  /** RSA private key, PEM. */
  readonly key: string;
}

/**
 * - `may`: STARTTLS where it is offered, any certificate: for a smarthost on this machine
 * - `require`: STARTTLS with a certificate of the host's name
 * - `implicit`: TLS from the first octet, likewise
 * - `none`
 */
export type SmarthostTls = 'may' | 'require' | 'implicit' | 'none';

export type MailRoute =
  | {
      readonly kind: 'smarthost';
      readonly host: string;
      readonly port: number;
      readonly tls: SmarthostTls;
      readonly auth?: { readonly user: string; readonly pass: string } | undefined;
      /** PEM; default the public CAs of this Node.js. */
      readonly ca?: string | undefined;
      /** Name for EHLO. */
      readonly helo: string;
    }
  | { readonly kind: 'sendmail'; readonly path: string };

const CONNECT_MS = 30_000;
const REPLY_MS = 60_000;

/** What any signature covers (RFC 6376 section 5.4.1), as far as our messages have it, and what rfc8460#section-5.3 adds. */
const SIGNED = [
  'from',
  'to',
  'date',
  'message-id',
  'subject',
  'mime-version',
  'content-type',
  ...SIGNED_FIELDS,
];

export function mailTransport(route: MailRoute, dkim: DkimSettings | undefined): MailTransport {
  const signer =
    dkim &&
    new DKIM({
      domainName: dkim.domain,
      keySelector: dkim.selector,
      privateKey: dkim.key,
      headerFieldNames: SIGNED.join(':'),
    });
  const name = route.kind === 'sendmail' ? route.path : `${route.host}:${route.port}`;
  return {
    name,
    async send({ from, to, message, signal }) {
      signal?.throwIfAborted();
      const raw = signer ? await signed(signer, message) : message;
      const transport = openTransport(route);
      let stop: (() => void) | undefined;
      const stopped = new Promise<never>((_, reject) => {
        stop = () => reject(signal?.reason);
        signal?.addEventListener('abort', stop, { once: true });
      });
      try {
        const info = await Promise.race([
          transport.sendMail({ envelope: { from, to: typeof to === 'string' ? [to] : [...to] }, raw }),
          stopped,
        ]);
        const reply = 'response' in info ? String(info.response) : 'handed over';
        return { kind: 'sent', text: `${name}: ${printable(reply).slice(0, 200)}` };
      } catch (error) {
        signal?.throwIfAborted();
        return failure(name, error);
      } finally {
        if (stop) signal?.removeEventListener('abort', stop);
        transport.close();
      }
    },
  };
}

function openTransport(route: MailRoute) {
  if (route.kind === 'sendmail')
    return createTransport({ sendmail: true, path: route.path, newline: 'unix' });
  const verified = route.tls === 'require' || route.tls === 'implicit';
  return createTransport({
    host: route.host,
    port: route.port,
    secure: route.tls === 'implicit',
    requireTLS: route.tls === 'require',
    ignoreTLS: route.tls === 'none',
    name: route.helo,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: REPLY_MS,
    tls: { rejectUnauthorized: verified, minVersion: 'TLSv1.2', ...(route.ca && { ca: route.ca }) },
    ...(route.auth && { auth: route.auth }),
  });
}

async function signed(signer: DKIM, message: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of signer.sign(message)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** 5xx to the envelope or the message is a word for ever; all else, a refused login too, may pass. */
function failure(name: string, error: unknown): Delivered {
  const { responseCode = 0, code } = error as { responseCode?: number; code?: string };
  const final = responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE');
  return { kind: 'failed', text: `${name}: ${printable(messageOf(error)).slice(0, 200)}`, again: !final };
}
