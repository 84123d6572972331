import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { mailanchor, temporaryFolder, unbuilt } from './program.ts';

const folder = temporaryFolder();
const file = (name: string, text: string) => {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
};
afterAll(folder.done);

const oneLine = /^mailanchor: [^\n]+\n$/;

describe.skipIf(unbuilt)('help', () => {
  test('alone: three commands for a newcomer', async () => {
    const { status, stdout, stderr } = await mailanchor([]);
    expect(status).toBe(0);
    expect(stderr).toBe('');
    expect(stdout.match(/^ {2}mailanchor (\w+)/gm)).toEqual([
      '  mailanchor check',
      '  mailanchor resolve',
      '  mailanchor lab',
    ]);
  });

  test.each([
    ['check'],
    ['resolve'],
    ['tlsa', 'verify'],
    ['tlsa', 'generate'],
    ['tlsa', 'plan'],
    ['tlsa', 'roll'],
    ['tlsa', 'status'],
    ['tlsa', 'hook'],
    ['lab'],
    ['config', 'check'],
    ['config', 'schema'],
  ])('%s %s has an example', async (...words) => {
    const { status, stdout } = await mailanchor([...words.filter((word) => word !== undefined), '--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Examples?:\n {2}mailanchor /m);
  });

  test('version', async () => {
    const { stdout } = await mailanchor(['--version']);
    expect(stdout).toBe(`${manifest.version}\n`);
  });
});

describe.skipIf(unbuilt)('bad input: one line and exit 2', () => {
  const anchors = () =>
    file(
      'anchors',
      '; root\n. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8X\n',
    );
  const hints = () => file('hints', '. 3600 IN NS ns.\nns. 3600 IN A 127.0.0.300\n');
  test.each<[string, () => string[], RegExp]>([
    ['unknown command', () => ['chek'], /unknown command 'chek' \(Did you mean check\?\)/],
    ['unknown option', () => ['check', '--jsn', 'example.org'], /unknown option '--jsn'.*check --help/],
    ['no target', () => ['check'], /nothing to check/],
    ['a target that is no domain', () => ['check', 'not a domain'], /"not a domain": not a domain name/],
    ['a target with a mark', () => ['check', 'exa!mple.org'], /not a domain name/],
    ['an address as target', () => ['check', '192.0.2.1'], /IP address/],
    ['a mailbox as target', () => ['check', 'me@example.org'], /domain/],
    ['an unknown scheme', () => ['check', 'gopher://example.org'], /gopher:/],
    ['a service that nobody knows', () => ['check', '_smtp._tcp.example.org'], /no service that is known/],
    ['one bad target of several', () => ['check', 'example.org', 'a..b'], /"a\.\.b"/],
    ['targets and file', () => ['check', 'example.org', '--file', 'x'], /one of them/],
    [
      'file that is not there',
      () => ['check', '--file', '/nonexistent/list'],
      /--file: cannot read \/nonexistent\/list: no such file/,
    ],
    ['folder as file', () => ['check', '--file', '/'], /--file: cannot read \/: is a folder/],
    ['trust anchor with a typo', () => ['check', '--trust-anchor', anchors(), 'example.org'], /anchors:2: /],
    [
      'trust anchor that is not there',
      () => ['resolve', '--trust-anchor', '/nonexistent', '.'],
      /--trust-anchor: cannot read/,
    ],
    [
      'trust anchor without record',
      () => ['resolve', '--trust-anchor', file('empty', '; nothing\n'), '.'],
      /no DS or DNSKEY/,
    ],
    ['root hints with a typo', () => ['resolve', '--root-hints', hints(), '.'], /hints:2: /],
    ['port out of range', () => ['check', '--port', '65536', 'example.org'], /^mailanchor: --port: "65536"/],
    ['bad time', () => ['resolve', '--at', 'noon', '.'], /^mailanchor: --at: "noon"/],
    ['bad address', () => ['check', '--from-address', 'here', 'example.org'], /--from-address/],
    [
      'an address of another machine',
      () => ['check', '--from-address', '203.0.113.9', 'example.org'],
      /--from-address: 203\.0\.113\.9 is no address of this machine$/m,
    ],
    [
      'two addresses of one family',
      () => ['check', '--from-address', '127.0.0.1', '--from-address', '::ffff:127.0.0.2', 'example.org'],
      /--from-address: one IPv4 and one IPv6 address at most/,
    ],
    ['a HELO with a line break', () => ['check', '--helo', 'a\r\nQUIT', 'example.org'], /--helo/],
    [
      'a resolver over something else',
      () => ['resolve', '--resolver', 'ftp://127.0.0.1', '.'],
      /^mailanchor: --resolver: /,
    ],
    ['bad name', () => ['resolve', 'a..b'], /"a\.\.b" is not a domain name/],
    ['bad type', () => ['resolve', '.', 'FOO'], /"FOO" is not a record type/],
    [
      'configuration that is not there',
      () => ['check', '--config', '/nonexistent.yaml', 'x.y'],
      /cannot read \/nonexistent.yaml/,
    ],
    [
      'unknown setting',
      () => ['check', '--config', file('c.yaml', '\ndns-prot: 1\n'), 'x.y'],
      /c\.yaml:2: unknown setting "dns-prot"/,
    ],
    ['no subcommand argument', () => ['tlsa', 'verify', '--chain', 'x'], /--tlsa/],
    ['nothing to generate from', () => ['tlsa', 'generate'], /give one of --cert/],
    [
      'two things to generate from',
      () => ['tlsa', 'generate', '--cert', 'a', '--key', 'b'],
      /give one of --cert/,
    ],
  ])('%s', async (_, args, message) => {
    const { status, stdout, stderr } = await mailanchor(args(), { cwd: folder.path });
    expect(stderr).toMatch(oneLine);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  test('the stack only with -v', async () => {
    const { stderr } = await mailanchor(['check', '-v', '--trust-anchor', anchors(), 'example.org']);
    expect(stderr).toMatch(/\n {4}at /);
  });

  test('environment variables are named', async () => {
    const { status, stderr } = await mailanchor(['resolve', '.'], { env: { MAILANCHOR_DNS_PORT: 'x' } });
    expect(stderr).toMatch(/^mailanchor: MAILANCHOR_DNS_PORT: "x" is not/);
    expect(status).toBe(2);
  });
});

describe.skipIf(unbuilt)('config', () => {
  beforeAll(() => {
    file(
      'anchor.key',
      '. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n',
    );
  });

  test('a valid file, with a file that it names', async () => {
    const path = file('good.yaml', 'trust-anchor: anchor.key\ncheck:\n  port: 2525\n');
    const { status, stdout } = await mailanchor(['config', 'check', '--config', path]);
    expect(stdout).toContain('is valid');
    expect(status).toBe(0);
  });

  test.each([
    ['trust-anchor: missing.key\n', /missing\.key/],
    ['check:\n  port: 70000\n', /bad\.yaml:2: check\.port/],
    ['at: noon\n', /bad\.yaml:1: at: "noon"/],
    ['insecure-zone: [a..b]\n', /bad\.yaml:1: insecure-zone/],
  ])('an invalid one: %j', async (text, message) => {
    const { status, stderr } = await mailanchor(['config', 'check', '--config', file('bad.yaml', text)]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(oneLine);
    expect(status).toBe(2);
  });

  test('none is no error but for config check', async () => {
    const { status, stderr } = await mailanchor(['config', 'check'], { cwd: folder.path });
    expect(stderr).toMatch(/no configuration/);
    expect(status).toBe(2);
  });

  test('the schema is JSON Schema', async () => {
    const { stdout } = await mailanchor(['config', 'schema']);
    expect(JSON.parse(stdout)).toMatchObject({
      $schema: expect.stringContaining('json-schema.org'),
      type: 'object',
      additionalProperties: false,
    });
  });
});
