import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsRptEvent } from '@mailanchor/smtp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY_MS } from './day.ts';
import { failed, NOON, success } from './events.fixture.ts';
import { readPosition, readUnclear, writePosition, writeUnclear } from './source-position.ts';
import { openTlsRptStore, type TlsRptStore, type TlsRptStoreOptions } from './store.ts';

let folder: string;
let now: number;
const opened: TlsRptStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tlsrpt-'));
  now = NOON;
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(folder, { recursive: true });
});

const path = () => join(folder, 'tlsrpt.sqlite');
function open(options: TlsRptStoreOptions = {}): TlsRptStore {
  const store = openTlsRptStore(path(), { clock: () => now, gatherMs: 0, ...options });
  opened.push(store);
  return store;
}

/** One line a policy: day, domain, type, policy domain, successes, failures; below it its details. */
function lines(store: TlsRptStore): string[] {
  const policies = store.database
    .prepare(
      `SELECT p.id, day, d.domain, type, policy_domain, successes, failures FROM policy p JOIN domain d ON d.id = p.domain
       ORDER BY day, d.domain, policy_domain, p.id`,
    )
    .all();
  const details = store.database.prepare('SELECT * FROM detail WHERE policy = ? ORDER BY id');
  return policies.flatMap(({ id, ...row }) => [
    Object.values(row).join(' '),
    ...details
      .all(id!)
      .map((detail) => `  ${detail['sessions']} ${detail['result_type']} ${detail['mx_hostname']}`.trimEnd()),
  ]);
}

const DAY = Math.floor(NOON / DAY_MS);

test('what is alike is added up; an RRset has no order', async () => {
  const store = open();
  const turned = success('example.org', {
    policy: { ...success('example.org').policy, strings: ['2 1 1 cd34', '3 1 1 ab12'] },
  });
  await Promise.all(
    [success('example.org'), turned, failed('example.org'), failed('Example.ORG.')].map((e) => store.add(e)),
  );
  await store.add(
    success('example.org', {
      policy: { type: 'no-policy-found', domain: 'example.org', strings: [], mxHosts: [] },
    }),
  );
  expect(lines(store)).toEqual([
    `${DAY} example.org no-policy-found example.org 1 0`,
    `${DAY} example.org tlsa mx.example.org 2 2`,
    '  2 validation-failure mx.example.org',
  ]);
  expect(store.counts).toMatchObject({ counted: 5, commits: 2, waiting: 0 });
});

test('further failures of a session are details, no sessions', async () => {
  const store = open();
  const more = [{ resultType: 'sts-policy-fetch-error' } as const];
  await store.add(failed('example.org', {}, { more }));
  await store.add(success('example.org', { more }));
  expect(lines(store)).toEqual([
    `${DAY} example.org tlsa mx.example.org 1 1`,
    '  1 validation-failure mx.example.org',
    '  2 sts-policy-fetch-error',
  ]);
});

test('of events with one id one is counted, over batches, processes and days', async () => {
  const [one, two] = [open(), open()];
  const event = success('example.org', { id: 'A1' });
  await expect(Promise.all([one.add(event), one.add(event)])).resolves.toEqual(['counted', 'known']);
  await expect(two.add(event)).resolves.toBe('known');
  now += 2 * DAY_MS;
  one.prune(0);
  await expect(one.add(event)).resolves.toBe('known');
  expect(lines(two)).toEqual([`${DAY} example.org tlsa mx.example.org 1 0`]);
});

test.each<[string, number, number | 'wrong-day']>([
  ['today', NOON, DAY],
  ['yesterday', NOON - DAY_MS, DAY - 1],
  ['three days ago', NOON - 3 * DAY_MS, DAY - 3],
  ['four days ago', NOON - 4 * DAY_MS, 'wrong-day'],
  ['tomorrow, by a clock that is fast', NOON + DAY_MS, DAY],
  ['the day after, by one that is wrong', NOON + 2 * DAY_MS, 'wrong-day'],
])('an event of %s', async (_, at, expected) => {
  const store = open();
  const added = store.add(success('example.org', { at }));
  if (expected === 'wrong-day') await expect(added).rejects.toMatchObject({ code: 'tlsrpt-wrong-day' });
  else {
    await added;
    expect(lines(store)[0]).toMatch(new RegExp(`^${expected} `));
  }
});

test('what is told after the report of its day was composed counts today', async () => {
  const store = open();
  const late = success('example.org', { at: NOON - DAY_MS });
  await store.add(late);
  store.database.exec("UPDATE domain SET state = 'open'");
  await store.add(late);
  expect(lines(store)).toEqual([
    `${DAY - 1} example.org tlsa mx.example.org 1 0`,
    `${DAY} example.org tlsa mx.example.org 1 0`,
  ]);
});

