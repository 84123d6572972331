/** The sender with all that it needs, as the settings ask for it. */
import { discoverTlsRpt, reportPoster } from '@mailanchor/smtp';
import { clockFrom } from '../clock.ts';
import { openResolver } from '../lookup.ts';
import type { Log } from '../resolver-service/log.ts';
import type { Database } from '../store/database.ts';
import { deliver } from './deliver.ts';
import { mailTransport } from './mail-transport.ts';
import { ReportSender, type SenderCounts } from './sender.ts';
import type { SendSettings } from './settings.ts';

export interface OpenSender {
  readonly sender: ReportSender;
  readonly clock: () => number;
  close(): Promise<void>;
}

export async function openSender(
  settings: SendSettings,
  database: Database,
  log: Log,
  counts?: SenderCounts,
): Promise<OpenSender> {
  const clock = clockFrom(settings.lookup.at);
  const resolver = await openResolver(settings.lookup, { clock });
  const { timeoutMs } = settings.lookup;
  const { from, submitter, route, dkim, https } = settings;
  const post = reportPoster({
    resolver,
    privateAddresses: https.privateAddresses,
    ...(https.ca === undefined ? {} : { ca: [https.ca] }),
  });
  const mail = route && mailTransport(route, dkim);
  const { organizationName } = submitter;
  const sender = new ReportSender({
    database,
    submitter,
    discover: (domain, signal) => discoverTlsRpt(domain, { resolver, timeoutMs, signal }),
    deliver: (due, signal) => deliver(due, { from, organizationName, mail, post, signal }),
    rua: settings.rua,
    exclude: settings.exclude,
    minimumSessions: settings.minimumSessions,
    log,
    clock,
    ...(counts && { counts }),
  });
  return { sender, clock, close: async () => resolver.close() };
}
