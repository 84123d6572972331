/** `watch` from start to stop: history, looks, channels, pages over HTTP, signals. */
import { hostname } from 'node:os';
import { messageOf, UsageError } from '../errors.ts';
import { type HttpServer, serveHttp } from '../resolver-service/http-server.ts';
import { cannotListen } from '../resolver-service/listen.ts';
import type { Log } from '../resolver-service/log.ts';
import { placeToText } from '../resolver-service/settings.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { DatabaseError } from '../store/database-error.ts';
import type { Channel, Delivered } from './channel.ts';
import { openChannels } from './channels.ts';
import { WATCH_DATABASE } from './database.ts';
import { Dispatcher } from './dispatcher.ts';
import { Looker } from './look.ts';
import { WatchMetrics } from './metrics.ts';
import { type Delivery, Outbox } from './outbox.ts';
import { isGraver } from './problem.ts';
import type { LookOutcome } from './record-look.ts';
import type { WatchSettings } from './settings.ts';
import { SignatureHabits } from './signature-habits.ts';
import { type Recorded, WatchStore } from './store.ts';
import type { WatchTarget } from './targets.ts';
import { realTimers, type Timers } from './timers.ts';
import { Watcher } from './watcher.ts';

/** Milliseconds between two looks at what quiet hours hold back, and at reminders. */
const TICK_MS = 30_000;
/** Milliseconds between two times that old history is forgotten. */
const PRUNE_MS = 6 * 3_600_000;
/** Milliseconds that a look may take beyond its own limit before it is given up. */
const DEADLINE_GRACE_MS = 10_000;
/** Milliseconds without any look after which something is wrong: so many times the longest interval. */
const STALE_INTERVALS = 3;

export class RunningWatch {
  readonly #log: Log;
  readonly #database: Database;
  readonly #store: WatchStore;
  readonly #outbox: Outbox;
  readonly #habits: SignatureHabits;
  readonly #timers: Timers;
  readonly #host: string;
  readonly #dispatcher: Dispatcher;
  readonly #watcher: Watcher;
  readonly #metrics: WatchMetrics;
  readonly #startedAt: number;
  #settings: WatchSettings;
  #channels: readonly Channel[];
  #looker: Looker;
  #http: HttpServer | undefined;
  #lookedAt: number | undefined;
  #problem: string | undefined;
  #cancelTick = () => {};
  #cancelPrune = () => {};
  #reloading: Promise<void> = Promise.resolve();

  /** Throws `UsageError`; nothing stays open then. */
  static async start(settings: WatchSettings, log: Log): Promise<RunningWatch> {
    const host = hostname();
    const channels = await openChannels(settings.channels, host);
    const database = openHistory(settings);
    let looker: Looker | undefined;
    try {
      const habits = new SignatureHabits(database);
      looker = await Looker.open(settings, (target, zone) => habits.daysAhead(target, zone, settings.days));
      const running = new RunningWatch(settings, { log, database, habits, looker, channels, host });
      await running.#open();
      return running;
    } catch (error) {
      await looker?.close();
      database.close();
      throw error;
    }
  }

