import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSRPT_RESULT_TYPES, type TlsRptReport } from '@mailanchor/smtp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findingsOf } from './finding-of-result.ts';
import type { LiveFinding } from './live-check.ts';
import { type OverviewOptions, readOverview } from './overview.ts';
import { openReceived, type ReceivedStore } from './received-store.ts';
import { NOW } from './samples.fixture.ts';
import { sentencesOf } from './sentences.ts';

const DAY = 86_400_000;
let folder: string;
let store: ReceivedStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'overview-'));
  store = openReceived(join(folder, 'r.sqlite'), { clock: () => NOW });
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

interface Failed {
  readonly host?: string;
  readonly type: string;
  readonly sessions?: number;
  readonly reason?: string;
}

/** `ago`: days. */
function add(
  organization: string,
  ago: number,
  failures: readonly Failed[],
  more: {
    type?: string;
    domain?: string;
    trusted?: boolean;
    successes?: number;
    failed?: number;
    id?: string;
  } = {},
): string {
  const { type = 'tlsa', domain = 'example.org', trusted = true, successes = 10 } = more;
  const start = Date.UTC(2026, 10, 25) - ago * DAY;
  const report: TlsRptReport = {
    organizationName: organization,
    contactInfo: 'a@b.example',
    reportId: more.id ?? `${organization} ${ago} ${failures.map((one) => one.type).join()}`,
    start,
    end: start + DAY - 1000,
    policies: [
      {
        policy: { type, domain, strings: [], mxHosts: [] },
        successes,
        failures: more.failed ?? failures.reduce((sum, { sessions = 1 }) => sum + sessions, 0),
        details: failures.map(({ host, type: resultType, sessions = 1, reason }) => ({
          resultType,
          sessions,
          ...(host !== undefined && { receivingMxHostname: host }),
          ...(reason !== undefined && { reasonCode: reason }),
        })),
      },
    ],
  };
  return store.add({ report, notes: [], source: 'mail', signature: '', trusted });
}

const read = (more: Partial<OverviewOptions> = {}) =>
  readOverview(store.database, { since: NOW - 30 * DAY, domains: [], unverified: false, ...more });
const lines = (more: Partial<OverviewOptions> = {}) =>
  read(more).rows.map((row) => `${row.host} ${row.organization} ${row.resultType} ${row.sessions}`);
const sentences = (live?: ReadonlyMap<string, LiveFinding>) => {
  const { rows, last = 0 } = read();
  return sentencesOf(rows, last, live).map(({ text }) => text);
};
const mismatch = (host = 'mx2.example.org', sessions = 1): Failed => ({
  host,
  type: 'certificate-host-mismatch',
  sessions,
});

