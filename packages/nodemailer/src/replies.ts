/** Replies of a server, and errors of nodemailer's client, as what became of each recipient. */
import type { RecipientReason } from './results.ts';

export interface Failure {
  readonly kind: 'rejected' | 'deferred';
  readonly reason: RecipientReason;
  readonly text: string;
  readonly status: string | null;
  readonly afterData?: boolean;
}

interface ClientError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly response?: unknown;
  readonly responseCode?: unknown;
  readonly recipient?: unknown;
  readonly rejectedErrors?: unknown;
}

/** Of recipients that were turned down while others were taken. */
export function failuresOf(errors: unknown): Map<string, Failure> {
  const failures = new Map<string, Failure>();
  for (const error of asErrors(errors)) {
    if (typeof error.recipient === 'string') failures.set(error.recipient, failureOf(error, false));
  }
  return failures;
}

/** Of a message that nobody took. `begun`: the server has had the message, in whole or in part. */
export function ofReply(error: unknown, recipients: readonly string[], begun: boolean): Map<string, Failure> {
  const [whole] = asErrors([error]);
  const single = failuresOf(whole?.rejectedErrors);
  const rest = failureOf(whole ?? {}, begun);
  return new Map(recipients.map((recipient) => [recipient, single.get(recipient) ?? rest]));
}

/** The enhanced status code of a reply, null where it has none. */
export function statusOf(reply: string): string | null {
  return /^[245][0-9]{2}[ -]([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)/.exec(reply)?.[1] ?? null;
}

function failureOf({ code, message, response, responseCode }: ClientError, begun: boolean): Failure {
  if (typeof response === 'string' && typeof responseCode === 'number') {
    const text = printable(response);
    const kind = responseCode >= 500 ? 'rejected' : 'deferred';
    return { kind, reason: 'reply', text, status: statusOf(text) };
  }
  // What the client itself finds before it says a word: the size that the server takes.
  if (code === 'EMESSAGE' && !begun) {
    return { kind: 'rejected', reason: 'size', text: printable(String(message)), status: '5.3.4' };
  }
  const text = `the session broke off: ${printable(String(message ?? 'no reason given'))}`;
  return { kind: 'deferred', reason: 'lost', text, status: '4.4.2', ...(begun && { afterData: true }) };
}

function asErrors(errors: unknown): ClientError[] {
  return Array.isArray(errors)
    ? errors.filter((error): error is ClientError => typeof error === 'object' && error !== null)
    : [];
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ').trim();
}
