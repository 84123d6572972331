import { expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { fromLines } from '../list/lines.ts';
import { readTarget } from './targets.ts';
import { statusOfVerdicts } from './worst.ts';

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

const read = async (...texts: string[]) => {
  const lines: string[] = [];
  for await (const line of fromLines(chunks(...texts), 'list', readTarget)) {
    lines.push(line.kind === 'target' ? line.text : `${line.where} ${line.problem}`);
  }
  return lines;
};

test('lines, however they are cut', async () => {
  expect(await read('\ufeffexample.org\r\n# no\n\n  example.n', 'et  \nbücher.', 'example')).toEqual([
    'example.org',
    'example.net',
    'bücher.example',
  ]);
});

test('a bad line is reported by number and the rest is done', async () => {
  expect(await read('a.example\nnot a domain\nb.example\n')).toEqual([
    'a.example',
    'list:2 "not a domain": not a domain name',
    'b.example',
  ]);
});

test('an endless line is a bad line, and costs no memory', async () => {
  const endless = Array.from({ length: 1000 }, () => 'a'.repeat(1000));
  expect(await read(...endless, '\nb.example\n')).toEqual(['list:1 longer than any name', 'b.example']);
});

test.each([
  ['Example.ORG.', 'Example.ORG'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['_x.example', '_x.example'],
])('%s', (text, domain) => {
  expect(readTarget(text)).toMatchObject({ kind: 'mail-domain', domain });
});

test.each([
  '',
  '.',
  'a b',
  'a..b',
  'a/b',
  '192.0.2.1',
  'a@b.example',
  'x:0',
  'x:65536',
  'xmpp-client://a!b.example',
  '_nonsense._tcp.x.example',
  'a\\.b',
])('no target: %j', (text) => {
  expect(() => readTarget(text)).toThrow(UsageError);
});

test.each([
  [['protected', 'unprotected', 'partial', 'unknown', 'broken'], 0, 1],
  [['protected', 'unprotected', 'partial', 'unknown'], 0, 5],
  [['protected', 'unprotected', 'partial'], 0, 4],
  [['protected', 'unprotected'], 0, 3],
  [['protected'], 0, 0],
  [[], 0, 0],
  [['protected'], 1, 2],
  [['broken'], 1, 1],
] as const)('worst of %j with %i bad lines: %i', (verdicts, badLines, status) => {
  expect(statusOfVerdicts(verdicts, badLines)).toBe(status);
});
