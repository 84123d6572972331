import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../config/load.ts';
import { Sources } from '../options/sources.ts';
import { readWatchSettings, type WatchSettings } from './settings.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watch-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function settings(yaml: string, environment = {}, options = {}): Promise<WatchSettings> {
  const file = join(folder, 'mailanchor.yaml');
  writeFileSync(file, yaml);
  return readWatchSettings(new Sources(options, environment), await readConfig(file), environment);
}
const watch = (lines: string) =>
  `watch:\n  state: w.sqlite\n  targets: [example.org]\n${lines.replace(/^/gm, '  ')}\n`;

test('as it is without being told', async () => {
  const read = await settings(watch(''));
  expect(read).toMatchObject({
    database: { path: join(folder, 'w.sqlite') },
    targets: [{ text: 'example.org', intervalMs: 900_000, least: 'warning' }],
    retryMs: 60_000,
    groupMs: 60_000,
    days: 14,
    parallel: 8,
    channels: [],
    policy: { confirmAfter: 2, resolveAfter: 2, remindMs: undefined },
    historyMs: 90 * 86_400_000,
  });
});

test('targets of their own kind', async () => {
  const { targets } = await settings(`watch:
  state: w
  interval: 30m
  ignore: [sts-absent]
  targets:
    - example.org
    - { target: 'mx.example.org:25', interval: 90s, severity: notice, ignore: [ttl-long] }
    - imaps:imap.example.org
`);
  expect(
    targets.map(({ text, intervalMs, least, ignore }) => [text, intervalMs, least, [...ignore]]),
  ).toEqual([
    ['example.org', 1_800_000, 'warning', ['sts-absent']],
    ['mx.example.org:25', 90_000, 'notice', ['sts-absent', 'ttl-long']],
    ['imaps:imap.example.org', 1_800_000, 'warning', ['sts-absent']],
  ]);
});

test('quiet hours', async () => {
  const { policy } = await settings(
    watch(
      "quiet-hours: { from: '22:00', to: '7:00', zone: Europe/Berlin, days: [mon, tue], let-through: error }",
    ),
  );
  // Monday, 23:00 in Berlin.
  const night = Date.parse('2026-11-23T22:00:00Z');
  expect(policy.mayTell('warning', night)).toBe(false);
  expect(policy.mayTell('error', night)).toBe(true);
  expect(policy.mayTell('warning', night + 2 * 86_400_000)).toBe(true);
});

test('channels', async () => {
  const { channels } = await settings(
    watch(`channels:
  me: { kind: mail, to: [me@example.org], from: watch@example.org, server: 'mail.example.org:587', tls: require, user: u, password-file: p, severity: error }
  local: { kind: mail, to: [root@example.org], sendmail: /usr/sbin/sendmail }
  hook: { kind: webhook, url: 'https://example.org/hook', secret-file: s, timeout: 5 }
  page: { kind: exec, command: [/usr/local/bin/page, --now] }`),
  );
  expect(channels).toMatchObject([
    {
      name: 'me',
      kind: 'mail',
      host: 'mail.example.org',
      port: 587,
      tls: 'require',
      least: 'error',
      passwordFile: { path: join(folder, 'p') },
    },
    {
      name: 'local',
      kind: 'mail',
      sendmail: '/usr/sbin/sendmail',
      host: 'localhost',
      port: 25,
      least: 'info',
    },
    { name: 'hook', kind: 'webhook', timeoutMs: 5000, secretFile: { path: join(folder, 's') } },
    { name: 'page', kind: 'exec', command: ['/usr/local/bin/page', '--now'] },
  ]);
});

test('the history lies where systemd has made a folder, or where an option says', async () => {
  const none = 'watch: { targets: [example.org] }\n';
  expect((await settings(none, { STATE_DIRECTORY: '/var/lib/a:/var/lib/b' })).database.path).toBe(
    '/var/lib/a/watch.sqlite',
  );
  expect((await settings(watch(''), {}, { state: '/elsewhere' })).database.path).toBe('/elsewhere');
  await expect(settings(none)).rejects.toThrow(/say where the history is kept: --state FILE/);
});

describe('what makes no sense is refused, by file and line', () => {
  test.each<[string, RegExp]>([
    ['check: {}\n', /nothing to watch: name targets under watch:/],
    ['watch: { targets: [] }\n', /:1:/],
    [watch('interval: soon'), /:4: watch\.interval: "soon" is not a time such as 90s, 15m, 2h/],
    [watch('interval: 40d'), /up to 30d/],
    [watch('nonsense: 1'), /:4:/],
    [
      `watch:\n  state: w\n  targets:\n    - example.org\n    - a b\n`,
      /:5: watch\.targets\.1: .*not a domain name/,
    ],
    [
      `watch:\n  state: w\n  targets:\n    - example.org\n    - example.org\n`,
      /:5: watch\.targets\.1: "example\.org" is not to be watched twice/,
    ],
    [watch("quiet-hours: { from: '22:00', to: '24:00' }"), /"24:00" is not a time of day such as 22:00/],
    [
      watch("quiet-hours: { from: '22:00', to: '7:00', zone: Nowhere/At }"),
      /"Nowhere\/At" is not a time zone/,
    ],
    [watch('channels: { a: { kind: mail, to: [nobody] } }'), /"nobody" is not a mail address/],
    [
      watch('channels: { a: { kind: mail, to: ["a@b.example\\nBcc: c@d.example"] } }'),
      /is not a mail address/,
    ],
    [
      watch('channels: { a: { kind: mail, to: [a@b.example], server: x, sendmail: /y } }'),
      /server and sendmail: give one of them/,
    ],
    [
      watch('channels: { a: { kind: mail, to: [a@b.example], user: x } }'),
      /user and password-file belong together/,
    ],
    [
      watch('channels: { a: { kind: webhook, url: "http://example.org/" } }'),
      /is not an https URL, or http on this machine/,
    ],
    [
      watch('channels: { a: { kind: webhook, url: "https://u:p@example.org/" } }'),
      /a password does not belong into a URL/,
    ],
    [watch('channels: { a: { kind: pigeon } }'), /:4:/],
    [watch('channels: { "a b": { kind: exec, command: [x] } }'), /letters, digits, - and _/],
  ])('%j', async (yaml, text) => {
    await expect(settings(yaml)).rejects.toThrow(text);
  });
});
