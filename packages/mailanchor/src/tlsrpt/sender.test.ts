import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseReport, type TlsRptDiscovery } from '@mailanchor/smtp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { spreadOf } from './count-events.ts';
import { DAY_MS, dayOf } from './day.ts';
import type { Delivered } from './deliver.ts';
import { failed, NOON, success } from './events.fixture.ts';
import type { DueDelivery } from './outbox.ts';
import { ReportSender, type Round, type SenderOptions } from './sender.ts';
import { readDeliveries, readDomain } from './status.ts';
import { openTlsRptStore, type TlsRptStore } from './store.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const DAY = dayOf(NOON);
const MIDNIGHT = (DAY + 1) * DAY_MS;
const MAIL = 'mailto:reports@reports.example';
const HTTPS = 'https://reports.example/tlsrpt';

let folder: string;
let now: number;
let store: TlsRptStore;
let delivered: DueDelivery[];
let events: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tlsrpt-'));
  now = NOON;
  store = openTlsRptStore(join(folder, 'tlsrpt.sqlite'), { clock: () => now, gatherMs: 0 });
  delivered = [];
  events = [];
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

const record = (...rua: string[]): TlsRptDiscovery => ({ kind: 'record', rua });
const sent: Delivered = { kind: 'sent', text: '250 ok' };

function sender(
  options: Partial<SenderOptions> & {
    answers?: Record<string, TlsRptDiscovery>;
    outcome?: (due: DueDelivery) => Delivered;
  } = {},
): ReportSender {
  const { answers = {}, outcome = () => sent, ...more } = options;
  return new ReportSender({
    database: store.database,
    submitter: { organizationName: 'Example Sender', contactInfo: 'tlsrpt@sender.example' },
    discover: async (domain) => answers[domain] ?? record(MAIL),
    deliver: async (due) => {
      delivered.push(due);
      return outcome(due);
    },
    log: {
      event: (event) => void events.push(event),
      problem: (event) => void events.push(event),
    },
    clock: () => now + 0.5,
    random: () => 0.5,
    ...more,
  });
}

const stop = new AbortController();
const round = (more: Partial<Round> = {}): Round => ({
  windowMs: 4 * HOUR,
  settleMs: 15 * MINUTE,
  signal: stop.signal,
  ...more,
});
const state = (domain: string) => {
  const found = readDomain(store.database, domain, undefined);
  return found && `${found.state}${found.text && `: ${found.text}`}`;
};
const deliveries = (domain: string) =>
  readDeliveries(store.database, readDomain(store.database, domain, undefined)!.id);

describe('a day, by the clock', () => {
  test('nothing before midnight and the time for late events; then in its place in the window, once', async () => {
    await store.add(success('example.org'));
    const one = sender();
    const place = MIDNIGHT + 15 * MINUTE + (spreadOf(DAY, 'example.org') * 4 * HOUR) / 65_536;
    for (const at of [NOON, MIDNIGHT - 1, MIDNIGHT + MINUTE, Math.floor(place) - 1]) {
      now = at;
      await one.round(round());
      expect(delivered, new Date(at).toISOString()).toEqual([]);
    }
    now = Math.ceil(place);
    await one.round(round());
    await one.round(round());
    now += 40 * HOUR;
    await one.round(round());
    expect(delivered.map(({ rua, domain }) => `${rua} ${domain}`)).toEqual([`${MAIL} example.org`]);
    expect(state('example.org')).toBe('sent');
    expect(events).toEqual(['composed', 'sent']);
  });

  test('reports of many domains are spread over all of the window', async () => {
    const domains = Array.from({ length: 60 }, (_, i) => `d${i}.example`);
    await Promise.all(domains.map((domain) => store.add(success(domain))));
    const one = sender();
    const perHour: number[] = [];
    for (let hour = 1; hour <= 4; hour++) {
      now = MIDNIGHT + hour * HOUR + 15 * MINUTE;
      await one.round(round());
      perHour.push(delivered.splice(0).length);
    }
    expect(perHour.reduce((sum, n) => sum + n)).toBe(60);
    for (const count of perHour) expect(count).toBeGreaterThan(5);
  });

  test('a domain whose late events still come in is waited for', async () => {
    await store.add(success('example.org'));
    now = MIDNIGHT + 5 * HOUR;
    await store.add(success('example.org'));
    await sender().round(round());
    expect(delivered).toEqual([]);
    now += 15 * MINUTE;
    await sender().round(round());
    expect(delivered).toHaveLength(1);
  });
});

