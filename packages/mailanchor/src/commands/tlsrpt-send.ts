/** `mailanchor tlsrpt send` */
import type { Context, Voice } from '../context.ts';
import { UsageError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { type Common, readCommon } from '../options/common.ts';
import { createLog, type Log } from '../resolver-service/log.ts';
import { DatabaseError } from '../store/database-error.ts';
import { printable } from '../terminal/printable.ts';
import { dayFrom, dayOf, dayText } from '../tlsrpt/day.ts';
import { openSender } from '../tlsrpt/open-sender.ts';
import { RunningSender } from '../tlsrpt/run.ts';
import type { Planned, Round } from '../tlsrpt/sender.ts';
import { databasePath, readSendSettings, type SendSettings } from '../tlsrpt/settings.ts';
import { openTlsRptStore, type TlsRptStore } from '../tlsrpt/store.ts';

/** Milliseconds to stop in: deliveries under way are ended. */
const GRACE = 15_000;

type Options = Record<string, unknown>;

export async function runTlsrptSend(options: Options, context: Context): Promise<number> {
  const read = () => readCommon(context, options, 'tlsrpt');
  const common = await read();
  const { sources, voice, config } = common;
  const settings = await readSendSettings(sources, config);
  const log = createLog(context, voice.json, voice.verbosity, Date.now, 'tlsrpt');
  const store = openStore(databasePath(sources));
  try {
    const once = ['once', 'day', 'domain', 'dryRun'].some((key) => options[key] !== undefined);
    if (once) return await sendOnce(options, settings, { ...common, store, log, context });
    if (context.process) context.process.graceMs = GRACE;
    const running = await RunningSender.start(settings, store, log);
    if (context.process) {
      context.process.reload = () =>
        running.reload(async () => {
          const again = await read();
          return readSendSettings(again.sources, again.config);
        });
    }
    await running.run(context.signal);
    return ExitCode.ok;
  } finally {
    store.close();
  }
}

/** A file that cannot be used is told before anything starts. */
function openStore(path: string): TlsRptStore {
  try {
    return openTlsRptStore(path);
  } catch (error) {
    if (error instanceof DatabaseError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

async function sendOnce(
  options: Options,
  settings: SendSettings,
  { store, log, context, voice }: Common & { store: TlsRptStore; log: Log; context: Context },
): Promise<number> {
  const { sender, clock, close } = await openSender(settings, store.database, log);
  try {
    const day = typeof options['day'] === 'string' ? dayFrom(options['day'], clock()) : undefined;
    if (day !== undefined && day >= dayOf(clock())) {
      throw new UsageError(`${dayText(day)} is not over yet: a report is of a whole day`);
    }
    const domain = typeof options['domain'] === 'string' ? options['domain'].toLowerCase() : undefined;
    // Whoever asks for it now has it now; a timer spreads by its own means.
    const round: Round = { windowMs: 0, settleMs: 0, day, domain, signal: context.signal };
    if (options['dryRun']) {
      for await (const planned of sender.plan(round)) tellPlanned(voice, planned);
      return ExitCode.ok;
    }
    await sender.round(round);
    store.prune(settings.retention);
    const { composed, unwanted, sentByMail, sentByHttps, retried, failed } = sender.counts;
    const counts = { composed, unwanted, sent: sentByMail + sentByHttps, retried, failed };
    if (voice.json) voice.printJson(counts);
    else {
      const words = `${composed} composed, ${unwanted} not wanted; ${counts.sent} sent, ${retried} to be tried again, ${failed} failed`;
      voice.print([`reports: ${words}`]);
    }
    if (context.signal.aborted) return ExitCode.interrupted;
    return failed > 0 ? ExitCode.failed : ExitCode.ok;
  } finally {
    await close();
  }
}

function tellPlanned(voice: Voice, { day, domain, decision, report }: Planned): void {
  if (voice.json) {
    voice.printJson({ day: dayText(day), domain, ...decision, report });
    return;
  }
  const where = decision.kind === 'report' ? `to ${decision.rua.join(', ')}` : `no report: ${decision.text}`;
  const sum = (key: 'total-successful-session-count' | 'total-failure-session-count') =>
    report.policies.reduce((total, { summary }) => total + summary[key], 0);
  const sessions = `${sum('total-successful-session-count')} good, ${sum('total-failure-session-count')} failed`;
  voice.print([printable(`${dayText(day)}  ${domain}  ${sessions}  ${where}`)]);
}