describe('rows', () => {
  test('by host, reporter and result, added up over days', () => {
    add('Google Inc.', 1, [
      mismatch('mx2.example.org', 3),
      { host: 'mx1.example.org', type: 'starttls-not-supported' },
    ]);
    add('google inc.', 0, [mismatch('mx2.example.org', 4)]);
    add('Microsoft', 0, [mismatch()]);
    expect(lines()).toEqual([
      'mx2.example.org Google Inc. certificate-host-mismatch 7',
      'mx1.example.org Google Inc. starttls-not-supported 1',
      'mx2.example.org Microsoft certificate-host-mismatch 1',
    ]);
    const { rows, ...sums } = read();
    expect(sums).toEqual({
      reports: 3,
      organizations: 2,
      unverified: 0,
      successes: 30,
      failures: 9,
      first: Date.UTC(2026, 10, 24),
      last: Date.UTC(2026, 10, 26) - 1000,
    });
    expect(rows[0]).toMatchObject({
      reports: 2,
      first: Date.UTC(2026, 10, 24),
      findings: ['tlsa-mismatch', 'ta-name'],
    });
  });
  test('a failure that names no host is the domain’s; one without details is told as well', () => {
    add('A', 0, [{ type: 'sts-policy-invalid' }], { type: 'sts' });
    add('B', 0, [], { failed: 5 });
    expect(lines()).toEqual(['example.org B not said 5', 'example.org A sts-policy-invalid 1']);
  });
  test('since, and of which domains', () => {
    add('A', 40, [mismatch()]);
    add('B', 0, [mismatch('mx.example.net')], { domain: 'example.net' });
    add('C', 0, [mismatch('mx.sub.example.org')], { domain: 'sub.example.org' });
    add('D', 0, [mismatch('mx.notexample.org')], { domain: 'notexample.org' });
    expect(lines({ domains: ['example.org'] })).toEqual(['mx.sub.example.org C certificate-host-mismatch 1']);
    expect(read({ domains: ['example.org'] })).toMatchObject({ reports: 1, failures: 1 });
    expect(lines({ domains: ['mx.example.net'] })).toEqual(['mx.example.net B certificate-host-mismatch 1']);
    expect(lines({ since: 0, domains: ['example.org', 'example.net'] }).length).toBe(3);
  });
  test('what nobody vouches for counts where that is asked for, and once where somebody does', () => {
    add('A', 0, [mismatch()], { trusted: false, id: '1' });
    add('A', 0, [mismatch()], { trusted: true, id: '1' });
    add('B', 0, [mismatch()], { trusted: false, id: '2' });
    expect(read()).toMatchObject({ reports: 1, unverified: 1 });
    expect(lines()).toEqual(['mx2.example.org A certificate-host-mismatch 1']);
    expect(lines({ unverified: true }).length).toBe(2);
    expect(read({ unverified: true })).toMatchObject({ reports: 2, unverified: 0 });
  });
  test('sums beyond all bounds are no error', () => {
    const huge = mismatch('mx2.example.org', Number.MAX_SAFE_INTEGER);
    add(
      'A',
      0,
      Array.from({ length: 2_000 }, () => huge),
      { failed: Number.MAX_SAFE_INTEGER },
    );
    for (let id = 0; id < 5; id++) add('A', 0, [], { failed: Number.MAX_SAFE_INTEGER, id: String(id) });
    expect(read().rows[0]!.sessions).toBeGreaterThan(1e19);
    expect(read().failures).toBeGreaterThan(5e16);
  });
  test('nothing', () => {
    expect(read()).toEqual({
      reports: 0,
      organizations: 0,
      unverified: 0,
      successes: 0,
      failures: 0,
      first: undefined,
      last: undefined,
      rows: [],
    });
    expect(sentences()).toEqual([]);
  });
});

describe('sentences', () => {
  test('two senders, since a day', () => {
    add('Google Inc.', 1, [mismatch('mx2.example.org', 3)]);
    add('Microsoft', 0, [mismatch('mx2.example.org', 4)]);
    expect(sentences()).toEqual([
      'mail from 2 senders (Microsoft, Google Inc.) failed with certificate-host-mismatch on mx2.example.org since Tuesday 2026-11-24 (7 sessions): see tlsa-mismatch or ta-name',
    ]);
  });
  test('one session, over since', () => {
    add('A', 5, [{ host: 'mx1.example.org', type: 'starttls-not-supported' }]);
    add('A', 0, []);
    expect(sentences()).toEqual([
      'mail from A failed with starttls-not-supported on mx1.example.org on Friday 2026-11-20 (1 session): see starttls-missing or starttls-selective',
    ]);
  });
  test('many senders, from one day to another, a type that nobody knows', () => {
    for (const [i, name] of ['A', 'B', 'C', 'D'].entries())
      add(name, 5 + i, [{ host: 'mx1.example.org', type: 'new-type' }]);
    add('A', 0, []);
    expect(sentences()).toEqual([
      'mail from 4 senders (A, B, C and others) failed with new-type on mx1.example.org from Tuesday 2026-11-17 to Friday 2026-11-20 (4 sessions)',
    ]);
  });
  test('with what a check found', () => {
    add('A', 0, [mismatch()]);
    const live = new Map([
      [
        'mx2.example.org certificate-host-mismatch',
        { state: 'so', text: 'still so now: tlsa-mismatch' } as const,
      ],
    ]);
    expect(sentences(live)).toEqual([
      expect.stringMatching(/: see tlsa-mismatch or ta-name; still so now: tlsa-mismatch$/),
    ]);
  });
});

test('each result type has findings, under each policy; no other name has', () => {
  for (const type of TLSRPT_RESULT_TYPES)
    for (const policy of ['tlsa', 'sts', 'no-policy-found'])
      expect(findingsOf(type, policy).length, `${type} ${policy}`).toBeGreaterThan(0);
  for (const name of ['constructor', '__proto__', '', 'x']) expect(findingsOf(name, 'tlsa')).toEqual([]);
});

test('what is old is forgotten', () => {
  add('A', 20, [mismatch()]);
  add('B', 0, [mismatch()]);
  expect(store.prune(10)).toBe(1);
  expect(lines()).toEqual(['mx2.example.org B certificate-host-mismatch 1']);
});
