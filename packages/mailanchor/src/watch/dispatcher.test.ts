/** Alerts on their way: gathered, tried again, given up, and not lost whatever happens in between. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../store/database.ts';
import type { Channel, Delivered, Envelope } from './channel.ts';
import { WATCH_DATABASE } from './database.ts';
import { Dispatcher, retryAfter } from './dispatcher.ts';
import { Outbox } from './outbox.ts';
import type { ProblemPolicy, Seen } from './problem.ts';
import { readChannels } from './read-history.ts';
import { WatchStore } from './store.ts';
import { FakeTimers } from './timers.fixture.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

let folder: string;
let database: Database;
let timers: FakeTimers;
let dispatcher: Dispatcher;
let events: string[];
let errors: unknown[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watch-'));
  timers = new FakeTimers(Date.UTC(2026, 10, 25, 12));
  begin();
});
afterEach(async () => {
  await end();
  rmSync(folder, { recursive: true });
});

function begin(): void {
  events = [];
  errors = [];
  database = openDatabase(join(folder, 'watch.sqlite'), WATCH_DATABASE);
  dispatcher = new Dispatcher({
    outbox: new Outbox(database),
    timers,
    host: 'here.example',
    groupMs: MINUTE,
    onAttempt: ({ name }, { alerts }, { kind }, givenUp) =>
      events.push(`${name} ${alerts.length} ${givenUp ? 'given up' : kind}`),
    onError: (error) => errors.push(error),
  });
}
async function end(): Promise<void> {
  await dispatcher.stop();
  database.close();
}

const NOW: ProblemPolicy = {
  confirmAfter: 1,
  resolveAfter: 1,
  flapLimit: 9,
  flapWindowMs: 1,
  calmMs: 0,
  remindMs: undefined,
  mayTell: () => true,
};
/** A problem that is told at once, to these channels. */
function raise(subject: string, channels: readonly string[] = ['one']): void {
  const store = new WatchStore(database, { channels: () => channels });
  const id = store.watch(['example.org']).get('example.org')!.id;
  const seen: Seen = {
    severity: 'error',
    code: 'tlsa-mismatch',
    subject,
    text: 'It does not match.',
    effect: '',
  };
  store.record(
    { id, text: 'example.org' },
    timers.now(),
    NOW,
    () => new Map([[subject, { kind: 'present', seen }]]),
    undefined,
  );
  dispatcher.look();
}

class Sink implements Channel {
  readonly kind = 'exec';
  readonly least = 'info';
  readonly got: Envelope[] = [];
  readonly name: string;
  answer: (envelope: Envelope, signal: AbortSignal) => Delivered | Promise<Delivered> = () => ({
    kind: 'delivered',
  });
  constructor(name = 'one') {
    this.name = name;
  }
  async deliver(envelope: Envelope, signal: AbortSignal): Promise<Delivered> {
    this.got.push(envelope);
    return this.answer(envelope, signal);
  }
  get subjects(): string[][] {
    return this.got.map(({ alerts }) => alerts.map(({ subject }) => subject));
  }
}

const FAILED: Delivered = { kind: 'failed', text: 'connection refused' };

test('the changes of a minute are one message, from the first of them on', async () => {
  const sink = new Sink();
  dispatcher.use([sink], MINUTE);
  raise('a');
  await timers.pass(30 * SECOND);
  raise('b');
  await timers.pass(29 * SECOND);
  expect(sink.got).toEqual([]);
  await timers.pass(SECOND);
  raise('c');
  await timers.pass(2 * MINUTE);
  expect(sink.subjects).toEqual([['a', 'b'], ['c']]);
  expect(sink.got[0]).toMatchObject({ host: 'here.example' });
});

test('more than a hundred are several messages', async () => {
  const sink = new Sink();
  dispatcher.use([sink], MINUTE);
  for (let i = 0; i < 230; i++) raise(`s${i}`);
  await timers.pass(2 * MINUTE);
  expect(sink.got.map(({ alerts }) => alerts.length)).toEqual([100, 100, 30]);
});

describe('a channel that is down', () => {
  test('is tried again, ever more rarely, with the same id, until it takes the message', async () => {
    const sink = new Sink();
    sink.answer = () => FAILED;
    dispatcher.use([sink], MINUTE);
    raise('a');
    await timers.pass(10 * MINUTE);
    expect(events).toEqual(Array.from({ length: 4 }, () => 'one 1 failed'));
    expect(readChannels(database)).toMatchObject([
      { waiting: 1, delivered: 0, lastError: 'connection refused' },
    ]);
    sink.answer = () => ({ kind: 'delivered' });
    await timers.pass(8 * MINUTE);
    expect(events.at(-1)).toBe('one 1 delivered');
    expect(new Set(sink.got.map(({ id }) => id)).size).toBe(1);
    expect(readChannels(database)).toMatchObject([{ waiting: 0, delivered: 1 }]);
  });

  test('holds up no other', async () => {
    const [down, up] = [new Sink('down'), new Sink('up')];
    const hung = Promise.withResolvers<Delivered>();
    down.answer = () => hung.promise;
    dispatcher.use([down, up], MINUTE);
    raise('a', ['down', 'up']);
    await timers.pass(MINUTE);
    raise('b', ['down', 'up']);
    await timers.pass(2 * MINUTE);
    expect(up.subjects).toEqual([['a'], ['b']]);
    expect(down.subjects).toEqual([['a']]);
    hung.resolve({ kind: 'delivered' });
    await timers.pass(MINUTE);
    expect(down.subjects).toEqual([['a'], ['b']]);
  });

  test('for a week: the message is given up, and that is told', async () => {
    const sink = new Sink();
    sink.answer = () => FAILED;
    dispatcher.use([sink], MINUTE);
    raise('a');
    await timers.pass(8 * DAY);
    expect(events.filter((event) => event === 'one 1 given up')).toHaveLength(1);
    expect(events.length).toBeGreaterThan(160);
    expect(readChannels(database)).toMatchObject([{ waiting: 0, givenUp: 1 }]);
  });

  test.each([
    [0, MINUTE],
    [1, 2 * MINUTE],
    [5, 32 * MINUTE],
    [6, 60 * MINUTE],
    [1000, 60 * MINUTE],
  ])('after %i attempts: %i ms', (attempts, ms) => {
    expect(retryAfter(attempts)).toBe(ms);
  });
});

