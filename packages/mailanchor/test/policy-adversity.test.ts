/** `mailanchor policy` where the machine fails it: a full disk, a clock that jumps, settings that are wrong. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { askSocketmap, metricsOf, type PolicyProcess, startPolicy } from './policy-process.ts';
import { mailanchor, unbuilt } from './program.ts';
import { Stage } from './resolver-stage.ts';

const stage = new Stage();
const at = (domain: string) => `${domain}:${stage.lab.mailPort}`;
const ask = ({ socketmap }: PolicyProcess, key: string) => askSocketmap({ port: socketmap }, key);

const mounts = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

test.skipIf(unbuilt || !mounts)(
  `a full disk costs a log line and a count, and no answer${mounts ? '' : ' (skipped: unshare -rm is not allowed)'}`,
  async () => {
    const state = stage.path('full');
    mkdirSync(state);
    // So small that it is full with its own folder.
    const script =
      'mount -t tmpfs -o size=4k,mode=700 none "$0" && head -c 4096 /dev/zero > "$0/filler"; exec "$@"';
    const policy = await startPolicy(
      [...stage.configured, '--metrics', '127.0.0.1:0', '--state', state],
      {},
      ['unshare', '-rm', 'sh', '-c', script, state],
    );
    expect(await ask(policy, 'sts-good.example:2525')).toMatch(/^OK secure /);
    expect(await policy.process.line(/could not be kept/)).toBe(
      `mailanchor policy: MTA-STS policies could not be kept in ${state}/mta-sts-policies: no space left`,
    );
    expect(await ask(policy, at('good-311.example'))).toBe('OK dane-only');
    const { metrics } = await metricsOf(policy);
    expect(metrics.get('snapshot_failures_total')).toBe(1);
    expect(await policy.process.stop()).toBe(0);
    expect(policy.process.lines.join('\n')).toMatch(/answers could not be kept in .*: no space left/);
  },
);

const FAKETIME = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/faketime/libfaketimeMT.so.1',
];
const faketime = FAKETIME.find((path) => existsSync(path));

test.skipIf(unbuilt || !faketime)(
  `a clock that jumps: nothing outlives its signatures, and what was known is known again${faketime ? '' : ' (skipped: not installed: faketime)'}`,
  async () => {
    const offset = stage.file('offset', '+0');
    const env = {
      LD_PRELOAD: faketime!,
      FAKETIME_TIMESTAMP_FILE: offset,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    const policy = await startPolicy([...stage.configured, '--metrics', '127.0.0.1:0'], env);
    expect(await ask(policy, at('good-311.example'))).toBe('OK dane-only');
    // Signatures of the lab hold for two weeks.
    writeFileSync(offset, '+40d');
    expect(await ask(policy, at('good-311.example'))).toMatch(/^TEMP .*expired/);
    expect(policy.process.lines.at(-1)).toMatch(
      /good-311\.example.*: the MX records cannot be trusted: .*expired/,
    );
    writeFileSync(offset, '+0');
    expect(await ask(policy, at('good-311.example'))).toBe('OK dane-only');
    writeFileSync(offset, '-40d');
    expect(await ask(policy, at('good-311.example'))).toMatch(/^TEMP .*(?:not yet|not valid before|begins)/);
    writeFileSync(offset, '+0');
    expect(await ask(policy, at('good-311.example'))).toBe('OK dane-only');
    const { metrics } = await metricsOf(policy);
    expect(metrics.get('answers_total{status="TEMP"}')).toBe(2);
    expect(await policy.process.stop()).toBe(0);
  },
);

describe.skipIf(unbuilt)('settings that are wrong are told by line, and nothing is started', () => {
  test.each<[string, string, RegExp]>([
    ['a name that there is not', 'policy-service:\n  listne: [127.0.0.1:1]\n', /:2: .*listne/],
    ['a port', "policy-service:\n  listen: ['127.0.0.1:99999']\n", /:2: .*99999/],
    [
      'a socket',
      "policy-service:\n  tcp-table: ['unix:relative']\n",
      /:2: .*relative.* is not a path such as/,
    ],
    [
      'a network',
      'policy-service:\n  allow:\n    - 127.0.0.0/33\n',
      /:3: .*127\.0\.0\.0\/33.* is not a network/,
    ],
    ['a number', 'policy-service:\n  max-connections: none\n', /:2: .*max-connections/],
    ['a choice', 'policy-service:\n  partial-dane: both\n', /:2: .*partial-dane/],
    ['a file', 'policy-service:\n  sts-ca: absent.pem\n', /:2: .*absent\.pem.*no such file/],
    [
      'a policy without an end',
      'policy-service:\n  overrides:\n    - {domain: example.org, policy: may, reason: none}\n',
      /:3: .*expires/,
    ],
    [
      'an end that is none',
      'policy-service:\n  overrides:\n    - domain: example.org\n      policy: may\n      reason: none\n      expires: soon\n',
      /:6: .*soon/,
    ],
    [
      'two policies for one domain',
      'policy-service:\n  overrides:\n    - {domain: a.example, policy: may, reason: x, expires: 2099-01-01}\n    - {domain: A.example., policy: may, reason: x, expires: 2099-01-01}\n',
      /:4: .*already/,
    ],
  ])('%s', async (_, text, told) => {
    const config = stage.file('wrong.yaml', text);
    const { status, stderr } = await mailanchor(['policy', '--config', config]);
    expect(status).toBe(2);
    expect(stderr).toMatch(told);
    expect(stderr).not.toMatch(/listening on|: ready/);
  });
});
