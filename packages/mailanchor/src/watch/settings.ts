/** The settings of `watch`: of `watch:` in the configuration file, with those of `check:` and of lookups beside them. */
import { join } from 'node:path';
import type { Severity } from '@mailanchor/smtp';
import { type CheckSettings, readCheckSettings } from '../check/settings.ts';
import { readTarget } from '../check/targets.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { WatchConfig } from '../config/schema-watch.ts';
import { UsageError } from '../errors.ts';
import { parseDuration } from '../options/duration.ts';
import { bad, type Given } from '../options/given.ts';
import { type NamedFile, namedFile, optional } from '../options/lookup.ts';
import type { Environment, Sources } from '../options/sources.ts';
import { type Place, parsePlace } from '../resolver-service/settings.ts';
import { type ChannelSettings, readChannel } from './channel-settings.ts';
import type { ProblemPolicy } from './problem.ts';
import { isHeld, type QuietHours } from './quiet-hours.ts';
import type { WatchTarget } from './targets.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const METRICS_PORT = 9155;
const FILE = 'watch.sqlite';
/** Confirmations of one problem within the window from which it counts as one that comes and goes. */
const FLAP_LIMIT = 3;
const FLAP_WINDOW_MS = 6 * HOUR;

export interface WatchSettings {
  readonly check: CheckSettings;
  readonly database: NamedFile;
  readonly targets: readonly WatchTarget[];
  readonly retryMs: number;
  readonly policy: ProblemPolicy;
  /** Milliseconds that changes wait for others to be told with. */
  readonly groupMs: number;
  readonly days: number;
  /** Targets at a time. */
  readonly parallel: number;
  readonly historyMs: number;
  readonly channels: readonly ChannelSettings[];
  readonly metrics: Place | undefined;
}

/** Reads values of `watch:` by their path, so that every complaint names file and line. */
export type GivenAt = (path: readonly (string | number)[], value: unknown) => Given;

/** `sources`: command line and environment, over `check:` of the file. Throws `UsageError`. */
export function readWatchSettings(
  sources: Sources,
  config: LoadedConfig | undefined,
  environment: Environment,
): WatchSettings {
  const watch = config?.settings.watch;
  if (!config || !watch) {
    throw new UsageError(
      'watch: nothing to watch: name targets under watch: in the configuration file, such as\n' +
        'watch: { targets: [example.org], channels: { me: { kind: mail, to: [me@example.org] } } }',
    );
  }
  const at: GivenAt = (path, value) => config.given(['watch', ...path], value);
  const duration = (
    key: keyof WatchConfig,
    value: string | number | undefined,
    standard: number,
    max: number,
  ): number => (value === undefined ? standard : parseDuration(at([key], value), max));
  const intervalMs = duration('interval', watch.interval, 15 * MINUTE, 30 * DAY);
  const quiet = watch['quiet-hours'] && readQuietHours(watch['quiet-hours'], at);
  const remindMs =
    watch.remind === undefined ? undefined : parseDuration(at(['remind'], watch.remind), 365 * DAY);
  const policy: ProblemPolicy = {
    confirmAfter: watch['confirm-after'] ?? 2,
    resolveAfter: watch['resolve-after'] ?? 2,
    flapLimit: FLAP_LIMIT,
    flapWindowMs: FLAP_WINDOW_MS,
    calmMs: duration('calm', watch.calm, 3 * HOUR, 30 * DAY),
    remindMs,
    mayTell: (severity, now) => !isHeld(quiet, severity, now),
  };
  const channels = Object.entries(watch.channels ?? {}).map(([name, channel]) =>
    readChannel(name, channel, at),
  );
  return {
    check: readCheckSettings(sources.over(config.section('check'))),
    database: databaseFile(optional(sources.one('state'), namedFile), watch, at, environment),
    targets: readTargets(watch, intervalMs, at),
    retryMs: duration('retry', watch.retry, MINUTE, DAY),
    policy,
    groupMs: duration('group', watch.group, MINUTE, HOUR),
    days: watch.days ?? 14,
    parallel: watch.parallel ?? 8,
    historyMs: duration('history', watch.history, 90 * DAY, 3650 * DAY),
    channels,
    metrics:
      optional(sources.one('metrics'), (given) => parsePlace(given, METRICS_PORT)) ??
      (watch.metrics === undefined ? undefined : parsePlace(at(['metrics'], watch.metrics), METRICS_PORT)),
  };
}

/** Named by option, by the file, or in the folder that systemd has given the service. */
export function databaseFile(
  option: NamedFile | undefined,
  watch: WatchConfig | undefined,
  at: GivenAt,
  environment: Environment,
): NamedFile {
  if (option) return option;
  if (watch?.state !== undefined) return namedFile(at(['state'], watch.state));
  const folder = (environment['STATE_DIRECTORY'] ?? '').split(':')[0]!;
  if (folder !== '') return { path: join(folder, FILE), from: 'STATE_DIRECTORY of systemd' };
  throw new UsageError(
    'watch: say where the history is kept: --state FILE, or state: under watch: in the configuration file',
  );
}

function readTargets(watch: WatchConfig, intervalMs: number, at: GivenAt): WatchTarget[] {
  const least: Severity = watch.severity ?? 'warning';
  const targets = watch.targets.map((entry, i): WatchTarget => {
    const own = typeof entry === 'string' ? { target: entry } : entry;
    const path = ['targets', i, ...(typeof entry === 'string' ? [] : ['target'])];
    return {
      text: own.target,
      target: named(at(path, own.target)),
      intervalMs:
        own.interval === undefined
          ? intervalMs
          : parseDuration(at(['targets', i, 'interval'], own.interval), 30 * DAY),
      least: own.severity ?? least,
      ignore: new Set([...(watch.ignore ?? []), ...(own.ignore ?? [])]),
    };
  });
  const twice = targets.find(({ text }, i) => targets.findIndex((other) => other.text === text) < i);
  if (twice) throw bad(at(['targets', targets.indexOf(twice)], twice.text), 'to be watched twice');
  return targets;
}

function named(given: Given): WatchTarget['target'] {
  try {
    return readTarget(given.value);
  } catch (error) {
    if (error instanceof UsageError)
      throw new UsageError(`${given.from}: ${error.message}`, { cause: error });
    throw error;
  }
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

function readQuietHours(quiet: NonNullable<WatchConfig['quiet-hours']>, at: GivenAt): QuietHours {
  const clock = (key: 'from' | 'to'): number => {
    const given = at(['quiet-hours', key], quiet[key]);
    const match = /^([01]?[0-9]|2[0-3]):([0-5][0-9])$/.exec(given.value.trim());
    if (!match) throw bad(given, 'a time of day such as 22:00');
    return Number(match[1]) * 60 + Number(match[2]);
  };
  const timeZone = quiet.zone ?? 'UTC';
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
  } catch {
    throw bad(at(['quiet-hours', 'zone'], timeZone), 'a time zone such as Europe/Berlin');
  }
  return {
    from: clock('from'),
    to: clock('to'),
    timeZone,
    days: (quiet.days ?? []).map((day) => DAYS.indexOf(day)),
    letThrough: quiet['let-through'] ?? 'error',
  };
}
