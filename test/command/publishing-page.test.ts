/** docs/publishing.md prints the configuration that the tests run with. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  bindConfiguration,
  knotConfiguration,
  nsdReloadScript,
  powerDnsApiCommands,
  powerDnsConfiguration,
  powerDnsUpdateCommands,
} from '../peers/publishing/servers.ts';

const page = readFileSync(new URL('../../docs/publishing.md', import.meta.url), 'utf8');

test.each([
  ['BIND', bindConfiguration('example.org', 'SECRET')],
  ['Knot', knotConfiguration('example.org', 'SECRET')],
  ['PowerDNS', powerDnsConfiguration('API-KEY')],
  ['PowerDNS, updates', `${powerDnsUpdateCommands('example.org', 'SECRET').join('\n')}\n`],
  ['PowerDNS, API', `${powerDnsApiCommands('example.org').join('\n')}\n`],
  ['NSD', nsdReloadScript('example.org')],
])('%s', (_, text) => {
  expect(page).toContain(`\`\`\`\n${text}\`\`\``);
});