test('a message that is refused for good is given up at once; the next one goes on', async () => {
  const sink = new Sink();
  sink.answer = ({ alerts }) =>
    alerts[0]?.subject === 'a' ? { kind: 'refused', text: 'too large' } : { kind: 'delivered' };
  dispatcher.use([sink], MINUTE);
  raise('a');
  await timers.pass(MINUTE);
  raise('b');
  await timers.pass(MINUTE);
  expect(events).toEqual(['one 1 given up', 'one 1 delivered']);
});

describe('a restart', () => {
  test('before a message is made, and between two attempts: nothing is lost', async () => {
    const sink = new Sink();
    sink.answer = () => FAILED;
    dispatcher.use([sink], MINUTE);
    raise('a');
    await timers.pass(90 * SECOND);
    raise('b');
    await end();
    begin();
    const after = new Sink();
    dispatcher.use([after], MINUTE);
    await timers.pass(5 * MINUTE);
    expect(after.subjects.flat().toSorted()).toEqual(['a', 'b']);
    expect(after.got.some(({ id }) => id === sink.got[0]!.id)).toBe(true);
  });

  test('in the middle of an attempt: it is made again, with the same id', async () => {
    const sink = new Sink();
    sink.answer = (_, signal) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve({ kind: 'failed', text: 'stopped' })),
      );
    dispatcher.use([sink], MINUTE);
    raise('a');
    await timers.pass(MINUTE);
    await end();
    begin();
    const after = new Sink();
    dispatcher.use([after], MINUTE);
    await timers.pass(0);
    expect(after.got).toEqual(sink.got);
  });

  test('after it was taken and before that was written down: it comes twice, with the same id', async () => {
    const sink = new Sink();
    sink.answer = () => {
      database.exec('PRAGMA query_only = ON');
      return { kind: 'delivered' };
    };
    dispatcher.use([sink], MINUTE);
    raise('a');
    await timers.pass(MINUTE);
    expect(errors).toHaveLength(1);
    await end();
    begin();
    const after = new Sink();
    dispatcher.use([after], MINUTE);
    await timers.pass(0);
    expect(after.got.map(({ id }) => id)).toEqual([sink.got[0]!.id]);
  });
});

test('an error of the file is told, and what waits is looked at again a minute later', async () => {
  const sink = new Sink();
  dispatcher.use([sink], MINUTE);
  raise('a');
  database.exec('PRAGMA query_only = ON');
  await timers.pass(90 * SECOND);
  expect(sink.got).toEqual([]);
  expect(errors.length).toBeGreaterThan(0);
  database.exec('PRAGMA query_only = OFF');
  await timers.pass(2 * MINUTE);
  expect(sink.subjects).toEqual([['a']]);
});

test('a channel that is no more: what waits for it is given up', async () => {
  const sink = new Sink('gone');
  sink.answer = () => FAILED;
  dispatcher.use([sink, new Sink()], MINUTE);
  raise('a', ['gone']);
  await timers.pass(MINUTE);
  raise('b', ['gone', 'one']);
  const outbox = new Outbox(database);
  expect(outbox.dropOthers(['one'], timers.now())).toBe(2);
  expect([...outbox.waiting()]).toMatchObject([['one', { alerts: 1 }]]);
});

test('what is delivered is forgotten in time, what waits is not', async () => {
  const [done, waiting] = [new Sink('done'), new Sink('waiting')];
  waiting.answer = () => FAILED;
  dispatcher.use([done, waiting], MINUTE);
  raise('a', ['done']);
  raise('b', ['waiting']);
  await timers.pass(2 * MINUTE);
  const store = new WatchStore(database, { channels: () => [] });
  store.prune(timers.now() + 1);
  const count = (sql: string) => database.prepare(sql).get()?.['n'];
  expect(count('SELECT count(*) AS n FROM alert')).toBe(1);
  expect(count("SELECT count(*) AS n FROM delivery WHERE state = 'waiting'")).toBe(1);
  expect(count("SELECT count(*) AS n FROM delivery WHERE state <> 'waiting'")).toBe(0);
});
