/** `mailanchor watch` and the commands below it. */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { loadConfig } from '../config/load.ts';
import type { Context, Voice } from '../context.ts';
import { UsageError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { keepHeapSmall } from '../heap.ts';
import { readVoice } from '../options/common.ts';
import { parseInteger } from '../options/given.ts';
import { namedFile, optional } from '../options/lookup.ts';
import { createLog } from '../resolver-service/log.ts';
import type { Database } from '../store/database.ts';
import { openDatabase } from '../store/database.ts';
import { DatabaseError } from '../store/database-error.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';
import { untilStopped } from '../until-stopped.ts';
import type { Alert } from '../watch/alert.ts';
import { openChannels } from '../watch/channels.ts';
import { WATCH_DATABASE } from '../watch/database.ts';
import { readChannels, readStatus, readTargetHistory } from '../watch/read-history.ts';
import { renderHistory, renderWatchStatus } from '../watch/render-history.ts';
import { RunningWatch } from '../watch/run.ts';
import { databaseFile, readWatchSettings, type WatchSettings } from '../watch/settings.ts';

type Options = Record<string, unknown>;

/** Milliseconds to stop in: what is being delivered is ended. */
const GRACE = 10_000;
const DEFAULT_LIMIT = 50;

async function read(options: Options, context: Context): Promise<{ settings: WatchSettings; voice: Voice }> {
  const { sources, voice } = readVoice(context, options);
  const config = await loadConfig(sources);
  if (config) voice.detail(`configuration: ${config.file}`);
  return { settings: readWatchSettings(sources, config, context.environment), voice };
}

export async function runWatch(options: Options, context: Context): Promise<number> {
  const { settings, voice } = await read(options, context);
  keepHeapSmall();
  // A line for each check is for those who want to know.
  const log = createLog(context, voice.json, voice.verbosity, Date.now, 'watch');
  const quieter =
    voice.verbosity === 'verbose' || voice.json ? log : { ...log, event: withoutChecks(log.event) };
  if (context.process) context.process.graceMs = GRACE;
  const running = await RunningWatch.start(settings, quieter);
  if (context.process) {
    context.process.reload = () => running.reload(async () => (await read(options, context)).settings);
  }
  await untilStopped(context.signal);
  await running.stop();
  return ExitCode.ok;
}

type Event = ReturnType<typeof createLog>['event'];

function withoutChecks(event: Event): Event {
  return (name, text, fields) => {
    if (name !== 'checked') event(name, text, fields);
  };
}

export async function runWatchStatus(options: Options, context: Context): Promise<number> {
  return withHistory(options, context, (database, voice) => {
    const targets = readStatus(database);
    const channels = readChannels(database);
    if (voice.json) voice.printJson({ targets, channels });
    else voice.print(renderWatchStatus(targets, channels, Date.now(), voice.paint));
    return ExitCode.ok;
  });
}

export async function runWatchHistory(target: string, options: Options, context: Context): Promise<number> {
  return withHistory(options, context, (database, voice) => {
    const { sources } = readVoice(context, options);
    const limit = optional(sources.one('limit'), (given) => parseInteger(given, 1, 100_000)) ?? DEFAULT_LIMIT;
    const entries = readTargetHistory(database, target, limit);
    if (!entries) throw new UsageError(`${target} was never watched: see mailanchor watch status`);
    if (voice.json) voice.printJson({ target, entries });
    else voice.print(renderHistory(target, entries, voice.paint));
    return ExitCode.ok;
  });
}

export async function runWatchTestAlert(options: Options, context: Context): Promise<number> {
  const { settings, voice } = await read(options, context);
  const host = hostname();
  const channels = await openChannels(settings.channels, host);
  if (channels.length === 0)
    throw new UsageError('watch: there are no channels: name some under watch: in the configuration file');
  const now = Date.now();
  const results = await Promise.all(
    channels.map(async (channel) => {
      const envelope = { id: randomUUID(), madeAt: now, host, alerts: [testAlert(now)] };
      const taken = await channel.deliver(envelope, context.signal);
      const { name, kind } = channel;
      return { channel: name, kind, result: taken.kind, ...('text' in taken && { text: taken.text }) };
    }),
  );
  if (voice.json) for (const each of results) voice.printJson(each);
  else {
    const rows = results.map(({ channel, result, text = '' }) => [
      channel,
      result === 'delivered' ? voice.paint.good('delivered') : voice.paint.bad('not delivered'),
      printable(text),
    ]);
    voice.print(table(rows));
  }
  return results.every(({ result }) => result === 'delivered') ? ExitCode.ok : ExitCode.failed;
}

function testAlert(now: number): Alert {
  const at = new Date(now).toISOString();
  return {
    id: randomUUID(),
    episode: `test ${at}`,
    kind: 'test',
    target: 'example.org',
    severity: 'info',
    code: 'test',
    subject: 'example.org',
    text: 'This is a test: alerts of mailanchor watch arrive here.',
    effect: '',
    since: at,
    at,
    flapping: false,
  };
}

async function withHistory(
  options: Options,
  context: Context,
  work: (database: Database, voice: Voice) => number,
): Promise<number> {
  const { sources, voice } = readVoice(context, options);
  const config = await loadConfig(sources);
  const at = (path: readonly (string | number)[], value: unknown) =>
    config ? config.given(['watch', ...path], value) : { value: String(value), from: 'watch' };
  const file = databaseFile(
    optional(sources.one('state'), namedFile),
    config?.settings.watch,
    at,
    context.environment,
  );
  let database: Database;
  try {
    database = openDatabase(file.path, WATCH_DATABASE, { readOnly: true });
  } catch (error) {
    if (error instanceof DatabaseError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
  try {
    return work(database, voice);
  } finally {
    database.close();
  }
}
