import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHECK_LINES as CHECKS } from '../check/result-lines.ts';
import { UsageError } from '../errors.ts';
import { ResultFile } from './result-file.ts';

let folder: string;
let next = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailanchor-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const line = (target: string, verdict = 'protected') => JSON.stringify({ target, kind: 'x', verdict });
const path = (text?: string): string => {
  const name = join(folder, `results-${next++}`);
  if (text !== undefined) writeFileSync(name, text);
  return name;
};
const two = `${line('a.example')}\n${line('b.example', 'broken')}\n`;

test('a new file takes lines', async () => {
  const name = path();
  const file = await ResultFile.open(name, false, CHECKS);
  await file.append('{"a":1}');
  await file.append('{"b":2}');
  await file.close();
  expect(readFileSync(name, 'utf8')).toBe('{"a":1}\n{"b":2}\n');
});

test('an empty file is as good as none; a full one is not written over', async () => {
  await (await ResultFile.open(path(''), false, CHECKS)).close();
  await expect(ResultFile.open(path(two), false, CHECKS)).rejects.toThrow(/is there already: --resume/);
});

test('what stands there is done, as often as it stands there', async () => {
  const file = await ResultFile.open(path(`${two}${line('a.example')}\n`), true, CHECKS);
  expect(file.before.count).toBe(3);
  expect([...file.before.outcomes]).toEqual([
    ['protected', 2],
    ['broken', 1],
  ]);
  expect(['a.example', 'a.example', 'a.example', 'c.example'].map((t) => file.take(t))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  await file.close();
});

test.each([
  ['cut in the middle', line('c.example').slice(0, 20)],
  ['whole but for its line end', line('c.example')],
  ['of zeros, after a power cut', '\0'.repeat(50)],
  ['of zeros with a line end', `${'\0'.repeat(50)}\n`],
  ['cut in the middle of a character', Buffer.from([0x7b, 0x22, 0xc3])],
])('a last line %s is mended away', async (_, rest) => {
  const name = path();
  writeFileSync(name, Buffer.concat([Buffer.from(two), Buffer.from(rest)]));
  const file = await ResultFile.open(name, true, CHECKS);
  expect(file.before.count).toBe(2);
  await file.append(line('c.example'));
  await file.close();
  expect(readFileSync(name, 'utf8')).toBe(`${two}${line('c.example')}\n`);
});

test('a first line that was cut is mended away as well', async () => {
  const name = path('{"target":"a.exa');
  await (await ResultFile.open(name, true, CHECKS)).close();
  expect(readFileSync(name, 'utf8')).toBe('');
});

test.each([
  ['another file', 'a list\nof domains\n'],
  ['another file of one line', 'a.example\n'],
  ['another file without line end', 'a.example'],
  ['JSON of another kind', '{"name":"x"}\n{"name":"y"}\n'],
  ['a verdict that is none', `${line('a.example', 'fine')}\n${two}`],
  ['damage in the middle', `${line('a.example')}\n{"tar\n${line('b.example')}\n`],
])('%s is refused and left as it is', async (_, text) => {
  const name = path(text);
  await expect(ResultFile.open(name, true, CHECKS)).rejects.toThrow(UsageError);
  expect(readFileSync(name, 'utf8')).toBe(text);
});

test('a long line over many chunks', async () => {
  const long = JSON.stringify({ target: 'a.example', verdict: 'partial', text: 'x'.repeat(3_000_000) });
  const file = await ResultFile.open(path(`${long}\n${two}`), true, CHECKS);
  expect(file.before.count).toBe(3);
  await file.close();
});

test('a folder that is not there', async () => {
  await expect(ResultFile.open(join(folder, 'no', 'such'), false, CHECKS)).rejects.toThrow(
    /--output: cannot open/,
  );
});
