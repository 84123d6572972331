/** What a message itself asks for (rfc8689): noted when it comes in, kept by Haraka until it goes out. */
import type { Connection, MessageNotes, Next, Transaction } from './haraka.ts';

/** The header field `TLS-Required: No` (rfc8689#section-5). */
export function noteHeader(next: Next, connection: Connection): void {
  const { transaction } = connection;
  if (transaction && /^no$/i.test(transaction.header.get('TLS-Required').trim())) {
    note(transaction, { tlsRequiredNo: true });
  }
  next();
}

/** The parameter REQUIRETLS of MAIL FROM, which is taken over TLS alone (rfc8689#section-4.1). */
export function noteMail(next: Next, connection: Connection, [, parameters]: [unknown, unknown]): void {
  const { transaction, tls } = connection;
  const given = Object.keys((parameters ?? {}) as object).some((name) => /^requiretls$/i.test(name));
  if (transaction && given && tls?.enabled) note(transaction, { requireTls: true });
  next();
}

/** Offers REQUIRETLS where the client has TLS. */
export function offerRequireTls(next: Next, connection: Connection): void {
  if (connection.tls?.enabled) connection.capabilities?.push('REQUIRETLS');
  next();
}

function note({ notes }: Transaction, more: MessageNotes): void {
  notes.mailanchor = { ...notes.mailanchor, ...more };
}