  private constructor(
    settings: WatchSettings,
    made: {
      log: Log;
      database: Database;
      habits: SignatureHabits;
      looker: Looker;
      channels: readonly Channel[];
      host: string;
    },
  ) {
    const { log, database, habits, looker, channels, host } = made;
    this.#settings = settings;
    this.#log = log;
    this.#database = database;
    this.#habits = habits;
    this.#looker = looker;
    this.#channels = channels;
    this.#host = host;
    this.#timers = realTimers(looker.clock);
    this.#startedAt = this.#timers.now();
    this.#store = new WatchStore(database, { channels: (severity) => this.#channelsFor(severity) });
    this.#outbox = new Outbox(database);
    this.#metrics = new WatchMetrics({
      clock: this.#timers.now,
      running: () => this.#watcher.running,
      waiting: () => this.#outbox.waiting(),
      channels: () => this.#channels.map(({ name }) => name),
    });
    this.#dispatcher = new Dispatcher({
      outbox: this.#outbox,
      timers: this.#timers,
      host,
      groupMs: settings.groupMs,
      onAttempt: (channel, delivery, result, givenUp) => this.#attempted(channel, delivery, result, givenUp),
      onError: (error) => this.#failed('alerts cannot be brought on their way', error),
    });
    this.#watcher = new Watcher(
      {
        store: this.#store,
        timers: this.#timers,
        random: Math.random,
        look: (target, signal) => this.#looker.look(target, signal),
        parallel: settings.parallel,
        deadlineMs: settings.check.lookup.timeoutMs + DEADLINE_GRACE_MS,
        onLooked: (target, outcome, recorded, durationMs) =>
          this.#looked(target, outcome, recorded, durationMs),
        onError: (what, error) => this.#failed(what, error),
      },
      settings,
    );
  }

  async #open(): Promise<void> {
    const { metrics, targets, channels } = this.#settings;
    if (metrics) await this.#openHttp(metrics);
    this.#dropOthers();
    this.#dispatcher.use(this.#channels, this.#settings.groupMs);
    this.#watcher.watch(this.#settings);
    this.#tick();
    this.#prune();
    if (channels.length === 0) {
      this.#log.problem(
        'channels',
        'nobody is told of anything: there are no channels under watch: in the configuration file',
      );
    }
    const whom = channels.map(({ name }) => name).join(', ');
    this.#log.event(
      'start',
      `watching ${targets.length} ${targets.length === 1 ? 'target' : 'targets'}${whom === '' ? '' : `, telling ${whom}`}`,
      {
        targets: targets.length,
      },
    );
  }

  async #openHttp(place: NonNullable<WatchSettings['metrics']>): Promise<void> {
    const { registry } = this.#metrics;
    try {
      this.#http = await serveHttp(place, {
        health: async () => this.#health(),
        metrics: async () => ({ type: registry.contentType, text: await registry.metrics() }),
      });
    } catch (error) {
      throw cannotListen('--metrics', place, error);
    }
    const text = placeToText(this.#http.place);
    this.#log.event('metrics', `metrics and health on http://${text}/`, { place: text });
  }

  #channelsFor(severity: Channel['least']): string[] {
    return this.#channels.filter(({ least }) => !isGraver(least, severity)).map(({ name }) => name);
  }

  #looked(target: WatchTarget, outcome: LookOutcome, recorded: Recorded, durationMs: number): void {
    const now = this.#timers.now();
    this.#lookedAt = now;
    this.#problem = undefined;
    if (outcome.kind === 'checked') {
      for (const { zone, signedUntil } of outcome.check.zones ?? []) {
        if (signedUntil !== undefined) this.#habits.saw(target.text, zone, Date.parse(signedUntil), now);
      }
    }
    this.#metrics.looked(target, outcome, recorded, now, durationMs);
    const said = outcome.kind === 'checked' ? outcome.check.verdict : outcome.text;
    this.#log.event('checked', `${target.text}: ${said}`, {
      target: target.text,
      milliseconds: Math.round(durationMs),
    });
    this.#told(recorded);
  }

  #told({ alerts }: Pick<Recorded, 'alerts'>): void {
    for (const { kind, severity, code, subject, target, id } of alerts) {
      this.#log.problem('alert', `${kind}, ${severity}: ${code} ${subject} (${target})`, {
        kind,
        severity,
        code,
        subject,
        target,
        id,
      });
    }
    if (alerts.length > 0) this.#dispatcher.look();
  }

  #attempted(
    { name }: Channel,
    { alerts, id, attempts }: Delivery,
    result: Delivered,
    givenUp: boolean,
  ): void {
    this.#metrics.attempted(name, givenUp ? 'given-up' : result.kind);
    const what = `${alerts.length} ${alerts.length === 1 ? 'alert' : 'alerts'}`;
    const fields = { channel: name, delivery: id, attempt: attempts + 1 };
    if (result.kind === 'delivered') this.#log.event('delivered', `${what} delivered to ${name}`, fields);
    else if (givenUp) this.#log.problem('given-up', `${what} for ${name} given up: ${result.text}`, fields);
    else
      this.#log.problem(
        'not-delivered',
        `${what} not delivered to ${name}, tried again later: ${result.text}`,
        fields,
      );
  }

  #failed(what: string, error: unknown): void {
    this.#problem = `${what}: ${messageOf(error)}`;
    this.#metrics.failed();
    this.#log.problem('error', this.#problem);
  }

  #tick(): void {
    try {
      const alerts = this.#store.tick(this.#timers.now(), (target) => this.#watcher.policyOf(target));
      this.#metrics.alerted(alerts);
      this.#told({ alerts });
    } catch (error) {
      this.#failed('the history cannot be written to', error);
    }
    this.#cancelTick = this.#timers.after(TICK_MS, () => this.#tick());
  }

  #prune(): void {
    try {
      this.#store.prune(this.#timers.now() - this.#settings.historyMs);
    } catch (error) {
      this.#failed('old history cannot be taken away', error);
    }
    this.#cancelPrune = this.#timers.after(PRUNE_MS, () => this.#prune());
  }

  #dropOthers(): void {
    const names = this.#channels.map(({ name }) => name);
    let dropped = 0;
    try {
      dropped = this.#outbox.dropOthers(names, this.#timers.now());
    } catch (error) {
      this.#failed('what waits for channels that are no more stays', error);
    }
    if (dropped > 0)
      this.#log.problem('dropped', `${dropped} undelivered for channels that are no more`, { dropped });
  }

  /** What is wrong; undefined where nothing is. */
  #health(): string | undefined {
    if (this.#problem !== undefined) return this.#problem;
    const longest = Math.max(...this.#settings.targets.map(({ intervalMs }) => intervalMs));
    const since = this.#timers.now() - (this.#lookedAt ?? this.#startedAt);
    return since > longest * STALE_INTERVALS ? `no check for ${Math.round(since / 1000)} s` : undefined;
  }

  /** `read`: the settings as they are now. What cannot be used leaves everything as it is. */
  reload(read: () => Promise<WatchSettings>): void {
    this.#reloading = this.#reloading.then(async () => {
      try {
        await this.#reload(await read());
      } catch (error) {
        this.#log.problem('reload', `everything stays as it is: ${messageOf(error)}`);
      }
    });
  }

  async #reload(settings: WatchSettings): Promise<void> {
    const channels = await openChannels(settings.channels, this.#host);
    const looker = await Looker.open(settings, (target, zone) =>
      this.#habits.daysAhead(target, zone, settings.days),
    );
    const before = { looker: this.#looker, settings: this.#settings };
    this.#looker = looker;
    try {
      this.#watcher.watch(settings);
    } catch (error) {
      // The history cannot be written to.
      this.#looker = before.looker;
      await looker.close();
      throw error;
    }
    // From here on nothing fails.
    const { database, metrics, parallel, targets } = before.settings;
    if (settings.database.path !== database.path)
      this.#log.problem('reload', 'another file for the history counts after a restart');
    for (const { text } of targets) {
      if (!settings.targets.some((other) => other.text === text)) this.#metrics.forget(text);
    }
    this.#settings = { ...settings, database, metrics, parallel };
    this.#channels = channels;
    this.#dropOthers();
    this.#dispatcher.use(channels, settings.groupMs);
    // Looks that are under way go on by the one that they began with.
    this.#timers.after(settings.check.lookup.timeoutMs + DEADLINE_GRACE_MS, () => void before.looker.close());
    this.#log.event('reload', 'configuration read again', { targets: settings.targets.length });
  }

  async stop(): Promise<void> {
    await this.#reloading;
    this.#cancelTick();
    this.#cancelPrune();
    await Promise.all([this.#watcher.stop(), this.#dispatcher.stop()]);
    await this.#http?.close();
    await this.#looker.close();
    this.#database.close();
    this.#log.event('stop', 'stopped');
  }
}

/** A file that cannot be used is the user's to mend. */
export function openHistory({ database }: Pick<WatchSettings, 'database'>): Database {
  try {
    return openDatabase(database.path, WATCH_DATABASE);
  } catch (error) {
    if (error instanceof DatabaseError)
      throw new UsageError(`${database.from}: ${error.message}`, { cause: error });
    throw error;
  }
}
