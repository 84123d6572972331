/** One domain of a message: a session, the message over it, and the next host for those that were deferred. */
import { connectMx, type MxConnected, SmtpError } from '@mailanchor/smtp';
import type { SMTPEnvelope } from 'nodemailer/lib/smtp-connection';
import type { Message } from './message.ts';
import { type DaneTransportOptions, DEFAULTS } from './options.ts';
import type { Failure } from './replies.ts';
import { statusOf } from './replies.ts';
import type { Envelope, RecipientResult } from './results.ts';
import { sendOver } from './send-over.ts';

export interface DomainDelivery {
  readonly domain: string;
  /** Recipients of this domain alone. */
  readonly envelope: Envelope;
  readonly message: Message;
  readonly requireTls: boolean;
  readonly dsn: SMTPEnvelope['dsn'];
  readonly signal: AbortSignal | undefined;
}

/** Rejects with the reason of `signal`, and with `SmtpError` 'bad-option'. */
export async function deliverDomain(
  delivery: DomainDelivery,
  options: DaneTransportOptions,
): Promise<RecipientResult[]> {
  const { signal, requireTls, message } = delivery;
  const results = new Map<string, RecipientResult>();
  const exclude: string[] = [];
  let open: readonly string[] = delivery.envelope.to;
  for (let left = options.hostsPerDomain ?? DEFAULTS.hostsPerDomain; open.length > 0 && left > 0; left--) {
    const session = await openSession(delivery.domain, {
      ...options,
      exclude,
      requireTls,
      tlsRequiredNo: message.tlsRequiredNo && !requireTls,
      ...(signal && { signal }),
    });
    if (session.kind !== 'connected') {
      // What a server said before tells more than that there is no further one.
      for (const recipient of open) {
        if (!results.has(recipient)) results.set(recipient, withoutSession(recipient, session));
      }
      break;
    }
    exclude.push(session.host);
    for (const result of await overSession(session, open, delivery, options)) {
      results.set(result.recipient, result);
    }
    // A message that may have been taken is not offered to another host at once: it would arrive twice.
    open = open.filter((recipient) => {
      const result = results.get(recipient);
      return result?.kind === 'deferred' && !result.afterData;
    });
  }
  return delivery.envelope.to.flatMap((recipient) => results.get(recipient) ?? []);
}

type NoSession = Failure;

async function openSession(
  domain: string,
  options: Parameters<typeof connectMx>[1],
): Promise<MxConnected | NoSession> {
  try {
    const session = await connectMx(domain, options);
    if (session.kind === 'connected') return session;
    const { reason, text, status } = session;
    return { kind: session.kind === 'failed' ? 'rejected' : 'deferred', reason, text, status };
  } catch (error) {
    if (!(error instanceof SmtpError) || error.code !== 'bad-target') throw error;
    return { kind: 'rejected', reason: 'bad-recipient', text: error.message, status: '5.1.3' };
  }
}

async function overSession(
  session: MxConnected,
  recipients: readonly string[],
  { envelope, message, dsn, signal }: DomainDelivery,
  options: DaneTransportOptions,
): Promise<RecipientResult[]> {
  const wanted: Envelope = { from: envelope.from, to: recipients };
  const lacking = lackingOf(session, wanted, message);
  const able = recipients.filter((recipient) => !lacking.has(recipient));
  const sight = { host: session.host, authenticated: session.authenticated, secure: session.secure };
  if (able.length === 0) session.socket.end('QUIT\r\n').resume();
  const { socketTimeoutMs = DEFAULTS.socketTimeoutMs, helo, logger } = options;
  const sent =
    able.length > 0
      ? await sendOver(session, { from: envelope.from, to: able }, message, {
          helo,
          logger,
          socketTimeoutMs,
          dsn,
          signal,
        })
      : { response: '', failures: new Map<string, Failure>() };
  const notifies = dsn !== undefined && session.capabilities.has('DSN');
  return recipients.map((recipient): RecipientResult => {
    const failure = lacking.get(recipient) ?? sent.failures.get(recipient);
    if (failure) return { recipient, ...failure, ...sight, dsn: false };
    const { response: text } = sent;
    return {
      recipient,
      kind: 'accepted',
      reason: 'reply',
      text,
      status: statusOf(text),
      ...sight,
      dsn: notifies,
    };
  });
}

const NON_ASCII = /[^\p{ASCII}]/u;

/** Whom the server cannot take the message for, since it lacks what the message needs. */
function lackingOf(
  { capabilities }: MxConnected,
  { from, to }: Envelope,
  message: Message,
): Map<string, Failure> {
  const failure = (reason: 'smtputf8' | '8bitmime', status: string, text: string): Failure => ({
    kind: 'rejected',
    reason,
    status,
    text,
  });
  const lacking = new Map<string, Failure>();
  for (const recipient of to) {
    const utf8 = message.utf8Header || NON_ASCII.test(from) || NON_ASCII.test(recipient);
    if (utf8 && !capabilities.has('SMTPUTF8')) {
      const text = 'the server does not take addresses and header fields beyond ASCII (SMTPUTF8)';
      lacking.set(recipient, failure('smtputf8', '5.6.7', text));
    } else if (message.eightBit && !capabilities.has('8BITMIME')) {
      lacking.set(
        recipient,
        failure('8bitmime', '5.6.3', 'the server does not take 8-bit messages (8BITMIME)'),
      );
    }
  }
  return lacking;
}

function withoutSession(recipient: string, failure: NoSession): RecipientResult {
  return { recipient, ...failure, host: null, authenticated: null, secure: false, dsn: false };
}
