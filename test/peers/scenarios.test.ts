/** Recorded scenarios (Unbound's) against `mailanchor resolver` as a black box, in namespaces where the recorded addresses are real. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import './global-setup.ts';
import { differencesAt, NOT_APPLICABLE } from '../../packages/dnssec/test/rpl/differences.ts';
import { NO_VECTORS, vectorFolder } from '../../packages/dnssec/test/vectors.ts';
import { makeNamespace, namespaceName, removeNamespace, runIn } from './namespace.ts';
import type { Replayed } from './scenarios/replayed.ts';

const REPLAY = fileURLToPath(new URL('scenarios/replay.ts', import.meta.url));
/** Namespaces at work at once: two processors, and each waits for its resolver to start most of the time. */
const LANES = 4;

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
        const { stdout, stderr } = await runIn(lane.namespace, command, { timeoutMs: 110_000 });
        for (const line of stdout.split('\n').filter(Boolean)) {
          const one = JSON.parse(line) as Replayed;
          replayed.set(one.file, one);
        }
        expect(stderr).toBe('');
      }),
    );
  });
  afterAll(() => {
    for (const { namespace } of lanes) removeNamespace(namespace);
  });

  test.for(files)('%s', (file, { skip }) => {
    const one = replayed.get(file);
    if (one?.skipped !== undefined) skip(one.skipped);
    expect(one?.error).toBeUndefined();
    if (NOT_APPLICABLE[file] !== undefined) skip(NOT_APPLICABLE[file]);
    expect(one?.checks.length).toBeGreaterThan(0);
    for (const { line, problems } of one?.checks ?? [])
      expect(problems, `line ${line}`).toEqual(differencesAt(file, line, 'response'));
  });
});
