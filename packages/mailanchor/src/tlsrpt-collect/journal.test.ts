/** With a journalctl of our own: what it is asked, what it gives, how it ends. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { followJournal, type JournalPosition } from './journal.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(script: string, position?: JournalPosition, fromEnd = false) {
  const command = join(folder, 'journalctl');
  writeFileSync(command, `#!/bin/sh\necho "$@" >> ${folder}/asked\n${script}\n`);
  chmodSync(command, 0o755);
  const stop = new AbortController();
  const taken: [string[], JournalPosition | undefined][] = [];
  const problems: string[] = [];
  const done = followJournal({
    command,
    position,
    fromEnd,
    take: async (lines, at) => void taken.push([[...lines], at]),
    problem: (text) => problems.push(text),
    signal: stop.signal,
    restartMs: 10,
  });
  const asked = () =>
    existsSync(`${folder}/asked`) ? readFileSync(`${folder}/asked`, 'utf8').split('\n') : [];
  return { stop: () => stop.abort(), done, taken, problems, asked };
}

const entry = (cursor: string) => `{"__CURSOR":"${cursor}","MESSAGE":"x"}`;

test('entries with their cursor; started again behind the last of them', async () => {
  const one = run(
    `case "$*" in *after-cursor*) exec sleep 60;; esac\necho '${entry('s=1')}'; echo '${entry('s=2')}'; echo broken >&2; exit 3`,
  );
  await vi.waitFor(() => expect(one.asked().length).toBe(3), { interval: 5, timeout: 10_000 });
  one.stop();
  await one.done;
  expect(one.taken.flatMap(([lines]) => lines)).toEqual([entry('s=1'), entry('s=2')]);
  expect(one.taken.at(-1)![1]).toEqual({ cursor: 's=2' });
  expect(one.problems).toEqual(['journalctl: broken; started again in 0.01 s']);
  const [first, second] = one.asked();
  expect(first).toBe(
    '--follow --no-tail --no-pager --quiet --output=json --output-fields=MESSAGE,SYSLOG_IDENTIFIER,SYSLOG_PID,_PID,_HOSTNAME --since=today SYSLOG_FACILITY=2',
  );
  expect(second).toContain('--after-cursor=s=2 SYSLOG_FACILITY=2');
});

test.each<[string, JournalPosition | undefined, boolean, string]>([
  ['kept', { cursor: 's=9' }, true, '--after-cursor=s=9'],
  ['from the end', undefined, true, '--lines=0'],
])('where it begins: %s', async (_, position, fromEnd, expected) => {
  const one = run('exec sleep 60', position, fromEnd);
  await vi.waitFor(() => expect(one.asked()[0]).toContain(`${expected} SYSLOG_FACILITY=2`), {
    interval: 5,
    timeout: 10_000,
  });
  one.stop();
  await one.done;
});

test('no journalctl: said, tried again', async () => {
  const stop = new AbortController();
  const problems: string[] = [];
  const done = followJournal({
    command: join(folder, 'none'),
    position: undefined,
    fromEnd: false,
    take: async () => {},
    problem: (text) => problems.push(text),
    signal: stop.signal,
    restartMs: 5,
  });
  await vi.waitFor(() => expect(problems.length).toBeGreaterThan(1), { timeout: 10_000 });
  expect(problems[0]).toMatch(/ENOENT/);
  stop.abort();
  await done;
});
