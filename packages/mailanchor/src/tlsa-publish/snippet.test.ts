import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Name } from '@mailanchor/dns';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TlsaChange } from './publisher.ts';
import { createSnippetPublisher, type SnippetOptions } from './snippet.ts';

const tlsa = (first: number) => ({
  usage: 3,
  selector: 1,
  matching: 1,
  data: new Uint8Array(32).fill(first),
});
const [A, B] = [tlsa(0xaa), tlsa(0xbb)];
const owner = Name.fromText('_25._tcp.mx1.example.org');
const base: TlsaChange = {
  zone: Name.fromText('example.org'),
  owner,
  ttl: 60,
  expected: [],
  add: [],
  remove: [],
};
const signal = new AbortController().signal;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailanchor-snippet-'));
  file = join(folder, 'tlsa.inc');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Each command notes that it ran, and what the file held then. */
const note = (name: string, then = 'true') => [
  'sh',
  '-c',
  `cp "$1" "$2"; ${then}`,
  'sh',
  file,
  join(folder, name),
];
function publish(change: Partial<TlsaChange>, options: Partial<SnippetOptions> = {}) {
  const publisher = createSnippetPublisher({
    name: 'file',
    file,
    reload: note('reloaded'),
    timeoutMs: 5000,
    ...options,
  });
  return publisher.publish({ ...base, ...change }, signal);
}
const text = (name = 'tlsa.inc') => readFileSync(join(folder, name), 'utf8');
const records = (name?: string) =>
  text(name)
    .split('\n')
    .filter((line) => /^[^;]/.test(line));
const line = (first: string, ttl = 60, host = 'mx1') =>
  `_25._tcp.${host}.example.org. ${ttl} IN TLSA 3 1 1 ${first.repeat(32)}`;

test('records come and go, and the server is told each time', async () => {
  expect(await publish({ add: [A] })).toEqual({ kind: 'done' });
  expect(records()).toEqual([line('aa')]);
  expect(records('reloaded')).toEqual([line('aa')]);
  const other = Name.fromText('_25._tcp.mx2.example.org');
  expect(await publish({ owner: other, add: [B] })).toEqual({ kind: 'done' });
  expect(await publish({ expected: [A], add: [B], ttl: 30 })).toEqual({ kind: 'done' });
  expect(records()).toEqual([line('aa', 30), line('bb', 30), line('bb', 60, 'mx2')]);
  expect(await publish({ expected: [A, B], remove: [A, B] })).toEqual({ kind: 'done' });
  expect(records('reloaded')).toEqual([line('bb', 60, 'mx2')]);
  expect(readdirSync(folder).sort()).toEqual(['reloaded', 'tlsa.inc']);
});

test('what a killed run had written is told to the server', async () => {
  await publish({ add: [A] });
  rmSync(join(folder, 'reloaded'));
  expect(await publish({ add: [A] })).toEqual({ kind: 'unchanged' });
  expect(records('reloaded')).toEqual([line('aa')]);
  // A lock of a process that is gone holds nobody up.
  writeFileSync(`${file}.lock`, '');
  expect(await publish({ expected: [A], add: [B] })).toEqual({ kind: 'done' });
});

test('the serial is bumped between writing and reloading', async () => {
  const order = (word: string) => ['sh', '-c', `echo ${word} >> "$0"`, join(folder, 'order')];
  expect(await publish({ add: [A] }, { serial: order('serial'), reload: order('reload') })).toEqual({
    kind: 'done',
  });
  expect(text('order')).toBe('serial\nreload\n');
});

test('an empty file and its mode are taken as they are', async () => {
  writeFileSync(file, '');
  chmodSync(file, 0o640);
  expect(await publish({ add: [A] })).toEqual({ kind: 'done' });
  expect(statSync(file).mode & 0o777).toBe(0o640);
});

describe('a file that is not as it was left is not touched', () => {
  test.each<[string, (written: string) => string, RegExp]>([
    ['a record added', (written) => `${written}${line('cc')}\n`, /changed by hand/],
    ['a record removed', (written) => written.replace(`${line('aa')}\n`, ''), /changed by hand/],
    ['a comment added', (written) => `${written}; mine\n`, /changed by hand/],
    ['the head removed', (written) => written.replace(/^;.*\n/, ''), /not written by Mailanchor/],
    ['another file', () => '@ TXT "mine"\n', /not written by Mailanchor/],
  ])('%s', async (_, edit, message) => {
    await publish({ add: [A] });
    const edited = edit(text());
    writeFileSync(file, edited);
    rmSync(join(folder, 'reloaded'));
    expect(await publish({ expected: [A], add: [B] })).toEqual({
      kind: 'conflict',
      text: expect.stringMatching(message),
    });
    expect(text()).toBe(edited);
    expect(readdirSync(folder)).toEqual(['tlsa.inc']);
  });

  test('records that are not the expected ones', async () => {
    await publish({ add: [A] });
    expect(await publish({ add: [B] })).toEqual({
      kind: 'conflict',
      text: expect.stringMatching(/has 3 1 1 (aa)+ for/),
    });
    expect(records()).toEqual([line('aa')]);
  });
});

describe('where the command fails the file is put back', () => {
  test.each<[string, Partial<SnippetOptions>, object]>([
    [
      'the reload',
      { reload: ['sh', '-c', 'echo no such zone >&2; exit 3'] },
      { kind: 'failed', text: expect.stringMatching(/exit status 3: no such zone\. The file was put back$/) },
    ],
    [
      'the serial',
      { serial: ['false'] },
      { kind: 'refused', text: 'false: exit status 1. The file was put back' },
    ],
    [
      'the program',
      { reload: ['/no/such/program'] },
      { kind: 'refused', text: '/no/such/program cannot be run: no such program. The file was put back' },
    ],
    [
      'its time',
      { reload: ['sleep', '20'], timeoutMs: 150 },
      { kind: 'failed', text: expect.stringContaining('not done after 0.15 s') },
    ],
  ])('%s', async (_, options, outcome) => {
    expect(await publish({ add: [A] }, options)).toEqual(outcome);
    expect(readdirSync(folder)).toEqual([]);
    await publish({ add: [A] });
    const before = text();
    expect(await publish({ expected: [A], add: [B] }, options)).toEqual(outcome);
    expect(text()).toBe(before);
  });

  test('a folder that cannot be written to', async () => {
    const outcome = await publish({ add: [A] }, { file: '/proc/mailanchor/tlsa.inc' });
    expect(outcome).toEqual({ kind: 'refused', text: '/proc/mailanchor/tlsa.inc: no such file' });
  });
});

test('two at once take turns', async () => {
  const results = await Promise.all([
    publish({ add: [A] }),
    publish({ owner: Name.fromText('_25._tcp.mx2.example.org'), add: [B] }),
  ]);
  expect(results).toEqual([{ kind: 'done' }, { kind: 'done' }]);
  expect(records()).toEqual([line('aa'), line('bb', 60, 'mx2')]);
});
