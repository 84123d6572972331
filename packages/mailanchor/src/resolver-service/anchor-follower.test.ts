import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Name } from '@mailanchor/dns';
import { parseTrustAnchors } from '@mailanchor/dnssec';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/program.ts';
import { makeKey, RollingRoot, revoked } from '../../test/rolling-root.ts';
import { UsageError } from '../errors.ts';
import { AnchorFollower } from './anchor-follower.ts';
import type { Log } from './log.ts';

const DAY = 86_400;
const START = Date.UTC(2026, 0, 15) / 1000;
type Key = Awaited<ReturnType<typeof makeKey>>;
let A: Key;
let B: Key;
const scratch = temporaryFolder();
let made = 0;
beforeAll(async () => {
  [A, B] = await Promise.all([makeKey('a'), makeKey('b')]);
});
afterAll(() => scratch.done());

/** A root, a file, and whoever follows: again after each restart. */
class Scene {
  readonly root = new RollingRoot(START, A);
  readonly path = join(scratch.path, `${made++}`, 'trust-anchors.json');
  readonly said: string[] = [];
  readonly problems: string[] = [];
  readonly told: string[] = [];
  readonly log: Log = {
    event: (_event, text) => void this.said.push(text),
    problem: (_event, text) => void this.problems.push(text),
  };
  follower!: AnchorFollower;

  async open(): Promise<this> {
    this.follower = await AnchorFollower.open({
      file: { path: this.path, from: '--trust-anchor-state' },
      configured: parseTrustAnchors(RollingRoot.anchorText(A)),
      fetch: async () => this.root.dnskeys(),
      clock: () => this.root.now * 1000,
      log: this.log,
      onAnchors: (anchors, withdrawn) =>
        void this.told.push(`${anchors.length}${withdrawn ? ' withdrawn' : ''}`),
      retryMs: 5,
    });
    return this;
  }

  async later(days: number): Promise<this> {
    this.root.now += days * DAY;
    await this.follower.refresh();
    return this;
  }

  phases(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { phase, count } of this.follower.keys()) if (count > 0) counts[phase] = count;
    return counts;
  }
}

describe('a rollover', () => {
  test('told in words, kept in the file, taken up by the next process', async () => {
    const scene = await new Scene().open();
    await scene.later(0);
    scene.root.keys = [A, B];
    await scene.later(1);
    expect(scene.phases()).toEqual({ valid: 1, 'add-pend': 1 });
    await scene.follower.close();

    await scene.open();
    expect(scene.phases()).toEqual({ valid: 1, 'add-pend': 1 });
    await scene.later(31);
    expect(scene.phases()).toEqual({ valid: 2 });
    scene.root.keys = [revoked(A), B];
    await scene.later(1);
    expect(scene.phases()).toEqual({ valid: 1, revoked: 1 });
    expect(scene.told).toEqual(['1', '1', '2', '1 withdrawn']);
    expect(scene.said).toEqual([
      `key ${A.tag} of . is the trust anchor that was configured`,
      `key ${B.tag} of . is new: trusted from 2026-02-15 on, if it stays until then`,
      `key ${B.tag} of . is trusted from now on`,
    ]);
    expect(scene.problems).toEqual([
      `key ${A.tag} of . has been revoked by its owner: it is not trusted any more`,
    ]);
    expect(scene.follower.lost()).toEqual([]);
    expect([...scene.follower.refreshes()][0]!.at).toBeGreaterThan(scene.root.now);
    await scene.follower.close();
    // The configuration still names A; its owner's word counts.
    await scene.open();
    expect(scene.follower.anchors()).toHaveLength(1);
  });

  test('the last key revoked: nothing is left, and that is shouted, at the next start as well', async () => {
    const scene = await new Scene().open();
    await scene.later(0);
    scene.root.keys = [revoked(A)];
    await scene.later(1);
    expect(scene.follower.anchors()).toEqual([]);
    expect(scene.follower.lost()).toEqual([Name.root]);
    expect(scene.problems.join('\n')).toMatch(/EVERY KEY OF \. IS REVOKED.*insecure \(RFC 5011, section 5\)/);
    scene.problems.length = 0;
    await scene.open();
    expect(scene.follower.lost()).toEqual([Name.root]);
    expect(scene.problems.join('\n')).toMatch(/EVERY KEY/);
  });

  test('gone without being revoked, and back', async () => {
    const scene = await new Scene().open();
    scene.root.keys = [A, B];
    await scene.later(0);
    await scene.later(31);
    scene.root.keys = [A];
    await scene.later(1);
    expect(scene.problems).toEqual([
      `key ${B.tag} of . is trusted and no longer published, though nobody has revoked it`,
    ]);
    scene.root.keys = [A, B];
    await scene.later(1);
    expect(scene.said.at(-1)).toBe(`key ${B.tag} of . is published again`);
  });

  test('gone before its time', async () => {
    const scene = await new Scene().open();
    scene.root.keys = [A, B];
    await scene.later(0);
    scene.root.keys = [A];
    await scene.later(1);
    expect(scene.problems).toEqual([`key ${B.tag} of . was new and has gone before it could be trusted`]);
  });
});

