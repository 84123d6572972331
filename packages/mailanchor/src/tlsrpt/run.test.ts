import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Sources } from '../options/sources.ts';
import { failed } from './events.fixture.ts';
import { RunningSender } from './run.ts';
import { readSendSettings } from './settings.ts';
import { openTlsRptStore, type TlsRptStore } from './store.ts';

let folder: string;
let store: TlsRptStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tlsrpt-'));
  store = openTlsRptStore(join(folder, 'tlsrpt.sqlite'));
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

const settings = () =>
  readSendSettings(
    new Sources(
      {
        organizationName: 'Example Sender',
        contactInfo: 'tlsrpt@sender.example',
        metrics: '127.0.0.1:0',
        // Nobody is asked: all zones are at a server where nobody listens.
        forwardZone: ['.=127.0.0.1:9'],
      },
      {},
    ),
    undefined,
  );

/** Resolves with the first event of the name. */
function events() {
  const seen: string[] = [];
  const waiting = new Map<string, () => void>();
  const tell = (event: string, text: string) => {
    seen.push(`${event}: ${text}`);
    waiting.get(event)?.();
  };
  return {
    log: { event: tell, problem: tell },
    seen,
    until: (event: string) => new Promise<void>((resolve) => waiting.set(event, resolve)),
  };
}

test('a file that cannot be used is told once, and seen from outside; the service goes on', async () => {
  await store.add(failed('example.org', {}, { at: Date.now() - 86_400_000 }));
  const { log, seen, until } = events();
  const running = await RunningSender.start(await settings(), store, log);
  const place = /http:\S+\//.exec(seen.join('\n'))![0];
  store.database.exec('DROP TABLE delivery');
  const problem = until('round');
  const stop = new AbortController();
  const ended = running.run(stop.signal);
  await problem;
  const health = await fetch(`${place}healthz`);
  expect(health.status).toBe(503);
  expect(await health.text()).toContain('no such table');
  stop.abort();
  await ended;
  expect(seen.filter((line) => line.startsWith('round'))).toHaveLength(1);
  expect(seen.at(-1)).toBe('stop: stopped');
});

test('settings that cannot be used leave everything as it is', async () => {
  const { log, until } = events();
  const running = await RunningSender.start(await settings(), store, log);
  const told = until('reload');
  running.reload(async () => {
    throw new Error('mailanchor.yaml:3: no');
  });
  await told;
  const stop = new AbortController();
  const ended = running.run(stop.signal);
  stop.abort();
  await ended;
});
