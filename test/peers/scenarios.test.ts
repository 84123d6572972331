/** Recorded scenarios (Unbound's) against `mailanchor resolver` as a black box, in namespaces where the recorded addresses are real. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import './global-setup.ts';
import { differencesAt } from '../../packages/dnssec/test/rpl/differences.ts';
import { NO_VECTORS, vectorFolder } from '../../packages/dnssec/test/vectors.ts';
import { makeNamespace, namespaceName, removeNamespace, runIn } from './namespace.ts';
import type { Replayed } from './scenarios/replayed.ts';

const REPLAY = fileURLToPath(new URL('scenarios/replay.ts', import.meta.url));
/** Namespaces at work at once: two processors, and each waits for its resolver to start most of the time. */
const LANES = 4;

/** Files that run in process alone, where the clock is ours. */
const TIME_PASSES: Readonly<Record<string, string>> = {
  'val_keyprefetch_verify.rpl': "3400 s pass on the scenario's clock",
  'val_negcache_ttl.rpl': "910 s pass on the scenario's clock",
  'val_negcache_ttl_prefetch.rpl': "901 s pass on the scenario's clock",
};
/** Milliseconds for all of it: half a minute on two idle processors. */
const TIMEOUT = 240_000;

const folder = vectorFolder('unbound');
const bed = inject('bed');
const absent = typeof bed === 'string' ? bed : folder === undefined ? NO_VECTORS : undefined;
const files = folder === undefined ? [] : readdirSync(folder).filter((file) => file.endsWith('.rpl'));

describe('recorded scenarios, as a black box', () => {
  if (absent !== undefined || folder === undefined) {
    test('replay', ({ skip }) => skip(absent));
    return;
  }
  const lanes = Array.from({ length: LANES }, (_, lane) => ({
    namespace: namespaceName(`replay${'abcd'[lane]}`),
    files: files.filter((_, at) => at % LANES === lane),
  }));
  const replayed = new Map<string, Replayed>();

  beforeAll(async () => {
    await Promise.all(
      lanes.map(async (lane) => {
        makeNamespace(lane.namespace);
        const command = [process.execPath, REPLAY, folder, ...lane.files];
        const { stdout, stderr } = await runIn(lane.namespace, command, { timeoutMs: TIMEOUT });
        for (const line of stdout.split('\n').filter(Boolean)) {
          const one = JSON.parse(line) as Replayed;
          replayed.set(one.file, one);
        }
        expect(stderr).toBe('');
      }),
    );
  }, TIMEOUT);
  afterAll(() => {
    for (const { namespace } of lanes) removeNamespace(namespace);
  });

  test('left out: those in which more time passes than a test can wait for', () => {
    const leftOut = [...replayed.values()].filter(({ skipped }) => skipped !== undefined);
    expect(Object.fromEntries(leftOut.map(({ file, skipped }) => [file, skipped]))).toEqual(TIME_PASSES);
  });

  test.for(files.filter((file) => TIME_PASSES[file] === undefined))('%s', (file) => {
    const one = replayed.get(file);
    expect(one?.error).toBeUndefined();
    expect(one?.unanswered).toEqual([]);
    expect(one?.checks.length).toBeGreaterThan(0);
    for (const { line, problems } of one?.checks ?? [])
      expect(problems, `line ${line}`).toEqual(differencesAt(file, line, 'response'));
  });
});

describe('scenarios of our own, as a black box', () => {
  if (typeof bed === 'string') {
    test('replay', ({ skip }) => skip(bed));
    return;
  }
  const namespace = namespaceName('replayown');
  beforeAll(() => makeNamespace(namespace));
  afterAll(() => removeNamespace(namespace));

  test('servers on IPv6, TCP where UDP is cut off, a silent server', async () => {
    const own = fileURLToPath(new URL('scenarios/own', import.meta.url));
    const { stdout } = await runIn(namespace, [process.execPath, REPLAY, own, 'ipv6-and-tcp.rpl']);
    const { error, checks, unanswered } = JSON.parse(stdout) as Replayed;
    expect(error).toBeUndefined();
    expect(checks.map(({ problems }) => problems)).toEqual([[]]);
    expect(new Set(unanswered)).toEqual(
      new Set(unanswered.length > 0 ? ['A www.example. @2001:db8::54'] : []),
    );
  });
});