describe('the file', () => {
  test('is there from the first start on, for its owner alone', async () => {
    const scene = await new Scene().open();
    expect(readdirSync(dirname(scene.path))).toEqual(['trust-anchors.json']);
    expect(JSON.parse(readFileSync(scene.path, 'utf8'))).toMatchObject({
      version: 1,
      points: [{ zone: '.' }],
    });
    expect(scene.problems).toEqual([]);
  });

  test.each<[string, (path: string) => void, RegExp, boolean]>([
    ['no JSON', (path) => writeFileSync(path, '{"version":1,"poi'), /JSON/, true],
    ['JSON of something else', (path) => writeFileSync(path, '{"version":7}'), /damaged: version 7/, true],
    ['empty', (path) => writeFileSync(path, ''), /JSON/, true],
    ['open to others', (path) => chmodSync(path, 0o666), /can be written by others/, true],
  ])('%s: told, put aside, and what is configured is trusted', async (_what, damage, why, aside) => {
    const scene = await new Scene().open();
    damage(scene.path);
    await scene.open();
    expect(scene.problems).toEqual([expect.stringMatching(/only what is configured is trusted/)]);
    expect(scene.problems[0]).toMatch(why);
    expect(existsSync(`${scene.path}.damaged`)).toBe(aside);
    expect(scene.follower.anchors()).toHaveLength(1);
    await scene.later(0);
    expect(scene.phases()).toEqual({ valid: 1 });
    expect(JSON.parse(readFileSync(scene.path, 'utf8'))).toMatchObject({ version: 1 });
  });

  test('a folder in its place is an error of whoever named it', async () => {
    const scene = new Scene();
    mkdirSync(scene.path, { recursive: true });
    await expect(scene.open()).rejects.toThrow(UsageError);
    await expect(scene.open()).rejects.toThrow(/--trust-anchor-state: .* is a folder, not a file/);
  });

  test('cannot be written: told, keys are followed, and it is written when that is possible again', async () => {
    const scene = await new Scene().open();
    // What is written before it takes the old file's place.
    const obstacle = `${scene.path}.${process.pid}`;
    mkdirSync(join(obstacle, 'full'), { recursive: true });
    const before = readFileSync(scene.path, 'utf8');
    await scene.later(0);
    expect(scene.phases()).toEqual({ valid: 1 });
    expect(scene.follower.writeFailures).toBeGreaterThanOrEqual(1);
    expect(scene.problems[0]).toMatch(/could not be written to .*trust-anchors\.json/);
    expect(readFileSync(scene.path, 'utf8')).toBe(before);
    rmSync(obstacle, { recursive: true });
    await scene.follower.close();
    expect(readFileSync(scene.path, 'utf8')).not.toBe(before);
    await scene.open();
    expect(scene.phases()).toEqual({ valid: 1 });
  });
});
