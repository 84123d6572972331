/** Targets looked at in their time, kept and told: with a real file, and a world and a clock of our own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DomainCheck, type Finding, parseTarget } from '@mailanchor/smtp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../store/database.ts';
import { WATCH_DATABASE } from './database.ts';
import type { Looked } from './look.ts';
import { Outbox } from './outbox.ts';
import type { ProblemPolicy } from './problem.ts';
import { readStatus, readTargetHistory } from './read-history.ts';
import { WatchStore } from './store.ts';
import type { WatchTarget } from './targets.ts';
import { FakeTimers, settled } from './timers.fixture.ts';
import { SELF, Watcher } from './watcher.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const START = Date.UTC(2026, 10, 25, 12);

let folder: string;
let database: Database;
let timers: FakeTimers;
let watchers: Watcher[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watch-'));
  timers = new FakeTimers(START);
  watchers = [];
  open();
});
afterEach(async () => {
  for (const watcher of watchers) await watcher.stop();
  database.close();
  rmSync(folder, { recursive: true });
});

function open(): void {
  database = openDatabase(join(folder, 'watch.sqlite'), WATCH_DATABASE);
}

const POLICY: ProblemPolicy = {
  confirmAfter: 2,
  resolveAfter: 2,
  flapLimit: 3,
  flapWindowMs: 360 * MINUTE,
  calmMs: 180 * MINUTE,
  remindMs: undefined,
  mayTell: () => true,
};
const target = (text: string, more: Partial<WatchTarget> = {}): WatchTarget => ({
  text,
  target: parseTarget(text),
  intervalMs: 15 * MINUTE,
  least: 'warning',
  ignore: new Set(),
  ...more,
});

const MISMATCH: Finding = {
  code: 'tlsa-mismatch',
  severity: 'error',
  subject: 'mx.example.org',
  text: 'No record matches.',
  effect: 'Mail is deferred.',
  fix: '_25._tcp.mx.example.org. IN TLSA 3 1 1 00',
};
const checked = (text: string, ...findings: Finding[]): Looked => ({
  kind: 'checked',
  check: {
    target: text,
    kind: 'mail-domain',
    verdict: findings.some(({ severity }) => severity === 'error') ? 'broken' : 'protected',
    checkedAt: '2026-11-25T12:00:00Z',
    dns: { domain: text, outcome: 'answer', status: 'secure', mx: [], aliases: [], expandedDomain: text },
    hosts: [],
    findings,
  } satisfies Partial<DomainCheck> as DomainCheck,
});

interface Scene {
  readonly watcher: Watcher;
  /** What was looked at, `minute:second target`. */
  readonly looks: string[];
  readonly told: string[];
  readonly errors: string[];
}

function scene(
  targets: readonly WatchTarget[],
  look: (text: string, signal: AbortSignal) => Promise<Looked> | Looked,
  more: { policy?: Partial<ProblemPolicy>; parallel?: number; random?: () => number } = {},
): Scene {
  const [looks, told, errors]: string[][] = [[], [], []];
  const store = new WatchStore(database, { channels: () => ['log'] });
  const watcher = new Watcher(
    {
      store,
      timers,
      random: more.random ?? (() => 0.5),
      parallel: more.parallel ?? 8,
      deadlineMs: 40 * SECOND,
      async look({ text }, signal) {
        looks!.push(`${clock()} ${text}`);
        return look(text, signal);
      },
      onLooked: (_, __, { alerts }) =>
        told!.push(...alerts.map(({ kind, code, target: of }) => `${clock()} ${kind} ${code} ${of}`)),
      onError: (what, error) => errors!.push(`${what}: ${error}`),
    },
    { targets, policy: { ...POLICY, ...more.policy }, retryMs: MINUTE },
  );
  watchers.push(watcher);
  watcher.watch({ targets, policy: { ...POLICY, ...more.policy }, retryMs: MINUTE });
  return { watcher, looks: looks!, told: told!, errors: errors! };
}

