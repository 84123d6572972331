/** `mailanchor dnssec-status` as a process: one zone in full, lists, stopped and gone on with. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Lab, startLab } from '@mailanchor/lab';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { STATE_NAMES } from '../src/dnssec-status/state.ts';
import { type LabFolder, writeLabFolder } from '../src/lab/folder.ts';
import { mailanchor, type RunOptions, temporaryFolder, unbuilt } from './program.ts';

const scratch = temporaryFolder();
let lab: Lab;
let folder: LabFolder;

beforeAll(async () => {
  lab = await startLab({
    only: ['good-311.example', 'keys-without-ds.example', 'bogus-ds.example', 'unsigned.example'],
  });
  folder = await writeLabFolder(lab, undefined);
});
afterAll(async () => {
  scratch.done();
  await folder?.remove();
  await lab?.close();
});

const run = (args: readonly string[], options?: RunOptions) =>
  mailanchor(['dnssec-status', '--config', folder.config, ...args], options);
const file = (name: string, lines: readonly string[]): string => {
  const path = join(scratch.path, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
};
const lineSchema = z.object({ zone: z.string(), state: z.enum(STATE_NAMES) });
const linesOf = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => lineSchema.parse(JSON.parse(line)));

describe.skipIf(unbuilt)('dnssec-status', () => {
  test.each([
    ['good-311.example', 0],
    ['keys-without-ds.example', 3],
    ['unsigned.example', 3],
    ['bogus-ds.example', 1],
    ['no-such.example', 5],
  ])('%s: exit status %i', async (zone, status) => {
    const result = await run(['--json', zone]);
    expect(result.stderr).toBe('');
    expect(linesOf(result.stdout)).toMatchObject([{ zone }]);
    expect(result.status).toBe(status);
  });

  test('in full: the DS record on a line of its own, to be copied', async () => {
    const { stdout } = await run(['keys-without-ds.example', 'good-311.example']);
    expect(stdout).toMatch(/^! keys-without-ds\.example {2}no-ds\n {2}Signed, but example has no DS record/);
    expect(stdout).toMatch(/^ {4}keys-without-ds\.example\. 3600 IN DS \d+ 13 2 [0-9a-f]{64}$/m);
    expect(stdout).toMatch(/^ {4}keys-without-ds\.example\. 3600 IN DNSKEY 257 3 13 \S+$/m);
    expect(stdout).toMatch(/^2 zones\n {2}! no-ds {3}1 {2}signed, and the parent has no DS record/m);
  });

  test('a list: a line a zone, bad lines told, counts at the end; the worst counts', async () => {
    const input = 'good-311.example\n# mine\na b\nUNSIGNED.example.\n';
    const { stdout, stderr, status } = await run(['-'], { input });
    expect(stderr).toMatch(/standard input:3: "a b" is not a domain name/);
    expect(stdout).toMatch(/^✔ good-311\.example {18}secure$/m);
    expect(stdout).toMatch(/^2 zones$/m);
    expect(status).toBe(2);
  });

  test('stopped by a signal, gone on with, each zone once', async () => {
    // Names of one wire length that are no zones cost a question each.
    const list = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 'good-311.example' : `n${i}.example`));
    const path = file('list', list);
    const output = join(scratch.path, 'status.jsonl');
    const args = ['--file', path, '--parallel', '2', '--output', output];
    const first = await run(args, {
      started(child) {
        const timer = setInterval(() => {
          if (count(output) < 20) return;
          clearInterval(timer);
          child.kill('SIGINT');
        }, 2);
      },
    });
    expect(first.status).toBe(130);
    expect(first.stderr).toMatch(/stopped after \d+ targets; go on with the same command and --resume/);
    expect(count(output)).toBeLessThan(400);
    const { status, stdout } = await run([...args, '--resume']);
    expect(status).toBe(5);
    expect(stdout).toMatch(/^400 zones$/m);
    const zones = linesOf(readFileSync(output, 'utf8')).map(({ zone }) => zone);
    expect(zones.toSorted()).toEqual(list.toSorted());
  });

  test.each([
    [['--digest', '1', 'a.example'], /--digest: "1" is not 2 \(SHA-256\), 4 \(SHA-384\), or both/],
    [
      ['--servers', 'all', '--resolver', '127.0.0.1', 'a.example'],
      /--servers all asks the servers themselves/,
    ],
    [['.'], /has no zone above it/],
    [[], /nothing to look at\. Give a zone/],
    [['--resume', 'a.example'], /--resume goes on with the file of --output/],
  ])('%j is an error that says what to do', async (args, text) => {
    const { status, stderr } = await run(args);
    expect(stderr).toMatch(text);
    expect(status).toBe(2);
  });
});

function count(path: string): number {
  try {
    return readFileSync(path, 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
}
