/** What became of a message, recipient by recipient. */
import type { MxAuthentication, MxFailed, MxReason } from '@mailanchor/smtp';

export type RecipientReason =
  /** The server has taken it, or turned it down: `text` is its reply. */
  | 'reply'
  /** No session, as `connectMx` has it. */
  | MxReason
  | MxFailed['reason']
  /** The session broke off. With `afterData` of the result nobody knows whether the message was taken. */
  | 'lost'
  /** The address, or a header, needs SMTPUTF8 (RFC 6531), which the server does not have. */
  | 'smtputf8'
  /** The message has octets beyond ASCII, and the server does not have 8BITMIME (RFC 6152). */
  | '8bitmime'
  /** Larger than the server takes. */
  | 'size'
  /** No address with a domain. */
  | 'bad-recipient';

export interface RecipientResult {
  readonly recipient: string;
  /** 'deferred': not delivered, and worth another try later. 'rejected': not delivered, and never will be. */
  readonly kind: 'accepted' | 'rejected' | 'deferred';
  readonly reason: RecipientReason;
  /** The server's reply, or one sentence of ours. */
  readonly text: string;
  /** Enhanced status code (RFC 3463); null where a server gives none. */
  readonly status: string | null;
  /** The mail host; null where there was no session. */
  readonly host: string | null;
  /** What vouched for the session; null where there was none. */
  readonly authenticated: MxAuthentication | null;
  /** Whether host and session are what the recipient's domain says, by DNSSEC or an enforced MTA-STS policy. */
  readonly secure: boolean;
  /** Whether the server sends the delivery status notifications that were asked for (RFC 3461); false also where none were. */
  readonly dsn: boolean;
  /** The session broke off behind the message. */
  readonly afterData?: boolean;
}

/** As nodemailer has it, with what is deferred and why. */
export interface DaneSentInfo {
  readonly envelope: { readonly from: string; readonly to: string[] };
  readonly messageId: string;
  readonly accepted: string[];
  readonly rejected: string[];
  readonly deferred: string[];
  /** The reply of the first server that took the message; '' where none did. */
  readonly response: string;
  /** One for each recipient, in the order of the envelope. */
  readonly results: readonly RecipientResult[];
}

/** The fields of nodemailer's envelope, in the shapes that it may have. */
export interface Envelope {
  readonly from: string;
  readonly to: readonly string[];
}

export function sentInfo(
  envelope: Envelope,
  messageId: string,
  results: readonly RecipientResult[],
): DaneSentInfo {
  const of = (kind: RecipientResult['kind']): string[] =>
    results.filter((result) => result.kind === kind).map(({ recipient }) => recipient);
  return {
    envelope: { from: envelope.from, to: [...envelope.to] },
    messageId,
    accepted: of('accepted'),
    rejected: of('rejected'),
    deferred: of('deferred'),
    response: results.find(({ kind }) => kind === 'accepted')?.text ?? '',
    results,
  };
}
