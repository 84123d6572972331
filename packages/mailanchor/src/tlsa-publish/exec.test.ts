import { Name } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { createExecPublisher } from './exec.ts';
import type { TlsaChange } from './publisher.ts';
import { runCommand } from './run-command.ts';

const tlsa = (first: number) => ({
  usage: 3,
  selector: 1,
  matching: 1,
  data: new Uint8Array(32).fill(first),
});
const change: TlsaChange = {
  zone: Name.fromText('example.org'),
  owner: Name.fromText('_25._tcp.mx1.example.org'),
  ttl: 60,
  expected: [tlsa(0xaa)],
  add: [tlsa(0xbb)],
  remove: [tlsa(0xaa)],
};
const signal = new AbortController().signal;
const shell = (script: string, timeoutMs = 5000) =>
  createExecPublisher({ name: 'own', command: ['sh', '-c', script], timeoutMs });

test('the command gets the change', async () => {
  // What it reads comes back as what it says.
  const outcome = await shell('cat >&2; exit 4').publish(change, signal);
  const [, json = ''] = /exit status 4: (.*)$/.exec('text' in outcome ? outcome.text : '') ?? [];
  expect(JSON.parse(json)).toEqual({
    version: 1,
    zone: 'example.org.',
    owner: '_25._tcp.mx1.example.org.',
    type: 'TLSA',
    ttl: 60,
    expected: [`3 1 1 ${'aa'.repeat(32)}`],
    add: [`3 1 1 ${'bb'.repeat(32)}`],
    remove: [`3 1 1 ${'aa'.repeat(32)}`],
    result: [`3 1 1 ${'bb'.repeat(32)}`],
  });
});

describe('its exit status says what became of it', () => {
  test.each<[string, object]>([
    ['exit 0', { kind: 'done' }],
    ['exit 5', { kind: 'unchanged' }],
    [
      'echo not as expected >&2; exit 3',
      { kind: 'conflict', text: expect.stringMatching(/exit status 3: not as expected$/) },
    ],
    [
      'echo first; echo no >&2; exit 4',
      { kind: 'refused', text: expect.stringMatching(/exit status 4: no$/) },
    ],
    ['echo said; exit 1', { kind: 'failed', text: expect.stringMatching(/exit status 1: said$/) }],
    ['exit 127', { kind: 'failed', text: expect.stringMatching(/exit status 127$/) }],
    ['kill -9 $$', { kind: 'failed', text: expect.stringMatching(/killed by SIGKILL$/) }],
    // What it leaves in the background does not hold us up; escape sequences do not reach the terminal.
    [
      'sleep 30 & printf "\\033[31mred" >&2; exit 1',
      { kind: 'failed', text: expect.stringMatching(/status 1: \\x1b\[31mred$/) },
    ],
    ['head -c 3000000 /dev/zero | tr "\\0" x; exit 0', { kind: 'done' }],
    ['exec <&-; exit 0', { kind: 'done' }],
  ])('%s', async (script, outcome) => {
    expect(await shell(script).publish(change, signal)).toEqual(outcome);
  });

  test('a command that is not there has changed nothing', async () => {
    const publisher = createExecPublisher({ name: 'own', command: ['no-such-program'], timeoutMs: 5000 });
    expect(await publisher.publish(change, signal)).toEqual({
      kind: 'refused',
      text: 'no-such-program cannot be run: no such program',
    });
  });
});

test('what takes too long is killed with its children', async () => {
  const started = performance.now();
  const result = await runCommand(['sh', '-c', 'echo begun; sleep 30; echo done'], {
    timeoutMs: 200,
    signal,
  });
  expect(result).toEqual({ kind: 'stopped', text: 'not done after 0.2 s and killed', said: 'begun' });
  expect(performance.now() - started).toBeLessThan(10_000);
});

test('a user who stops it', async () => {
  const stop = new AbortController();
  const running = runCommand(['sleep', '30'], { timeoutMs: 60_000, signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
});