function clock(): string {
  const seconds = Math.round((timers.now() - START) / SECOND);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

describe('the rhythm', () => {
  test('an interval between two looks, less while something is not settled', async () => {
    let broken = false;
    const { looks, told } = scene([target('example.org')], (text) =>
      broken ? checked(text, MISMATCH) : checked(text),
    );
    await timers.pass(16 * MINUTE);
    broken = true;
    await timers.pass(30 * MINUTE);
    broken = false;
    await timers.pass(30 * MINUTE);
    expect(looks.map((each) => each.split(' ')[0])).toEqual([
      '0:00',
      '15:00',
      '30:00',
      '31:00',
      '46:00',
      '47:00',
      '62:00',
    ]);
    expect(told).toEqual([
      '31:00 raised tlsa-mismatch example.org',
      '47:00 resolved tlsa-mismatch example.org',
    ]);
  });

  test('with jitter: a tenth earlier or later', async () => {
    const draws = [0.5, 0, 1, 0, 1];
    const { looks } = scene([target('example.org')], (text) => checked(text), {
      random: () => draws.shift() ?? 0.5,
    });
    await timers.pass(62 * MINUTE);
    expect(looks.map((each) => each.split(' ')[0])).toEqual(['0:00', '13:30', '30:00', '43:30', '60:00']);
  });

  test('many targets are not looked at all at once after a start', async () => {
    let draw = 0;
    const targets = Array.from({ length: 200 }, (_, i) => target(`d${i}.example`));
    const { looks } = scene(targets, (text) => checked(text), { random: () => (draw++ % 200) / 200 });
    await timers.pass(25 * SECOND);
    expect(looks.length).toBeLessThan(130);
    await timers.pass(30 * SECOND);
    expect(looks.length).toBe(200);
  });

  test('a target has an interval of its own', async () => {
    const { looks } = scene([target('a.example', { intervalMs: 5 * MINUTE }), target('b.example')], (text) =>
      checked(text),
    );
    await timers.pass(16 * MINUTE);
    expect(looks.filter((each) => each.endsWith('a.example'))).toHaveLength(4);
    expect(looks.filter((each) => each.endsWith('b.example'))).toHaveLength(2);
  });
});

describe('a host that is down delays nobody', () => {
  test('tarpits that never answer, more of them than places: the others keep their time', async () => {
    const tarpits = Array.from({ length: 20 }, (_, i) => target(`tarpit${i}.example`));
    const good = Array.from({ length: 50 }, (_, i) => target(`good${i}.example`));
    const order: string[] = [];
    const hung = Promise.withResolvers<Looked>();
    let first = true;
    const { looks } = scene(
      [...tarpits, ...good],
      async (text) => {
        if (text.startsWith('tarpit')) return hung.promise;
        order.push(text);
        return checked(text);
      },
      { parallel: 4, random: () => (first ? 0 : 0.5) },
    );
    first = false;
    // All are due at once, tarpits first: each four give their places up after three seconds.
    await timers.pass(16 * SECOND);
    expect(looks.slice(0, 20).every((each) => each.includes('tarpit'))).toBe(true);
    expect(order.toSorted()).toEqual(good.map(({ text }) => text).sort());
    // From then on it is known who is slow: good ones are looked at on the second, with all tarpits hanging.
    await timers.pass(31 * MINUTE);
    const times = looks.filter((each) => each.endsWith(' good7.example')).map((each) => each.split(' ')[0]);
    expect(times).toEqual(['0:15', '15:15', '30:15']);
    expect(looks.filter((each) => each.endsWith(' tarpit7.example')).length).toBeGreaterThan(2);
  });

  test('a look that does not end is given up, told, and tried again', async () => {
    let hang = true;
    const aborted: string[] = [];
    const { told } = scene([target('example.org')], (text, signal) => {
      if (!hang) return checked(text);
      return new Promise(() => signal.addEventListener('abort', () => aborted.push(clock())));
    });
    await timers.pass(3 * MINUTE);
    expect(aborted).toEqual(['0:40', '2:20']);
    expect(told).toEqual(['2:20 raised check-failed example.org']);
    hang = false;
    await timers.pass(30 * MINUTE);
    expect(told[1]).toMatch(/resolved check-failed example\.org$/);
  });

  test('an error of ours in one look is told, and the others go on', async () => {
    const { told, errors, looks } = scene([target('a.example'), target('b.example')], (text) => {
      if (text === 'a.example') throw new Error('a mistake');
      return checked(text);
    });
    await timers.pass(16 * MINUTE);
    expect(errors[0]).toBe('a.example: the check failed: Error: a mistake');
    expect(told).toEqual(['1:00 raised check-failed a.example']);
    expect(looks.filter((each) => each.endsWith('b.example'))).toHaveLength(2);
  });
});

describe('blind', () => {
  test('the network of this machine is down: that is told once, and nothing is said of the targets', async () => {
    let blind = false;
    const targets = ['a.example', 'b.example', 'c.example'].map((text) => target(text));
    const { told } = scene(targets, (text) =>
      blind ? { kind: 'blind', text: 'no name server answers' } : checked(text, MISMATCH),
    );
    await timers.pass(2 * MINUTE);
    expect(told).toHaveLength(3);
    blind = true;
    await timers.pass(30 * MINUTE);
    expect(told.slice(3)).toEqual([expect.stringMatching(`raised no-sight \\(this machine\\)`)]);
    expect(readStatus(database).find(({ target: of }) => of === SELF)?.problems).toMatchObject([
      { code: 'no-sight' },
    ]);
    blind = false;
    await timers.pass(30 * MINUTE);
    expect(told.slice(4)).toEqual([expect.stringMatching(`resolved no-sight \\(this machine\\)`)]);
    expect(readStatus(database).map(({ target: of }) => of)).toEqual(['a.example', 'b.example', 'c.example']);
  });
});

describe('a restart', () => {
  test('between two looks at a problem: confirmed by the second, told once', async () => {
    const first = scene([target('example.org')], (text) => checked(text, MISMATCH));
    await timers.pass(SECOND);
    await first.watcher.stop();
    database.close();
    open();
    const second = scene([target('example.org')], (text) => checked(text, MISMATCH));
    await timers.pass(40 * MINUTE);
    expect([first.told, second.told]).toEqual([[], ['1:00 raised tlsa-mismatch example.org']]);
  });

  test('what was resolved meanwhile is told as resolved; what was planned is kept', async () => {
    const first = scene([target('example.org')], (text) => checked(text, MISMATCH));
    await timers.pass(2 * MINUTE);
    await first.watcher.stop();
    database.close();
    open();
    const second = scene([target('example.org')], (text) => checked(text));
    await timers.pass(13 * MINUTE);
    expect(second.looks).toEqual([]);
    await timers.pass(5 * MINUTE);
    expect(second.told).toEqual(['17:00 resolved tlsa-mismatch example.org']);
  });

  test('a look under way when it is stopped leaves nothing behind', async () => {
    const held = Promise.withResolvers<Looked>();
    const { watcher } = scene([target('example.org')], () => held.promise);
    await timers.pass(SECOND);
    const stopped = watcher.stop();
    held.resolve(checked('example.org', MISMATCH));
    await stopped;
    await settled();
    expect(readTargetHistory(database, 'example.org', 9)).toEqual([]);
  });
});

describe('what is told, and what is kept', () => {
  test('findings below the severity, and codes that nobody wants, are kept and not told', async () => {
    const notice: Finding = { ...MISMATCH, code: 'ttl-long', severity: 'notice' };
    const wanted: Finding = { ...MISMATCH, code: 'ds-sha1', severity: 'warning' };
    const { told } = scene(
      [target('a.example', { ignore: new Set(['ds-sha1']) }), target('b.example', { least: 'notice' })],
      (text) => checked(text, notice, wanted),
    );
    await timers.pass(3 * MINUTE);
    expect(told.toSorted()).toEqual(['1:00 raised ds-sha1 b.example', '1:00 raised ttl-long b.example']);
    const [entry] = readTargetHistory(database, 'a.example', 1) ?? [];
    expect(entry).toMatchObject({ kind: 'verdict', findings: [{ code: 'ttl-long' }, { code: 'ds-sha1' }] });
  });

  test('looks with the same result are one line, however their texts tell the time', async () => {
    let left = 48;
    const { watcher } = scene([target('example.org')], (text) =>
      checked(text, {
        ...MISMATCH,
        code: 'signature-expires',
        severity: 'warning',
        text: `Signatures end in ${left--} hours.`,
      }),
    );
    await timers.pass(61 * MINUTE);
    await watcher.stop();
    const spans = readTargetHistory(database, 'example.org', 99)?.filter(({ kind }) => kind === 'verdict');
    expect(spans).toMatchObject([{ checks: 5, findings: [{ text: 'Signatures end in 44 hours.' }] }]);
  });

  test('a target that is no longer named is forgotten with its problems; others keep their time', async () => {
    const both = [target('a.example'), target('b.example')];
    const { watcher, looks, told } = scene(both, (text) => checked(text, MISMATCH));
    await timers.pass(2 * MINUTE);
    watcher.watch({ targets: [both[1]!], policy: POLICY, retryMs: MINUTE });
    await timers.pass(30 * MINUTE);
    expect(looks.filter((each) => each.endsWith('a.example'))).toHaveLength(2);
    expect(looks.filter((each) => each.endsWith('b.example'))).toHaveLength(3 + 1);
    expect(told).toHaveLength(2);
    expect(readStatus(database).map(({ target: of }) => of)).toEqual(['b.example']);
  });

  test('alerts go to the channels in the transaction that confirms them', async () => {
    scene([target('example.org')], (text) => checked(text, MISMATCH));
    await timers.pass(2 * MINUTE);
    expect(new Outbox(database).waiting()).toEqual(
      new Map([['log', { alerts: 1, since: START + 125 + MINUTE }]]),
    );
  });

  test('a file that cannot be written to: told as an error, looked at again, nothing lost once it can', async () => {
    const { errors, told } = scene([target('example.org')], (text) => checked(text, MISMATCH));
    await timers.pass(SECOND);
    database.exec('PRAGMA query_only = ON');
    await timers.pass(5 * MINUTE);
    expect(errors[0]).toMatch(/the history cannot be written to/);
    expect(told).toEqual([]);
    database.exec('PRAGMA query_only = OFF');
    await timers.pass(2 * MINUTE);
    expect(told).toHaveLength(1);
  });
});

test('quiet hours: held back by the file, told by the tick at their end', async () => {
  let quiet = true;
  const policy = { mayTell: () => !quiet };
  const { told, watcher } = scene([target('example.org')], (text) => checked(text, MISMATCH), { policy });
  const store = new WatchStore(database, { channels: () => ['log'] });
  await timers.pass(20 * MINUTE);
  expect(store.tick(timers.now(), (text) => watcher.policyOf(text))).toEqual([]);
  quiet = false;
  expect(store.tick(timers.now(), (text) => watcher.policyOf(text))).toMatchObject([
    { kind: 'raised', since: new Date(START + 125).toISOString() },
  ]);
  expect(store.tick(timers.now(), (text) => watcher.policyOf(text))).toEqual([]);
  expect(told).toEqual([]);
});