test('the report holds the counts of its day, and what comes later is in the next one', async () => {
  await store.add(success('example.org'));
  await store.add(failed('example.org'));
  now = MIDNIGHT + 6 * HOUR;
  await sender().round(round());
  await store.add(failed('example.org'));
  const [due] = delivered;
  const parsed = await parseReport(due!.report);
  expect(parsed).toMatchObject({
    kind: 'report',
    notes: [],
    report: {
      organizationName: 'Example Sender',
      contactInfo: 'tlsrpt@sender.example',
      reportId: due!.reportId,
      start: DAY * DAY_MS,
      end: MIDNIGHT - 1000,
      policies: [
        {
          policy: {
            type: 'tlsa',
            domain: 'mx.example.org',
            strings: ['2 1 1 cd34', '3 1 1 ab12'],
            mxHosts: [],
          },
          successes: 1,
          failures: 1,
          details: [{ resultType: 'validation-failure', reasonCode: 'dane-no-match', sessions: 1 }],
        },
      ],
    },
  });
  expect(due!.reportId).toMatch(/^2026-11-25\.[0-9a-f]{12}\.example\.org@sender\.example$/);
  now = MIDNIGHT + DAY_MS + 6 * HOUR;
  await sender().round(round());
  expect(await parseReport(delivered[1]!.report)).toMatchObject({
    report: { start: MIDNIGHT, policies: [{ successes: 0, failures: 1 }] },
  });
});

describe('no report', () => {
  test.each<[string, TlsRptDiscovery | undefined, Partial<SenderOptions>, string]>([
    ['that is not asked for', { kind: 'absent' }, {}, 'unwanted: the domain asks for no reports'],
    [
      'where the record is bad',
      { kind: 'invalid', text: 'the record has no rua' },
      {},
      "unwanted: the domain's record cannot be used: the record has no rua",
    ],
    [
      'to a domain that is left out',
      undefined,
      { exclude: new Set(['example.org']) },
      'unwanted: excluded by the configuration',
    ],
    ['on fewer sessions than are set', undefined, { minimumSessions: 2 }, 'unwanted: fewer than 2 sessions'],
  ])('%s', async (_, answer, options, expected) => {
    await store.add(success('example.org'));
    now = MIDNIGHT + 6 * HOUR;
    await sender({ ...options, answers: answer ? { 'example.org': answer } : {} }).round(round());
    expect(state('example.org')).toBe(expected);
    expect(delivered).toEqual([]);
  });

  test('on nothing but our own reports: two such domains would write to each other for ever', async () => {
    await store.add(success('example.org'));
    now = MIDNIGHT + 6 * HOUR;
    await sender().round(round());
    // The report went by mail, and that session was counted.
    await store.add(success('reports.example', { at: now }));
    await store.add(success('example.net', { at: now }));
    now += DAY_MS;
    await sender().round(round());
    expect(state('reports.example')).toBe('unwanted: nothing but our own reports was sent there');
    expect(state('example.net')).toBe('sent');
    // A failure is news whatever the mail was.
    await store.add(failed('reports.example', {}, { at: now }));
    now += DAY_MS;
    await sender().round(round());
    expect(state('reports.example')).toBe('sent');
  });
});

test('a lookup that fails is tried again for a day, and then given up; meanwhile late events count', async () => {
  await store.add(success('example.org', { id: '1' }));
  now = MIDNIGHT + 6 * HOUR;
  const unknown: TlsRptDiscovery = { kind: 'unknown', text: 'signature expired' };
  const one = sender({ answers: { 'example.org': unknown } });
  await one.round(round());
  expect(state('example.org')).toBe(
    'counting: _smtp._tls.example.org cannot be looked up: signature expired',
  );
  await one.round(round());
  expect(one.counts.lookupsFailed).toBe(1);
  now += 5 * MINUTE;
  await one.round(round());
  expect(one.counts.lookupsFailed).toBe(2);
  now += DAY_MS;
  await one.round(round());
  expect(state('example.org')).toMatch(/^failed: /);
  expect(events).toEqual(['lookup']);
});

describe('deliveries', () => {
  const start = async (outcome: (due: DueDelivery) => Delivered, ...rua: string[]) => {
    await store.add(success('example.org'));
    now = MIDNIGHT + 6 * HOUR;
    const one = sender({ answers: { 'example.org': record(...rua) }, outcome });
    await one.round(round());
    return one;
  };
  const refused = (again: boolean): Delivered => ({ kind: 'failed', text: 'no', again });

  test('to every address of the record, each once although it stands there twice', async () => {
    await start(() => sent, MAIL, HTTPS, MAIL);
    expect(delivered.map(({ rua }) => rua).sort()).toEqual([HTTPS, MAIL]);
    expect(new Set(delivered.map(({ reportId }) => reportId)).size).toBe(1);
  });

  test('to ten addresses of a record at most', async () => {
    await start(() => sent, ...Array.from({ length: 40 }, (_, i) => `mailto:victim${i}@example.net`));
    expect(delivered).toHaveLength(10);
  });

  test('one that fails for now is tried again by itself, the same octets; the other is not sent twice', async () => {
    let tries = 0;
    const one = await start((due) => (due.rua === HTTPS && ++tries < 3 ? refused(true) : sent), MAIL, HTTPS);
    expect(state('example.org')).toBe('open');
    now += 5 * MINUTE;
    await one.round(round());
    now += 9 * MINUTE;
    await one.round(round());
    expect(tries).toBe(2);
    now += MINUTE;
    await one.round(round());
    expect(state('example.org')).toBe('sent');
    expect(delivered.map(({ rua, attempts }) => `${rua} ${attempts}`).sort()).toEqual([
      `${HTTPS} 1`,
      `${HTTPS} 2`,
      `${HTTPS} 3`,
      `${MAIL} 1`,
    ]);
    expect(new Set(delivered.map(({ report }) => Buffer.from(report).toString('hex'))).size).toBe(1);
  });

  test('one that is refused for good ends there; the report counts as sent if another address took it', async () => {
    await start((due) => (due.rua === HTTPS ? refused(false) : sent), MAIL, HTTPS);
    expect(state('example.org')).toBe('sent');
    expect(deliveries('example.org').map(({ rua, state }) => `${rua} ${state}`)).toEqual([
      `${HTTPS} failed`,
      `${MAIL} sent`,
    ]);
  });

  test('one that fails for a day is given up', async () => {
    const one = await start(() => refused(true), HTTPS);
    for (let i = 0; i < 20; i++) {
      now += 5 * HOUR;
      await one.round(round());
    }
    expect(state('example.org')).toBe('failed');
    expect(one.counts).toMatchObject({ retried: 5, failed: 1 });
    expect(delivered).toHaveLength(6);
  });

  test('what throws is tried again', async () => {
    await start(() => {
      throw new RangeError('of our own making');
    }, HTTPS);
    expect(deliveries('example.org')).toMatchObject([{ state: 'due', text: 'of our own making' }]);
  });
});

