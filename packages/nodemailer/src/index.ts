/**
 * `@mailanchor/nodemailer`: a transport that hands each message to the mail hosts of its recipients' domains, as a mail server does, over
 * sessions that DANE (rfc7672), MTA-STS (rfc8461) or REQUIRETLS (rfc8689) ask for. Nothing goes out over a session that does not meet
 * what the domain demands.
 *
 *   message ─▶ recipients by domain ─▶ a session each (`connectMx`) ─▶ nodemailer's own SMTP client ─▶ a result for each recipient
 *
 * It keeps no queue: what is deferred is told, for the caller to send again later to those recipients.
 */
export { DaneSendError, type DaneSendErrorCode } from './errors.ts';
export type { DaneTransportOptions } from './options.ts';
export type { DaneSentInfo, RecipientReason, RecipientResult } from './results.ts';
export { type DaneTransport, daneTransport } from './transport.ts';
