/** Alerts by mail: to an SMTP server, or by a sendmail program. */
import { createHash } from 'node:crypto';
import { createTransport, type Transporter } from 'nodemailer';
import MailComposer from 'nodemailer/lib/mail-composer';
import { messageOf } from '../errors.ts';
import { readTextFile } from '../file.ts';
import { subjectOf, textOf } from './alert-text.ts';
import type { Channel, Delivered, Envelope } from './channel.ts';
import type { MailChannelSettings } from './channel-settings.ts';
import { runCommand } from './run-command.ts';

/** Throws `UsageError` for files that cannot be read. */
export async function openMail(settings: MailChannelSettings, host: string): Promise<Channel> {
  const from = settings.from ?? `mailanchor@${host}`;
  const { name, least } = settings;
  const send =
    settings.sendmail === undefined ? await bySmtp(settings, host, from) : bySendmail(settings, from);
  return {
    name,
    kind: 'mail',
    least,
    async deliver(envelope, signal) {
      try {
        return await send(await compose(envelope, from, settings.to, host), signal);
      } catch (error) {
        return failure(error);
      }
    },
  };
}

type Send = (message: Buffer, signal: AbortSignal) => Promise<Delivered>;

async function bySmtp(settings: MailChannelSettings, name: string, from: string): Promise<Send> {
  const { host, port, tls, ca, user, passwordFile, timeoutMs, to } = settings;
  const pem = ca && (await readTextFile(ca.path, ca.from));
  const password = passwordFile && (await readTextFile(passwordFile.path, passwordFile.from)).trimEnd();
  return async (raw, signal) => {
    const transport: Transporter = createTransport({
      host,
      port,
      name,
      secure: tls === 'implicit',
      ignoreTLS: tls === 'none',
      requireTLS: tls === 'starttls',
      // Whoever wants the server to be verified says so.
      tls: { rejectUnauthorized: tls !== 'may', ...(pem && { ca: [pem] }) },
      ...(user !== undefined && password !== undefined && { auth: { user, pass: password } }),
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    try {
      await within(transport.sendMail({ envelope: { from, to: [...to] }, raw }), timeoutMs, signal);
      return { kind: 'delivered' };
    } finally {
      transport.close();
    }
  };
}

function bySendmail({ sendmail = '', timeoutMs, to }: MailChannelSettings, from: string): Send {
  return async (message, signal) => {
    const result = await runCommand([sendmail, '-oi', '-f', from, '--', ...to], message, timeoutMs, signal);
    return result.kind === 'ended' && result.status === 0
      ? { kind: 'delivered' }
      : { kind: 'failed', text: `${sendmail}: ${result.text}` };
  };
}

function within<T>(work: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (text: string) => () => reject(new Error(text));
    const timer = setTimeout(stop(`no end within ${ms / 1000} s`), ms);
    const aborted = stop('stopped');
    signal.addEventListener('abort', aborted, { once: true });
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
    });
  });
}

/** The whole mail. Its Message-ID is that of the delivery: one that is delivered twice can be told. */
export function compose(
  envelope: Envelope,
  from: string,
  to: readonly string[],
  host: string,
): Promise<Buffer> {
  const { id, alerts, madeAt } = envelope;
  const episodes = [...new Set(alerts.map(({ episode }) => episode))].slice(0, 20);
  const composer = new MailComposer({
    from: { name: 'mailanchor watch', address: from },
    to: [...to],
    subject: subjectOf(alerts),
    text: textOf(envelope),
    date: new Date(madeAt),
    messageId: `<${id}@${host}>`,
    // What is told of one problem stands together in a mailbox, from its beginning to its end.
    references: episodes.map((episode) => `<${digest(episode)}@${host}>`),
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Mailanchor-Alerts': alerts.map((alert) => alert.id).join(' '),
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** A mail that the server refuses for good would be refused again; all else may get better. */
function failure(error: unknown): Delivered {
  const { responseCode, command } = error as { responseCode?: unknown; command?: unknown };
  const text = messageOf(error);
  const refused = typeof responseCode === 'number' && responseCode >= 500 && command === 'DATA';
  return { kind: refused ? 'refused' : 'failed', text };
}