describe('bounds', () => {
  test('details beyond the limit are counted by their type', async () => {
    const store = open({ limits: { detailsPerPolicy: 3 } });
    for (let i = 0; i < 9; i++)
      await store.add(failed('example.org', { receivingMxHostname: `mx${i}.example.org` }));
    await store.add(failed('example.org', { receivingMxHostname: 'mx0.example.org' }));
    expect(lines(store)).toEqual([
      `${DAY} example.org tlsa mx.example.org 0 10`,
      '  2 validation-failure mx0.example.org',
      '  1 validation-failure mx1.example.org',
      '  1 validation-failure mx2.example.org',
      '  6 validation-failure',
    ]);
  });

  test('policies beyond the limit are counted by their type', async () => {
    const store = open({ limits: { policiesPerDomain: 2 } });
    for (let i = 0; i < 6; i++) {
      const policy = { type: 'tlsa', domain: `mx${i}.example.org`, strings: [], mxHosts: [] } as const;
      await store.add(success('example.org', { policy }));
    }
    expect(lines(store)).toEqual([
      `${DAY} example.org tlsa example.org 4 0`,
      `${DAY} example.org tlsa mx0.example.org 1 0`,
      `${DAY} example.org tlsa mx1.example.org 1 0`,
    ]);
  });

  test('domains beyond the limit are counted together', async () => {
    const store = open({ limits: { domainsPerDay: 2 } });
    const add = (domain: string) => store.add(success(domain));
    expect([
      await add('a.example'),
      await add('b.example'),
      await add('c.example'),
      await add('a.example'),
    ]).toEqual(['counted', 'counted', 'beyond', 'counted']);
    await Promise.all([add('d.example'), add('d.example')]);
    expect(store.database.prepare('SELECT * FROM day').all()).toEqual([{ day: DAY, domains: 2, beyond: 3 }]);
  });

  test('events that wait: the next is refused, those that wait are counted', async () => {
    const store = open({ limits: { waiting: 2 } });
    const added = ['a.example', 'b.example', 'c.example'].map((domain) => store.add(success(domain)));
    await expect(Promise.allSettled(added)).resolves.toMatchObject([
      { value: 'counted' },
      { value: 'counted' },
      { reason: { code: 'tlsrpt-overload' } },
    ]);
    expect(lines(store)).toHaveLength(2);
  });
});

test.each<[string, unknown]>([
  ['no object', 'text'],
  ['no domain', { ...success('example.org'), domain: 'not a domain' }],
  ['no time', { ...success('example.org'), at: Number.NaN }],
  ['an unknown result', failed('example.org', { resultType: 'else' as 'tlsa-invalid' })],
])('what cannot be counted is refused: %s', async (_, event) => {
  const store = open();
  await expect(store.add(event as TlsRptEvent)).rejects.toMatchObject({ code: 'tlsrpt-bad-event' });
  expect(store.counts).toMatchObject({ refused: 1, counted: 0 });
});

test('a full disk: those events are refused and told so, later ones are counted', async () => {
  const store = open();
  await store.add(success('example.org'));
  const { page_count: pages } = store.database.prepare('PRAGMA page_count').get() ?? {};
  store.database.exec(`PRAGMA max_page_count = ${pages}`);
  const many = Array.from({ length: 500 }, (_, i) => store.add(success(`d${i}.example`)));
  const settled = await Promise.allSettled(many);
  expect(new Set(settled.map((one) => one.status === 'rejected' && one.reason.problem))).toEqual(
    new Set(['full']),
  );
  expect(store.counts).toMatchObject({ failed: 500, problem: expect.stringContaining('no space left') });
  store.database.exec('PRAGMA max_page_count = 100000');
  await store.add(success('d0.example'));
  expect(lines(store)).toEqual([
    `${DAY} d0.example tlsa mx.d0.example 1 0`,
    `${DAY} example.org tlsa mx.example.org 1 0`,
  ]);
  expect(store.counts.problem).toBeUndefined();
});

test('a damaged file is told as such', () => {
  writeFileSync(path(), 'no database at all, but long enough '.repeat(99));
  expect(() => open()).toThrow(/damaged; move it away/);
});

test('closing writes what waits; afterwards nothing is taken', async () => {
  const store = open({ gatherMs: 60_000 });
  const added = store.add(success('example.org'));
  store.close();
  await expect(added).resolves.toBe('counted');
  await expect(store.add(success('example.org'))).rejects.toMatchObject({ code: 'tlsrpt-closed' });
  expect(lines(open())).toHaveLength(1);
});

test('days beyond the retention are forgotten, with all that hangs on them', async () => {
  const store = open();
  for (let back = 0; back <= 3; back++)
    await store.add(failed('example.org', {}, { at: NOON - back * DAY_MS, id: `${back}` }));
  now += 5 * DAY_MS;
  await store.add(success('example.org', { at: now }));
  expect(store.prune(6)).toBe(2);
  expect(lines(store).filter((line) => !line.startsWith(' '))).toHaveLength(3);
  const count = (table: string) => store.database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'];
  expect([count('detail'), count('told'), count('day')]).toEqual([2, 0, 3]);
});

describe('together with how far a source was read', () => {
  const add = (store: TlsRptStore, offset: number, ...events: TlsRptEvent[]) =>
    store.addTogether(events, (database) => {
      writePosition(database, 'log', { offset });
      writeUnclear(database, DAY, { 'no-tls-line': 2 });
    });
  test('both are there, or neither', () => {
    const store = open();
    const bad = { ...success('a.example'), domain: 'no domain' };
    const late = { ...success('a.example'), at: NOON - 9 * DAY_MS };
    expect(readPosition(store.database, 'log')).toBeUndefined();
    expect(add(store, 10, success('a.example'), bad, late, failed('b.example'))).toEqual([
      'counted',
      'bad-event',
      'wrong-day',
      'counted',
    ]);
    const failing = () =>
      store.addTogether([success('a.example')], (database) => {
        writePosition(database, 'log', { offset: 20 });
        throw new Error('the disk');
      });
    expect(failing).toThrow('the disk');
    add(store, 30);
    store.close();
    const again = open();
    expect(readPosition(again.database, 'log')).toEqual({ offset: 30 });
    expect(readUnclear(again.database, DAY)).toEqual({ 'no-tls-line': 4 });
    expect(lines(again)).toEqual([
      `${DAY} a.example tlsa mx.a.example 1 0`,
      `${DAY} b.example tlsa mx.b.example 0 1`,
      '  1 validation-failure mx.b.example',
    ]);
    again.prune(0);
    now += 9 * DAY_MS;
    again.prune(0);
    expect(readUnclear(again.database, DAY)).toEqual({});
  });
});
