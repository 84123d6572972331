import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readConfig } from '../config/load.ts';
import { UsageError } from '../errors.ts';
import { openPublisher } from './open-publisher.ts';

const folder = mkdtempSync(join(tmpdir(), 'mailanchor-publishers-'));
afterAll(() => rmSync(folder, { recursive: true }));
const SECRET = 'c2VjcmV0IG9mIG1haWwsIDMyIG9jdGV0cyBsb25nIQ==';
const write = (name: string, text: string, mode = 0o600) => {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), mode);
};
write('tsig.key', `hmac-sha256:mail:${SECRET}`);
write('open.key', `hmac-sha256:mail:${SECRET}`, 0o644);
write('broken.key', `hmac-sha256:${SECRET}`);
write('api.key', 'an-api-key\n');
write('two.key', 'an-api-key\nanother\n');

async function open(settings: string, name = 'main') {
  write('mailanchor.yaml', `publishers:\n  main: { ${settings} }\n`);
  const warnings: string[] = [];
  const config = await readConfig(join(folder, 'mailanchor.yaml'));
  const publisher = await openPublisher(config, name, '--publisher', {
    warn: (text) => warnings.push(text),
    clock: Date.now,
  });
  return { publisher, warnings };
}

test.each([
  'kind: rfc2136, server: "192.0.2.53", tsig-key: tsig.key',
  'kind: rfc2136, server: "[2001:db8::53]:5353", tsig-key: tsig.key, timeout: 5',
  'kind: powerdns, url: "http://127.0.0.1:8081", api-key-file: api.key',
  'kind: powerdns, url: "http://[::1]:8081/", api-key-file: api.key, server-id: x',
  'kind: powerdns, url: "https://dns.example.org", api-key-file: api.key',
  'kind: snippet, file: tlsa.inc, reload: [nsd-control, reload]',
  'kind: exec, command: [./publish]',
])('opens %s', async (settings) => {
  const { publisher, warnings } = await open(settings);
  expect(publisher.name).toBe('main');
  expect(warnings).toEqual([]);
});

test('a secret that everybody can read is told of', async () => {
  const { warnings } = await open('kind: rfc2136, server: "192.0.2.53", tsig-key: open.key');
  expect(warnings).toEqual([
    expect.stringMatching(/mailanchor\.yaml:2: publishers\.main\.tsig-key: every user .* chmod 640/),
  ]);
});

test.each([
  [
    'kind: rfc2136, server: dns.example.org, tsig-key: tsig.key',
    /:2: publishers\.main\.server: "dns\.example\.org" is not an address/,
  ],
  [
    'kind: rfc2136, server: "192.0.2.53", tsig-key: absent.key',
    /:2: publishers\.main\.tsig-key: cannot read .*no such file/,
  ],
  [
    'kind: rfc2136, server: "192.0.2.53", tsig-key: broken.key',
    /:2: publishers\.main\.tsig-key: .*broken\.key: it is neither/,
  ],
  [
    'kind: powerdns, url: "http://192.0.2.1:8081", api-key-file: api.key',
    /:2: publishers\.main\.url: .*in the clear/,
  ],
  ['kind: powerdns, url: "http://127.0.0.1.example.org", api-key-file: api.key', /in the clear/],
  ['kind: powerdns, url: "ftp://127.0.0.1", api-key-file: api.key', /http or https/],
  ['kind: powerdns, url: nonsense, api-key-file: api.key', /is not a URL/],
  ['kind: powerdns, url: "http://u:p@127.0.0.1", api-key-file: api.key', /without user/],
  ['kind: powerdns, url: "http://127.0.0.1:8081", api-key-file: two.key', /does not hold an API key/],
])('refuses %s', async (settings, message) => {
  await expect(open(settings)).rejects.toThrow(UsageError);
  await expect(open(settings)).rejects.toThrow(message);
  await expect(open(settings)).rejects.not.toThrow(SECRET);
});

test('a publisher that is not there', async () => {
  await expect(open('kind: exec, command: [x]', 'other')).rejects.toThrow(
    /--publisher: there is no publisher "other"\. .* main/,
  );
  await expect(open('kind: exec, command: [x]', 'toString')).rejects.toThrow(UsageError);
  await expect(
    openPublisher(undefined, 'main', '--publisher', { warn() {}, clock: Date.now }),
  ).rejects.toThrow(/has none/);
});
