/** A process that keeps what it sees is killed at moments of chance: what was found out and what is to be told are both there, or neither. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { openDatabase } from '../store/database.ts';
import { alertSchema, problemSchema } from './alert-schema.ts';
import { WATCH_DATABASE } from './database.ts';

/** Sees a problem come and go, as fast as the disk takes it; prints the number of alerts that are kept. */
const SEER = `
  import { openDatabase } from ${JSON.stringify(new URL('../store/database.ts', import.meta.url).href)};
  import { WATCH_DATABASE } from ${JSON.stringify(new URL('./database.ts', import.meta.url).href)};
  import { WatchStore } from ${JSON.stringify(new URL('./store.ts', import.meta.url).href)};
  const database = openDatabase(process.argv[1], WATCH_DATABASE);
  const store = new WatchStore(database, { channels: () => ['one', 'two'] });
  const id = store.watch(['example.org']).get('example.org').id;
  const policy = { confirmAfter: 1, resolveAfter: 1, flapLimit: 1e9, flapWindowMs: 1, calmMs: 0, remindMs: undefined, mayTell: () => true };
  const seen = { severity: 'error', code: 'a', subject: 'b', text: 'c', effect: '' };
  let there = database.prepare('SELECT count(*) AS n FROM alert').get().n % 2 === 1;
  for (let now = database.prepare('SELECT coalesce(max(at), 0) + 10 AS at FROM alert').get().at; ; now += 10) {
    const look = there ? { kind: 'absent' } : { kind: 'present', seen };
    const { alerts } = store.record({ id, text: 'example.org' }, now, policy, () => new Map([['a b', look]]), undefined);
    there = !there;
    for (const { id, kind } of alerts) process.stdout.write(id + ' ' + kind + '\\n');
  }`;

async function seeUntilKilled(path: string, count: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SEER, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const told: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(line);
    if (told.length === count) child.kill('SIGKILL');
  }
  const [, signal] = await closed;
  expect(signal).toBe('SIGKILL');
  return told;
}

test('every alert that was found out is there for each channel, and raised and resolved take turns over all lives', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'watch-kill-'));
  try {
    const path = join(folder, 'watch.sqlite');
    const told: string[] = [];
    for (let round = 0; round < 4; round++) {
      told.push(...(await seeUntilKilled(path, 1 + Math.floor(Math.random() * 150))));
    }
    const database = openDatabase(path, WATCH_DATABASE);
    const alerts = database
      .prepare('SELECT alert FROM alert ORDER BY at')
      .all()
      .map(({ alert }) => alertSchema.parse(JSON.parse(String(alert))));
    const kept = new Set(alerts.map(({ id, kind }) => `${id} ${kind}`));
    expect(told.filter((line) => !kept.has(line))).toEqual([]);
    expect(alerts.map(({ kind }) => kind)).toEqual(
      alerts.map((_, i) => (i % 2 === 0 ? 'raised' : 'resolved')),
    );
    const { n } = database.prepare('SELECT count(*) AS n FROM recipient').get() ?? {};
    expect(n).toBe(alerts.length * 2);
    // What is believed is what the last alert says.
    const states = database.prepare('SELECT state FROM problem').all();
    const believed = states.map(({ state }) => problemSchema.parse(JSON.parse(String(state))).believed);
    expect(believed.filter((each) => each !== null)).toHaveLength(alerts.length % 2);
    database.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 30_000);
