import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readConfig } from '../config/load.ts';
import { Sources } from '../options/sources.ts';
import { readOverrides } from './overrides.ts';

const folder = mkdtempSync(join(tmpdir(), 'mailanchor-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(entries: string) {
  const file = join(folder, 'mailanchor.yaml');
  writeFileSync(file, `policy-service:\n  overrides:\n${entries}`);
  const config = await readConfig(file);
  return readOverrides(new Sources({}, {}, config.section('policy-service')));
}

const entry = (over: Record<string, string> = {}) => {
  const values = { domain: 'example.org', policy: 'may', reason: 'broken', expires: '2026-12-31', ...over };
  const [first, ...rest] = Object.entries(values).map(([key, value]) => `${key}: ${value}`);
  return `    - ${first}\n${rest.map((line) => `      ${line}\n`).join('')}`;
};

test('read in order, each with its line', async () => {
  const overrides = await read(
    entry({ domain: 'Example.ORG' }) + entry({ domain: '.example.net', policy: 'default' }),
  );
  expect(overrides).toMatchObject([
    { domain: 'example.org', policy: 'may', reason: 'broken', expires: Date.UTC(2026, 11, 31) },
    { domain: '.example.net', policy: 'default', from: expect.stringMatching(/yaml:7: /) },
  ]);
});

test.each([
  [
    'a policy that is none',
    entry() + entry({ domain: 'a.example', policy: 'dane-maybe' }),
    /yaml:8: .*dane-maybe.* is not a policy/,
  ],
  ['an attribute that is none', entry({ policy: '"secure mtch=a"' }), /yaml:4: /],
  ['no domain', entry({ domain: '192.0.2.1' }), /yaml:3: /],
  ['no date', entry({ expires: 'soon' }), /yaml:6: /],
  ['no reason', entry().replace(/ +reason.*\n/, ''), /yaml:3: .*reason/],
  ['no end', entry().replace(/ +expires.*\n/, ''), /yaml:3: .*expires/],
  ['two of a kind', entry() + entry({ domain: 'EXAMPLE.org' }), /yaml:7: .*already/],
])('refused, by its line: %s', async (_, text, message) => {
  await expect(read(text)).rejects.toThrow(message);
});
