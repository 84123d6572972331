import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FileFollower, type FilePosition } from './follow-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'follow-'));
  path = join(folder, 'mail.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

const append = (text: string, to = path) => appendFileSync(to, text);

function follow(from?: FilePosition, more: { fromEnd?: boolean } = {}) {
  const stop = new AbortController();
  const lines: string[] = [];
  const said: string[] = [];
  let position = from;
  const follower = new FileFollower({
    path,
    position,
    fromEnd: more.fromEnd ?? false,
    take: async (taken, at) => {
      lines.push(...taken);
      position = at;
    },
    event: (text) => said.push(text),
    problem: (text) => said.push(`! ${text}`),
    signal: stop.signal,
    pollMs: 5,
    rotateMs: 30,
  });
  const done = follower.run();
  return {
    lines,
    said,
    seen: (...expected: string[]) =>
      vi.waitFor(() => expect(lines).toEqual(expected), { interval: 5, timeout: 10_000 }),
    /** As a kill would: what was taken is known, nothing else. */
    stop: async () => {
      stop.abort();
      await done;
      return JSON.parse(JSON.stringify(position)) as FilePosition;
    },
  };
}

test('what is there, and what comes', async () => {
  append('a\nb\n');
  const one = follow();
  await one.seen('a', 'b');
  append('c');
  append('d\ne\n');
  await one.seen('a', 'b', 'cd', 'e');
  await one.stop();
});

test('goes on where it was, also in the middle of a line', async () => {
  append('a\nb\nunfin');
  const one = follow();
  await one.seen('a', 'b');
  const position = await one.stop();
  append('ished\nc\n');
  const two = follow(position);
  await two.seen('unfinished', 'c');
  expect(two.said).toEqual([]);
  await two.stop();
});

test('only what comes, where that is asked for', async () => {
  append('a\nb\n');
  const one = follow(undefined, { fromEnd: true });
  await new Promise((resolve) => setTimeout(resolve, 30));
  append('c\n');
  await one.seen('c');
  await one.stop();
});

test('a file that is not there yet', async () => {
  const one = follow();
  await vi.waitFor(() => expect(one.said).toEqual([`! ${path}: no such file; waiting for it`]), {
    timeout: 10_000,
  });
  append('a\n');
  await one.seen('a');
  await one.stop();
});

test('a line without end costs itself and nothing else', async () => {
  const one = follow();
  append(`a\n${'x'.repeat(300_000)}`);
  await one.seen('a');
  append(`${'x'.repeat(300_000)}\nb\n`);
  await one.seen('a', 'b');
  await one.stop();
});

describe('rotation', () => {
  test('renamed and made anew; who writes is slow to notice', async () => {
    append('a\n');
    const one = follow();
    await one.seen('a');
    renameSync(path, `${path}.1`);
    append('late\n', `${path}.1`);
    append('b\n');
    await one.seen('a', 'late', 'b');
    await one.stop();
  });
  test('copied and emptied', async () => {
    append('a\nlonger than what follows\n');
    const one = follow();
    await one.seen('a', 'longer than what follows');
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    append('b\n');
    await one.seen('a', 'longer than what follows', 'b');
    await one.stop();
  });
  test('emptied and filled again with more than before', async () => {
    append('a\n');
    const one = follow();
    await one.seen('a');
    writeFileSync(path, 'another beginning\nb\n');
    await one.seen('a', 'another beginning', 'b');
    await one.stop();
  });
  test('renamed while nobody read: the rest of the old ones, then the new one', async () => {
    append('a\nb\n');
    const one = follow();
    await one.seen('a', 'b');
    const position = await one.stop();
    append('c\n');
    renameSync(path, `${path}.2`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    append('d\n');
    renameSync(path, `${path}.1`);
    writeFileSync(`${path}.3.gz`, 'x');
    writeFileSync(join(folder, 'mail.logger'), 'x\n');
    append('e\n');
    const two = follow(position);
    await two.seen('c', 'd', 'e');
    await two.stop();
  });
  test('renamed and compressed while nobody read: said, and the new one is read', async () => {
    append('a\n');
    const one = follow();
    await one.seen('a');
    const position = await one.stop();
    rmSync(path);
    writeFileSync(join(folder, 'other'), '');
    append('b\n');
    const two = follow({ ...position, ino: position.ino + 1_000_000 });
    await two.seen('b');
    expect(two.said).toEqual([expect.stringMatching(/^! .*mail\.log was rotated, .* is not counted$/)]);
    await two.stop();
  });
  test('emptied while nobody read', async () => {
    append('a\nb\n');
    const one = follow();
    await one.seen('a', 'b');
    const position = await one.stop();
    truncateSync(path);
    append('c\n');
    const two = follow(position);
    await two.seen('c');
    expect(two.said).toEqual([expect.stringMatching(/was emptied meanwhile/)]);
    await two.stop();
  });
});

test('emptied while nobody read, and longer than before since', async () => {
  append('a\nb\n');
  const one = follow();
  await one.seen('a', 'b');
  const position = await one.stop();
  writeFileSync(path, 'c\nd\ne\nf\n');
  const two = follow(position);
  await two.seen('c', 'd', 'e', 'f');
  await two.stop();
});

test('an error of who takes is an error of the whole', async () => {
  append('a\n');
  const follower = new FileFollower({
    path,
    position: undefined,
    fromEnd: false,
    take: () => Promise.reject(new Error('no')),
    event: () => {},
    problem: () => {},
    signal: new AbortController().signal,
  });
  await expect(follower.run()).rejects.toThrow('no');
});
