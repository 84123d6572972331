/** What is kept between runs: whole, or lost and said to be. */
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_MEMORY } from '@mailanchor/dane';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hostFolder, type KeptState, readState, writeState } from './kept-state.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailanchor-state-'));
  file = join(folder, 'memory.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const STATE: KeptState = {
  memory: {
    places: {
      '_25._tcp.mx1.example': {
        sets: [
          { records: ['3 1 1 00'], ttl: 3600, goneAt: null },
          { records: null, ttl: 60, goneAt: 5 },
        ],
        underway: [{ records: [], since: 7 }],
      },
    },
    ours: ['3 1 1 00'],
    settled: { what: 'ab', since: 3 },
    attempts: [
      { key: 'deploy ecdsa', at: 1, outcome: 'failed', text: 'no' },
      { key: 'make-key rsa', at: 2, outcome: 'done' },
    ],
    replacing: { ecdsa: 'cd' },
  },
  last: { at: 9, state: 'aging', step: 'wait', why: 'because', earliest: 10 },
};

test('what is written is read, by its owner alone', async () => {
  await writeState(folder, STATE);
  expect(await readState(folder)).toEqual(STATE);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  // Nothing beside it is left over.
  expect(readdirSync(folder)).toEqual(['memory.json']);
});

test('none is no state, and no loss', async () => {
  expect(await readState(folder)).toEqual({ memory: NO_MEMORY, last: null });
});

const damages: [string, (text: string) => string][] = [
  ['cut short', (text) => text.slice(0, 100)],
  ['empty', () => ''],
  ['of another version', (text) => text.replace('"version": 1', '"version": 2')],
  ['with a number that is a word', (text) => text.replace('3600', '"long"')],
  ['with a field that nobody knows', (text) => text.replace('"ours"', '"theirs": [], "ours"')],
  ['no JSON', () => 'memory'],
];
test.each(damages)('%s: lost, and said to be', async (_, damage) => {
  await writeState(folder, STATE);
  writeFileSync(file, damage(readFileSync(file, 'utf8')));
  const read = await readState(folder);
  expect(read).toMatchObject({ memory: NO_MEMORY, last: null });
  expect(read.lost).toContain('memory.json');
});

test('a file that others can write, or that is a link, is not believed', async () => {
  await writeState(folder, STATE);
  chmodSync(file, 0o666);
  expect((await readState(folder)).lost).toContain('can be written by others');
  rmSync(file);
  symlinkSync('/etc/hostname', file);
  expect((await readState(folder)).memory).toEqual(NO_MEMORY);
});

test('the folder of a wildcard has no star', () => {
  expect(hostFolder('/s', '*.mx.example')).toBe('/s/wildcard.mx.example');
});
