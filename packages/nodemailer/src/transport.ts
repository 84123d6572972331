/** The transport as nodemailer knows it. */
import type { Transport } from 'nodemailer';
import { deliverDomain } from './deliver-domain.ts';
import { DaneSendError, nobodyHasIt } from './errors.ts';
import { readMessage } from './message.ts';
import { type DaneTransportOptions, DEFAULTS } from './options.ts';
import { byDomain } from './recipients.ts';
import { type DaneSentInfo, type Envelope, type RecipientResult, sentInfo } from './results.ts';

export interface DaneTransport extends Transport<DaneSentInfo> {
  readonly supportsAbortSignal: true;
}

type MailMessage = Parameters<Transport<DaneSentInfo>['send']>[0];

/**
 * For `nodemailer.createTransport`. `sendMail` resolves where at least one recipient has the message; `results` says what became of each. It
 * rejects with `DaneSendError` where nobody has it, `code` 'EDEFERRED' (try again) or 'EREJECTED', and with the reason of the message's
 * `signal`.
 */
export function daneTransport(options: DaneTransportOptions = {}): DaneTransport {
  return {
    name: 'mailanchor',
    version: '0.1.0',
    supportsAbortSignal: true,
    send(mail, callback) {
      send(mail, options).then(
        (info) => callback(null, info),
        (error: Error) => (callback as (error: Error) => void)(error),
      );
    },
  };
}

async function send(mail: MailMessage, options: DaneTransportOptions): Promise<DaneSentInfo> {
  const { signal, dsn, requireTLSExtensionEnabled: requireTls = false } = mail.data;
  signal?.throwIfAborted();
  const envelope = envelopeOf(mail);
  const messageId = String(mail.message.messageId());
  const message = await readMessage(mail.message.createReadStream(), options.maxOctets ?? DEFAULTS.maxOctets);
  const { domains, without } = byDomain(envelope.to);
  const found = new Map<string, RecipientResult>(without.map((result) => [result.recipient, result]));
  const waiting = [...domains];
  const serve = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [domain, to] = next;
      const delivery = { domain, envelope: { from: envelope.from, to }, message, requireTls, dsn, signal };
      for (const result of await deliverDomain(delivery, options)) found.set(result.recipient, result);
    }
  };
  const atATime = options.domainsAtATime ?? DEFAULTS.domainsAtATime;
  await Promise.all(Array.from({ length: Math.max(1, Math.min(atATime, domains.size)) }, serve));
  const results = envelope.to.flatMap((recipient) => found.get(recipient) ?? []);
  const info = sentInfo(envelope, messageId, results);
  if (info.accepted.length === 0) throw nobodyHasIt(info);
  return info;
}

/** Without doubles; the null sender is ''. */
function envelopeOf(mail: MailMessage): Envelope {
  const { from, to } = mail.message.getEnvelope();
  const recipients = [...new Set([to ?? []].flat().map(String))];
  if (recipients.length === 0) throw new DaneSendError('EENVELOPE', 'no recipients defined');
  return { from: from ? String(from) : '', to: recipients };
}
