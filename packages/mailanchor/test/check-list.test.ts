/** A list of targets by the program: results as they come, a host asked once, stopped and gone on with. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Lab, startLab } from '@mailanchor/lab';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LabFolder, writeLabFolder } from '../src/lab/folder.ts';
import { checkSchema } from './fixtures/check-schema.ts';
import { mailanchor, type RunOptions, temporaryFolder, unbuilt } from './program.ts';

const scratch = temporaryFolder();
let lab: Lab;
let folder: LabFolder;
let next = 0;

beforeAll(async () => {
  lab = await startLab({ only: ['any.wildcard-mx.example', 'no-tlsa.example', 'silent.example'] });
  folder = await writeLabFolder(lab, undefined);
});
afterAll(async () => {
  scratch.done();
  await folder?.remove();
  await lab?.close();
});

/** Domains that all have the same mail host, by a wildcard MX. */
const domains = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `d${i}.wildcard-mx.example`);
const file = (lines: readonly string[]): string => {
  const path = join(scratch.path, `list-${next++}`);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
};
const output = (): string => join(scratch.path, `results-${next++}`);
const check = (args: readonly string[], options?: RunOptions) =>
  mailanchor(['check', '--config', folder.config, ...args], options);
const targetsOf = (text: string): string[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => checkSchema.parse(JSON.parse(line)).target)
    .sort();
const connections = (): number =>
  lab.mailHost('mx.wildcard-mx.example').reduce((sum, server) => sum + server.connections, 0);

