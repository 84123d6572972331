/** The units of systemd, judged by systemd itself, and against the program they start. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { askSocketmap } from './policy-process.ts';
import { BIN, environment, temporaryFolder, unbuilt } from './program.ts';
import { ask } from './resolver-process.ts';

const UNITS = fileURLToPath(new URL('../systemd', import.meta.url));
const scratch = temporaryFolder();
afterAll(() => scratch.done());

const installed = spawnSync('systemd-analyze', ['--version']).status === 0;
const reason = installed ? '' : ': not installed: systemd-analyze (Debian package systemd)';

/** As on a machine where the program is installed: the verifier wants to see it. */
function install(): string[] {
  return readdirSync(UNITS).map((name) => {
    const path = join(scratch.path, name);
    const text = readFileSync(join(UNITS, name), 'utf8');
    writeFileSync(path, text.replace('ExecStart=/usr/bin/mailanchor ', `ExecStart=${process.execPath} `));
    return path;
  });
}

test.skipIf(!installed)(`systemd finds nothing to complain of${reason}`, () => {
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...install()], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

const services = readdirSync(UNITS).filter((name) => name.endsWith('.service'));

test.skipIf(!installed).each(services)(`systemd finds the service well locked in${reason}: %s`, (name) => {
  const service = install().find((path) => path.endsWith(name))!;
  const args = ['security', '--offline=true', '--threshold=20', '--no-pager', service];
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  // 10 times the exposure that it counts; 100 is a service without any hardening.
  expect(stdout + stderr).toMatch(/Overall exposure level/);
  expect(status).toBe(0);
});

test('the socket is for the service, and each place is there for UDP and TCP', () => {
  const socket = readFileSync(join(UNITS, 'mailanchor-resolver.socket'), 'utf8');
  const places = (kind: string) =>
    [...socket.matchAll(new RegExp(`^${kind}=(.*)$`, 'gm'))].map(([, place]) => place);
  expect(places('ListenDatagram')).toEqual(['127.0.0.1:53', '[::1]:53']);
  expect(places('ListenStream')).toEqual(places('ListenDatagram'));
  expect(socket).toMatch(/^Service=mailanchor-resolver\.service$/m);
});

const activates = spawnSync('systemd-socket-activate', ['--version']).status === 0;
const why = activates ? '' : ': not installed: systemd-socket-activate (Debian package systemd)';

test.skipIf(!activates || unbuilt)(
  `started by the first question, on the socket that systemd opened${why}`,
  async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as { port: number };
    free.close();
    await once(free, 'close');
    const child = spawn(
      'systemd-socket-activate',
      [
        ...['--listen', `127.0.0.1:${port}`, '--fdname', 'dns', process.execPath, BIN, 'resolver'],
        ...['--resolver', '127.0.0.1:9', '--timeout', '1'],
      ],
      { env: environment({}), stdio: ['ignore', 'ignore', 'pipe'] },
    );
    try {
      let told = '';
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        told += text;
      });
      while (!told.includes('Listening on')) await once(child.stderr!, 'data');
      // Nobody is asked above: what counts is who answers.
      const response = await ask({ address: '127.0.0.1', port }, 'example', 'A', { protocol: 'tcp' });
      expect(response.rcode).toBe(2);
      expect(told).toMatch(/mailanchor resolver: listening on 1 socket of systemd/);
    } finally {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'close');
    }
    expect(child.exitCode).toBe(0);
  },
);

/** The value of a setting in a unit that is shipped. */
function setting(unit: string, name: string): string {
  const text = readFileSync(join(UNITS, unit), 'utf8');
  return new RegExp(`^${name}=(.*)$`, 'm').exec(text)![1]!;
}

test.skipIf(!activates || unbuilt)(
  `the policy server, by what its units say, started by the first question${why}`,
  async () => {
    const socket = 'mailanchor-policy.socket';
    const service = 'mailanchor-policy.service';
    expect(setting(socket, 'ListenStream')).toBe('127.0.0.1:8461');
    expect(setting(socket, 'Service')).toBe(service);
    const [program, ...words] = setting(service, 'ExecStart')
      .replace(/\$\{STATE_DIRECTORY\}/, join(scratch.path, 'state'))
      .split(' ');
    expect(program).toBe('/usr/bin/mailanchor');
    const path = join(scratch.path, 'policy.socket');
    // Where the unit has a port, the test has a socket of its own: who answers is certain.
    const child = spawn(
      'systemd-socket-activate',
      [
        ...['--listen', path, '--fdname', setting(socket, 'FileDescriptorName')],
        ...['--setenv', `RUNTIME_DIRECTORY=${scratch.path}`, process.execPath, BIN],
        ...[...words, '--resolver', '127.0.0.1:9', '--timeout', '1'],
      ],
      { env: environment({}), stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let told = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      told += text;
    });
    try {
      while (!told.includes('Listening on')) await once(child.stderr!, 'data');
      expect(await askSocketmap({ path }, '.')).toBe('NOTFOUND ');
      expect(await askSocketmap({ path }, 'example.org')).toMatch(/^TEMP example\.org: /);
      expect(told).toMatch(/mailanchor policy: listening on a socket of systemd, socketmap/);
      // The only place: the unit's port is not opened besides.
      expect(told.match(/: listening on /g)).toHaveLength(1);
      expect(told).toContain(`control socket at ${scratch.path}/control`);
    } finally {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'close');
    }
    expect(child.exitCode).toBe(0);
  },
);
