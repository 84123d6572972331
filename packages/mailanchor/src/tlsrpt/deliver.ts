/** One report to one address of its domain's record, by mail or by HTTPS. */
import { composeReportMail, domainOf, mailtoAddress, type PostReport } from '@mailanchor/smtp';
import { rangeOf } from './compose.ts';
import { dayText } from './day.ts';
import type { MailTransport } from './mail-transport.ts';
import type { DueDelivery } from './outbox.ts';

export type Delivered =
  | { readonly kind: 'sent'; readonly text: string }
  | {
      readonly kind: 'failed';
      readonly text: string;
      readonly again: boolean;
      readonly retryAfterMs?: number;
    };

export interface DeliverOptions {
  readonly from: string;
  readonly organizationName: string;
  /** Undefined: no way to send mail is configured. */
  readonly mail: MailTransport | undefined;
  readonly post: PostReport;
  readonly signal?: AbortSignal | undefined;
}

/** Rejects only when the signal aborts: then it is not known whether the report was received. */
export async function deliver(due: DueDelivery, options: DeliverOptions): Promise<Delivered> {
  if (/^https:/i.test(due.rua)) {
    const outcome = await options.post({ url: due.rua, report: due.report, signal: options.signal });
    return outcome.kind === 'accepted' ? { kind: 'sent', text: outcome.text } : outcome;
  }
  const to = mailtoAddress(due.rua);
  if (to === undefined) return { kind: 'failed', text: 'it is no address that we can send to', again: false };
  if (!options.mail) {
    return { kind: 'failed', text: 'no smarthost and no sendmail is configured', again: true };
  }
  const { from, organizationName } = options;
  const { message } = composeReportMail({
    from,
    to,
    date: due.composedAt,
    domain: due.domain,
    reportId: due.reportId,
    ...rangeOf(due.day),
    text: [
      `This is an aggregate TLS report from ${domainOf(from)} (${organizationName}),`,
      `about mail to ${due.domain} on ${dayText(due.day)} (UTC): how many sessions were protected`,
      'by TLS as your policy asks, how many failed, and why. RFC 8460 describes its format.',
      '',
      `It goes to ${to}`,
      `since the TXT record at _smtp._tls.${due.domain} says so.`,
    ],
    report: due.report,
  });
  return options.mail.send({ from, to, message, signal: options.signal });
}