/** Kills the program as soon as its results have as many lines. */
const killAt = (path: string, lines: number, signal: NodeJS.Signals): RunOptions & { killedAt: number } => {
  const options = {
    killedAt: 0,
    started: (child: { kill(signal: NodeJS.Signals): boolean }) => {
      const timer = setInterval(() => {
        if (linesOf(path) < lines) return;
        clearInterval(timer);
        options.killedAt = performance.now();
        child.kill(signal);
      }, 5);
    },
  };
  return options;
};
const linesOf = (path: string): number => {
  try {
    return readFileSync(path, 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
};

describe.skipIf(unbuilt)('a list', () => {
  test('each target a line, the mail host that they share asked once', async () => {
    const list = domains(200);
    const before = connections();
    const { status, stdout, stderr } = await check(['--json', '--parallel', '16', '--file', file(list)]);
    expect(stderr).toBe('');
    expect(targetsOf(stdout)).toEqual(list.toSorted());
    // One for each kind of certificate that is asked for.
    expect(connections() - before).toBeLessThanOrEqual(3);
    expect(status).toBe(0);
  });

  test('each domain is judged by its own names', async () => {
    const { stdout } = await check(['--json', '--file', file(domains(3))]);
    const names = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => checkSchema.parse(JSON.parse(line)))
      .map(({ target, hosts }) => [target, hosts[0]?.referenceNames]);
    for (const [target, referenceNames] of names)
      expect(referenceNames).toEqual(['mx.wildcard-mx.example', target]);
    expect(names).toHaveLength(3);
  });

  test('a slow target holds up no other', async () => {
    const list = ['silent.example', ...domains(100)];
    const { stdout } = await check(['--json', '--parallel', '2', '--timeout', '3', '--file', file(list)]);
    const targets = stdout.split('\n').filter(Boolean);
    expect(targets).toHaveLength(101);
    expect(targets.at(-1)).toContain('silent.example');
  });

  test('bad lines are told by number, the rest is done', async () => {
    const list = [
      '# a comment',
      'd1.wildcard-mx.example',
      'not a domain',
      '',
      'ftp://x.example',
      'no-tlsa.example',
    ];
    const path = file(list);
    const { status, stdout, stderr } = await check(['--json', '--file', path]);
    expect(stderr.split('\n')).toEqual([
      `mailanchor: ${path}:3: "not a domain": not a domain name`,
      expect.stringContaining(`${path}:5: "ftp://x.example": scheme ftp:`),
      '',
    ]);
    expect(targetsOf(stdout)).toEqual(['d1.wildcard-mx.example', 'no-tlsa.example']);
    expect(status).toBe(2);
  });

  test('results in a file: standard output has the overview', async () => {
    const results = output();
    const list = [...domains(60), 'no-tlsa.example'];
    const { status, stdout } = await check(['--file', file(list), '--output', results]);
    expect(targetsOf(readFileSync(results, 'utf8'))).toEqual(list.toSorted());
    expect(stdout).toMatch(/^\n61 targets {2}/);
    expect(stdout).toMatch(/60 protected/);
    expect(status).toBe(3);
    const again = await check(['--file', file(list), '--output', results]);
    expect(again.stderr).toMatch(/^mailanchor: --output: .* is there already: --resume goes on with it/);
    expect(again.status).toBe(2);
  });

  test.each(['SIGKILL', 'SIGINT'] as const)('stopped by %s and gone on with', async (signal) => {
    const list = domains(400);
    const results = output();
    const args = ['--parallel', '4', '--file', file(list), '--output', results];
    const killing = killAt(results, 40, signal);
    const stopped = await check(args, killing);
    const ended = performance.now();
    if (signal === 'SIGINT') {
      expect(ended - killing.killedAt).toBeLessThan(1000);
      expect(stopped.status).toBe(130);
      expect(stopped.stderr).toMatch(
        /^mailanchor: stopped after \d+ targets; go on with the same command and --resume\n$/,
      );
    } else expect(stopped.signal).toBe('SIGKILL');

    const before = linesOf(results);
    expect(before).toBeGreaterThanOrEqual(40);
    expect(before).toBeLessThan(400);
    // As a program that is killed in the middle of a line leaves it.
    writeFileSync(results, '{"target":"d399.wild', { flag: 'a' });
    const whole = readFileSync(results, 'utf8').split('\n').slice(0, before);
    const resumed = await check([...args, '--resume']);
    expect(resumed.status).toBe(0);
    const after = readFileSync(results, 'utf8');
    expect(after.split('\n').slice(0, before)).toEqual(whole);
    expect(targetsOf(after)).toEqual(list.toSorted());
  });

  test('gone on with: what was unknown is asked again, and has one line', async () => {
    const results = output();
    const args = ['--timeout', '1', '--file', file(['silent.example', ...domains(2)]), '--output', results];
    expect((await check(args)).status).toBe(5);
    const before = readFileSync(results, 'utf8').split('\n').filter(Boolean);
    const asked = lab.mailHost('mx.silent.example')[0]!.connections;
    const { status, stdout, stderr } = await check([...args, '--resume', '-v']);
    expect(stderr).toMatch(/^1 of the earlier run were unknown: asked again$/m);
    expect(stdout).toMatch(/3 targets {2}2 protected, 1 unknown/);
    expect(status).toBe(5);
    expect(lab.mailHost('mx.silent.example')[0]!.connections).toBeGreaterThan(asked);
    const after = readFileSync(results, 'utf8');
    expect(targetsOf(after)).toEqual(['d0.wildcard-mx.example', 'd1.wildcard-mx.example', 'silent.example']);
    expect(after.split('\n').slice(0, 2)).toEqual(before.filter((one) => !one.includes('"unknown"')));
  });

  test('two runs on one file: the second is refused and spoils nothing; a killed one leaves no lock', async () => {
    const results = output();
    const args = ['--parallel', '2', '--file', file(domains(400)), '--output', results];
    let second: ReturnType<typeof check> | undefined;
    const killing = killAt(results, 20, 'SIGKILL');
    const first = await check(args, {
      started(child) {
        const timer = setInterval(() => {
          if (linesOf(results) < 5) return;
          clearInterval(timer);
          child.kill('SIGSTOP');
          second = check([...args, '--resume']);
          void second.then(() => {
            killing.started?.(child);
            child.kill('SIGCONT');
          });
        }, 5);
      },
    });
    expect(first.signal).toBe('SIGKILL');
    expect(await second).toMatchObject({
      status: 2,
      stderr: `mailanchor: --output: another run is writing to ${results}\n`,
    });
    expect((await check([...args, '--resume'])).status).toBe(0);
    expect(targetsOf(readFileSync(results, 'utf8'))).toEqual(domains(400).toSorted());
  });

  test('--html: a page of the whole list, those that an earlier run did among them', async () => {
    const results = output();
    const page = join(scratch.path, 'list.html');
    const args = ['--file', file(['no-tlsa.example', ...domains(3), 'not a domain']), '--output', results];
    expect((await check([...args, '--html', page, '--profile', 'rfc7672'])).status).toBe(2);
    const first = readFileSync(page, 'utf8');
    expect(first).toMatch(
      /<h1>4 targets<.*<strong>unprotected<\/strong> 1.*1 line of the list was no target/s,
    );
    expect(first.match(/<details /g)).toHaveLength(4);
    expect((await check([...args, '--html', page, '--profile', 'rfc7672', '--resume'])).status).toBe(2);
    expect(readFileSync(page, 'utf8')).toBe(first);
    const same = await check([
      '--file',
      file(domains(1)),
      '--html',
      results,
      '--output',
      results,
      '--resume',
    ]);
    expect(same).toMatchObject({ status: 2, stderr: expect.stringContaining('name the same file') });
  });

  test('gone on with when all is done: nothing is asked, the worst verdict counts', async () => {
    const results = output();
    const args = ['--file', file(['no-tlsa.example', ...domains(2)]), '--output', results];
    expect((await check(args)).status).toBe(3);
    const before = readFileSync(results, 'utf8');
    const { status, stdout } = await check([...args, '--resume']);
    expect(status).toBe(3);
    expect(stdout).toMatch(/3 targets/);
    expect(readFileSync(results, 'utf8')).toBe(before);
  });

  test.each([
    [['--resume', 'a.example'], /--resume goes on with the file of --output/],
    [['--output', '/nonexistent/results', 'a.example'], /--output: cannot open .*no such file/],
  ])('%j', async (args, message) => {
    const { status, stderr } = await check(args);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });
});