describe('stopped in the middle', () => {
  test('by a signal: what is under way is broken off and told, the next sender goes on at once', async () => {
    await Promise.all([success('a.example'), success('b.example')].map((event) => store.add(event)));
    now = MIDNIGHT + 6 * HOUR;
    const stopped = new AbortController();
    const hanging = sender({
      answers: { 'a.example': record(HTTPS), 'b.example': record(HTTPS) },
      deliver: (due, signal) => {
        if (due.domain === 'a.example') {
          return new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
            setImmediate(() => stopped.abort(new Error('stop')));
          });
        }
        return Promise.resolve(sent);
      },
    });
    await hanging.round(round({ signal: stopped.signal }));
    expect(deliveries('a.example')).toMatchObject([{ state: 'due', interrupted: 1, attempts: 1 }]);
    expect(hanging.counts.interrupted).toBe(1);
    await sender().round(round());
    expect(delivered.map(({ domain }) => domain)).toEqual(['a.example']);
    expect(deliveries('a.example')).toMatchObject([{ state: 'sent', interrupted: 1, attempts: 2 }]);
    expect(state('b.example')).toBe('sent');
  });

  test('by force: nobody takes what another sender may be sending, until its time is over', async () => {
    await store.add(success('example.org'));
    now = MIDNIGHT + 6 * HOUR;
    void sender({ deliver: () => new Promise(() => {}) }).round(round());
    await new Promise(setImmediate);
    const other = sender();
    await other.round(round());
    expect(delivered).toEqual([]);
    now += 10 * MINUTE;
    await other.round(round());
    expect(delivered).toHaveLength(1);
    expect(deliveries('example.org')).toMatchObject([{ state: 'sent', interrupted: 1, attempts: 2 }]);
  });

  test('before anything begins', async () => {
    await store.add(success('example.org'));
    now = MIDNIGHT + 6 * HOUR;
    const stopped = AbortSignal.abort(new Error('stop'));
    const one = sender({
      discover: async (_, signal) => {
        signal.throwIfAborted();
        return record(MAIL);
      },
    });
    await one.round(round({ signal: stopped }));
    expect(state('example.org')).toBe('counting');
  });
});

test('two senders at once send each report once', async () => {
  const domains = Array.from({ length: 20 }, (_, i) => `d${i}.example`);
  await Promise.all(domains.map((domain) => store.add(success(domain))));
  now = MIDNIGHT + 6 * HOUR;
  await Promise.all([sender().round(round()), sender().round(round())]);
  expect(delivered.map(({ domain }) => domain).sort()).toEqual(domains.sort());
});

test('a dry run shows what would be sent, and leaves no trace', async () => {
  await Promise.all([success('a.example'), failed('b.example')].map((event) => store.add(event)));
  now = MIDNIGHT + MINUTE;
  const one = sender({ answers: { 'b.example': { kind: 'absent' } } });
  const planned = [];
  for await (const each of one.plan(round({ windowMs: 0, settleMs: 0 }))) planned.push(each);
  expect(planned.map(({ domain, decision }) => `${domain} ${decision.kind}`).sort()).toEqual([
    'a.example report',
    'b.example unwanted',
  ]);
  expect(planned[0]!.report).toHaveProperty('policies');
  expect([state('a.example'), state('b.example')]).toEqual(['counting', 'counting']);
  expect(delivered).toEqual([]);
});

test('one day or one domain alone', async () => {
  await store.add(success('a.example', { at: NOON - DAY_MS }));
  await Promise.all([success('a.example'), success('b.example')].map((event) => store.add(event)));
  now = MIDNIGHT + 6 * HOUR;
  await sender().round(round({ domain: 'b.example' }));
  await sender().round(round({ day: DAY - 1 }));
  expect(delivered.map(({ day, domain }) => `${day - DAY} ${domain}`)).toEqual([
    '0 b.example',
    '-1 a.example',
  ]);
});
