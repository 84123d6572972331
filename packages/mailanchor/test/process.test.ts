/** The program among other programs: interrupted, piped, fed from a file. A DNS server that says nothing, or nobody, stands for the network. */

import { spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BIN, environment, mailanchor, type Run, temporaryFolder, unbuilt } from './program.ts';

const folder = temporaryFolder();
let silent: Socket;
let silentPort: number;
let closedPort: number;

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

beforeAll(async () => {
  silent = await bound();
  silentPort = silent.address().port;
  const gone = await bound();
  closedPort = gone.address().port;
  gone.close();
  await once(gone, 'close');
});

afterAll(() => {
  silent.close();
  folder.done();
});

/** Starts a command that waits for DNS and sends the signal as soon as it waits. */
async function interrupted(args: string[], signal: NodeJS.Signals): Promise<Run & { seconds: number }> {
  let sent = 0;
  const run = await mailanchor([...args, '--resolver', `127.0.0.1:${silentPort}`], {
    started: (child) => {
      silent.once('message', () => {
        sent = performance.now();
        child.kill(signal);
      });
    },
  });
  return { ...run, seconds: (performance.now() - sent) / 1000 };
}

describe.skipIf(unbuilt)('interrupted', () => {
  test.each([
    [['check', 'example.org'], 'SIGINT', 130],
    [['check', '--json', 'a.example', 'b.example'], 'SIGINT', 130],
    [['resolve', 'example.org', 'MX'], 'SIGINT', 130],
    [['check', 'example.org'], 'SIGTERM', 143],
  ] as const)('%j by %s: at once and cleanly', async (args, signal, status) => {
    const run = await interrupted([...args], signal);
    expect(run).toMatchObject({ status, signal: null, stdout: '', stderr: '' });
    expect(run.seconds).toBeLessThan(5);
  });
});

describe.skipIf(unbuilt)('no answer', () => {
  const nobody = () => ['--resolver', `127.0.0.1:${closedPort}`, '--timeout', '5'];

  test('check: unknown, exit 5', async () => {
    const { status, stdout } = await mailanchor(['check', '--json', ...nobody(), 'example.org']);
    expect(JSON.parse(stdout)).toMatchObject({ target: 'example.org', verdict: 'unknown', hosts: [] });
    expect(status).toBe(5);
  });

  test('resolve: indeterminate, exit 5', async () => {
    const { status, stdout } = await mailanchor(['resolve', '--json', ...nobody(), 'example.org', 'MX']);
    expect(JSON.parse(stdout)).toMatchObject({ name: 'example.org.', type: 'MX', status: 'indeterminate' });
    expect(status).toBe(5);
  });

  test('a target takes no longer than --timeout', async () => {
    const args = [
      'check',
      '--json',
      '--resolver',
      `127.0.0.1:${silentPort}`,
      '--timeout',
      '0.5',
      'example.org',
    ];
    const { status, stdout } = await mailanchor(args);
    expect(JSON.parse(stdout).verdict).toBe('unknown');
    expect(status).toBe(5);
  });

  test.each([
    ['--file', undefined],
    ['-', undefined],
  ])('many targets from %s: a line each, in order, bad lines reported by number', async (from) => {
    const list = 'a.example\n# comment\n\nnot a domain\nb.example\n';
    const path = join(folder.path, 'list');
    writeFileSync(path, list);
    const source = from === '-' ? ['-'] : ['--file', path];
    const { status, stdout, stderr } = await mailanchor(['check', '--json', ...nobody(), ...source], {
      input: list,
    });
    const targets = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).target);
    expect(targets).toEqual(['a.example', 'b.example']);
    expect(stderr).toMatch(/^mailanchor: (?:\S*list|standard input):4: "not a domain": not a domain name\n$/);
    expect(status).toBe(2);
  });

  test('whoever reads has enough: no word about it', async () => {
    const targets = Array.from({ length: 200 }, (_, i) => `d${i}.example`);
    const { stderr } = await mailanchor(['check', '--json', ...nobody(), ...targets], {
      started: (child) => child.stdout?.once('data', () => child.stdout?.destroy()),
    });
    expect(stderr).toBe('');
  });

  test.skipIf(!existsSync('/dev/full'))(
    'a full disk: one line and exit 5, not a verdict without its output',
    () => {
      const full = openSync('/dev/full', 'w');
      try {
        const { status, stderr } = spawnSync(process.execPath, [BIN, 'config', 'schema'], {
          stdio: ['ignore', full, 'pipe'],
          encoding: 'utf8',
          env: environment(undefined),
        });
        expect(stderr).toMatch(/^mailanchor: standard output cannot be written to: ENOSPC[^\n]*\n$/);
        expect(status).toBe(5);
      } finally {
        closeSync(full);
      }
    },
  );

  test('settings come from the environment and from a file beside us', async () => {
    writeFileSync(join(folder.path, 'mailanchor.yaml'), `resolver: 127.0.0.1:${closedPort}\n`);
    const fromFile = await mailanchor(['resolve', '-v', 'example.org'], { cwd: folder.path });
    expect(fromFile.stderr).toContain('configuration: ./mailanchor.yaml');
    expect(fromFile.stdout).toContain(`port ${closedPort}`);
    const fromEnvironment = await mailanchor(['resolve', 'example.org'], {
      env: { MAILANCHOR_RESOLVER: `127.0.0.1:${closedPort}`, MAILANCHOR_JSON: '1' },
    });
    expect(JSON.parse(fromEnvironment.stdout).status).toBe('indeterminate');
  });
});
