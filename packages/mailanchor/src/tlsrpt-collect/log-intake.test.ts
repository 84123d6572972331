/** A log counted into a store, stopped anywhere and gone on with, and with a disk that is full at times. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Log } from '../resolver-service/log.ts';
import { DatabaseError } from '../store/database-error.ts';
import { readUnclear } from '../tlsrpt/source-position.ts';
import { openTlsRptStore, type TlsRptStore } from '../tlsrpt/store.ts';
import { CollectCounts } from './counts.ts';
import { LogIntake } from './log-intake.ts';

const NOW = new Date(2026, 10, 25, 20).getTime();
const LINES = readFileSync(new URL('../../test/fixtures/postfix-3.7-dane.log', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');

let folder: string;
let stores: TlsRptStore[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'intake-'));
  stores = [];
});
afterEach(() => {
  for (const store of stores) store.close();
  rmSync(folder, { recursive: true });
});

function open(name: string): TlsRptStore {
  const store = openTlsRptStore(join(folder, name), { clock: () => NOW });
  stores.push(store);
  return store;
}

function intakeOf(store: TlsRptStore, log: Log = { event: () => {}, problem: () => {} }) {
  const counts = new CollectCounts();
  const intake = new LogIntake({
    store,
    name: 'log',
    // All that is known of each destination: it has no policy.
    policies: { find: async () => ({ kind: 'none' }) },
    clock: () => NOW,
    counts,
    log,
    signal: new AbortController().signal,
  });
  return { intake, counts };
}

function sums(store: TlsRptStore): string[] {
  const rows = store.database
    .prepare(
      'SELECT d.domain, type, successes, failures FROM policy p JOIN domain d ON d.id = p.domain ORDER BY d.domain, type',
    )
    .all();
  const unclear = readUnclear(store.database, Math.floor(NOW / 86_400_000));
  return [...rows.map((row) => Object.values(row).join(' ')), JSON.stringify(unclear)];
}

test('cut into runs anywhere, each from the position that the one before wrote, it comes to the same', async () => {
  const whole = open('whole');
  await intakeOf(whole).intake.take(LINES, { offset: LINES.length });
  const expected = sums(whole);
  expect(expected).toContain('good.cases.example no-policy-found 1 0');
  expect(expected).toContain('bogustlsa.cases.example tlsa 0 1');
  // A refusal of DANE where there is no DANE (three hosts, one of them twice), and of a name that nobody asked for.
  expect(expected.at(-1)).toBe('{"policy-changed":3,"own-demand":1}');
  for (const step of [1, 3, 7]) {
    const store = open(`step${step}`);
    for (let offset = 0; offset < LINES.length; ) {
      // Nothing of the run before is left but the file.
      const { intake } = intakeOf(store);
      const at = (intake.position as { offset: number } | undefined)?.offset ?? 0;
      expect(at).toBe(offset);
      offset = Math.min(at + step, LINES.length);
      await intake.take(LINES.slice(at, offset), { offset });
    }
    expect(sums(store)).toEqual(expected);
  }
});

test('a disk that is full holds it up, says so once, and loses nothing', async () => {
  const store = open('full');
  const said: string[] = [];
  const { intake, counts } = intakeOf(store, {
    event: (_, text) => said.push(text),
    problem: (_, text) => said.push(`! ${text}`),
  });
  const write = store.addTogether.bind(store);
  let refusals = 2;
  store.addTogether = (...args) => {
    if (refusals-- > 0) throw new DatabaseError('full', 'TLS report counts: the disk is full');
    return write(...args);
  };
  await intake.take(LINES, { offset: LINES.length });
  expect(said).toEqual(['! nothing can be counted: TLS report counts: the disk is full', 'written again']);
  expect(sums(store)).toContain('good.cases.example no-policy-found 1 0');
  expect(counts.logLines).toBe(LINES.length);
});

test('told to stop while the disk is full, it ends, and the next run counts what was not written', async () => {
  const store = open('stopped');
  const stop = new AbortController();
  const intake = new LogIntake({
    store,
    name: 'log',
    policies: { find: async () => ({ kind: 'none' }) },
    clock: () => NOW,
    counts: new CollectCounts(),
    log: { event: () => {}, problem: () => stop.abort() },
    signal: stop.signal,
  });
  const write = store.addTogether.bind(store);
  store.addTogether = () => {
    throw new DatabaseError('full', 'the disk is full');
  };
  await expect(intake.take(LINES, { offset: LINES.length })).rejects.toMatchObject({ name: 'AbortError' });
  store.addTogether = write;
  const next = intakeOf(store).intake;
  expect(next.position).toBeUndefined();
  await next.take(LINES, { offset: LINES.length });
  expect(sums(store)).toContain('good.cases.example no-policy-found 1 0');
});
