import {
  chmodSync,
  lstatSync,
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

test('what was unknown is taken out and asked again, at whichever place it stands', async () => {
  const unknown = line('u.example', 'unknown');
  const name = path(
    `${unknown}\n${line('a.example')}\n${unknown}\n${line('b.example', 'broken')}\n${unknown}\n{"tar`,
  );
  chmodSync(name, 0o640);
  const file = await ResultFile.open(name, true, CHECKS);
  expect(file.before).toMatchObject({ count: 2, again: 3 });
  expect([...file.before.outcomes.keys()]).toEqual(['protected', 'broken']);
  expect(['u.example', 'a.example', 'b.example'].map((t) => file.take(t))).toEqual([false, true, true]);
  await file.append(line('u.example'));
  await file.close();
  expect(readFileSync(name, 'utf8')).toBe(`${two}${line('u.example')}\n`);
  expect(statSync(name).mode & 0o777).toBe(0o640);
  expect(readdirSync(folder).filter((left) => /rewriting|lock/.test(left))).toEqual([]);
});

test('a link stays a link when lines are taken out', async () => {
  const name = path(`${line('u.example', 'unknown')}\n${two}`);
  const link = path();
  symlinkSync(name, link);
  await (await ResultFile.open(link, true, CHECKS)).close();
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(name, 'utf8')).toBe(two);
});

test('where nothing counts as unknown, all that stands there is done', async () => {
  const { again: _, ...lines } = CHECKS;
  const text = `${line('u.example', 'unknown')}\n`;
  const file = await ResultFile.open(path(text), true, lines);
  expect(file.take('u.example')).toBe(true);
  await file.close();
});

test('a file of nothing but unknown ones is begun again', async () => {
  const name = path(`${line('u.example', 'unknown')}\n`);
  await (await ResultFile.open(name, true, CHECKS)).close();
  expect(readFileSync(name, 'utf8')).toBe('');
});

test.each([false, true])('one run at a time on a file (resume: %s)', async (resume) => {
  const name = path();
  const first = await ResultFile.open(name, resume, CHECKS);
  await first.append(line('a.example', 'unknown'));
  const link = path();
  symlinkSync(name, link);
  for (const as of [name, link]) {
    for (const second of [false, true]) {
      await expect(ResultFile.open(as, second, CHECKS)).rejects.toThrow(
        /--output: another run is writing to/,
      );
    }
  }
  await first.close();
  expect(readFileSync(name, 'utf8')).toBe(`${line('a.example', 'unknown')}\n`);
  await (await ResultFile.open(name, true, CHECKS)).close();
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
