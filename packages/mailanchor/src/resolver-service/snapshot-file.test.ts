import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/program.ts';
import { readSnapshot, SNAPSHOT_FILE, writeSnapshot } from './snapshot-file.ts';

const scratch = temporaryFolder();
afterAll(() => scratch.done());
let made = 0;
const fresh = () => join(scratch.path, String(made++));
const octets = Uint8Array.of(1, 2, 3);

test('what was written is read, by the owner alone, and nothing lies beside it', async () => {
  const folder = fresh();
  await writeSnapshot(folder, Uint8Array.of(9));
  await writeSnapshot(folder, octets);
  expect(readdirSync(folder)).toEqual([SNAPSHOT_FILE]);
  expect(statSync(join(folder, SNAPSHOT_FILE)).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const read = await readSnapshot(folder);
  expect(read.kind === 'read' && [...read.octets]).toEqual([1, 2, 3]);
});

test('none is no problem', async () => {
  expect(await readSnapshot(fresh())).toEqual({ kind: 'none' });
});

test('not trusted: writable by others', async () => {
  const folder = fresh();
  await writeSnapshot(folder, octets);
  chmodSync(join(folder, SNAPSHOT_FILE), 0o666);
  expect(await readSnapshot(folder)).toEqual({
    kind: 'unusable',
    why: expect.stringMatching(/can be written by others/),
  });
});

test('not trusted: a link', async () => {
  const folder = fresh();
  await writeSnapshot(folder, octets);
  const linked = fresh();
  mkdirSync(linked);
  symlinkSync(join(folder, SNAPSHOT_FILE), join(linked, SNAPSHOT_FILE));
  expect(await readSnapshot(linked)).toMatchObject({ kind: 'unusable' });
});

test('a folder that cannot be made is an error, and leaves nothing', async () => {
  const file = fresh();
  writeFileSync(file, '');
  await expect(writeSnapshot(join(file, 'below'), octets)).rejects.toThrow();
  expect(await readSnapshot(join(file, 'below'))).toMatchObject({ kind: 'unusable' });
});
