/** Alerts by mail: to an SMTP server, or by a sendmail program. */
import { createHash } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import { messageOf } from '../errors.ts';
import { readTextFile } from '../file.ts';
import { type MailRoute, mailTransport } from '../tlsrpt/mail-transport.ts';
import { subjectOf, textOf } from './alert-text.ts';
import type { Channel, Envelope } from './channel.ts';
import type { MailChannelSettings } from './channel-settings.ts';

/** Throws `UsageError` for files that cannot be read. */
export async function openMail(settings: MailChannelSettings, host: string): Promise<Channel> {
  const { name, least, to, timeoutMs } = settings;
  const from = settings.from ?? `mailanchor@${host}`;
  const transport = mailTransport(await routeOf(settings, host), undefined);
  return {
    name,
    kind: 'mail',
    least,
    async deliver(envelope, signal) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        const message = await compose(envelope, from, to, host);
        const sent = await transport.send({ from, to, message, signal: limit });
        if (sent.kind === 'sent') return { kind: 'delivered' };
        return { kind: sent.again ? 'failed' : 'refused', text: sent.text };
      } catch (error) {
        const late = limit.aborted && !signal.aborted;
        const text = late ? `no end within ${timeoutMs / 1000} s` : messageOf(error);
        return { kind: 'failed', text: `${transport.name}: ${text}` };
      }
    },
  };
}

async function routeOf(settings: MailChannelSettings, helo: string): Promise<MailRoute> {
  const { host, port, tls, ca, user, passwordFile, sendmail } = settings;
  if (sendmail !== undefined) return { kind: 'sendmail', path: sendmail };
  const pem = ca && (await readTextFile(ca.path, ca.from));
  const password = passwordFile && (await readTextFile(passwordFile.path, passwordFile.from)).trimEnd();
  const auth = user !== undefined && password !== undefined ? { user, pass: password } : undefined;
  return { kind: 'smarthost', host, port, tls, auth, ca: pem, helo };
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
