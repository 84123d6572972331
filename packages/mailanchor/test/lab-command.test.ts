import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { mailanchor, temporaryFolder, unbuilt } from './program.ts';

const folder = temporaryFolder();
afterAll(folder.done);

/** Runs `mailanchor lab` until it says that it is up, does something with it, and stops it as the user does. */
async function whileRunning(args: string[], use: (said: string) => Promise<void>) {
  let problem: unknown;
  const run = await mailanchor(['lab', ...args], {
    started: (child) => {
      child.stdout?.once('data', (said: string) => {
        use(said)
          .catch((error: unknown) => {
            problem = error;
          })
          .finally(() => child.kill('SIGINT'));
      });
    },
  });
  if (problem) throw problem;
  return run;
}

describe.skipIf(unbuilt)('lab', () => {
  test('runs until Ctrl-C, and a check finds it by its configuration', async () => {
    let config = '';
    const { status, stderr } = await whileRunning([], async (said) => {
      config = /check --config (\S+) /.exec(said)?.[1] ?? '';
      const good = await mailanchor(['check', '--config', config, '-q', 'good-311.example']);
      expect(good.stdout).toMatch(/^✔ PROTECTED/);
      const words = /npx mailanchor (check --root-hints .*)$/m.exec(said)?.[1]?.split(' ') ?? [];
      expect((await mailanchor(words)).status).toBe(0);
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(existsSync(dirname(config))).toBe(false);
  });

  test('--dir and --json: a folder of the user, which stays if it was there', async () => {
    const dir = join(folder.path, 'there');
    mkdirSync(dir);
    await whileRunning(['--dir', dir, '--json'], async (said) => {
      expect(JSON.parse(said)).toMatchObject({
        folder: dir,
        config: join(dir, 'mailanchor.yaml'),
        dnsPort: expect.any(Number),
        destinations: expect.arrayContaining([
          expect.objectContaining({ verdict: 'protected', exitCode: 0 }),
        ]),
      });
      expect(readdirSync(dir).sort()).toEqual(['lab-ca.pem', 'mailanchor.yaml', 'root.hints', 'root.key']);
    });
    expect(readdirSync(dir)).toEqual([]);
  });

  test("somebody's file is not overwritten, and nothing is left", async () => {
    const dir = join(folder.path, 'taken');
    mkdirSync(dir);
    writeFileSync(join(dir, 'mailanchor.yaml'), 'mine\n');
    const { status, stderr } = await mailanchor(['lab', '--dir', dir]);
    expect(stderr).toMatch(/^mailanchor: --dir: .*mailanchor\.yaml exists already.*\n$/);
    expect(status).toBe(2);
    expect(readdirSync(dir)).toEqual(['mailanchor.yaml']);
    expect(readFileSync(join(dir, 'mailanchor.yaml'), 'utf8')).toBe('mine\n');
  });

  test('--demo: every destination as it must be, a table, one explanation, exit 0', async () => {
    const { status, stdout, stderr } = await mailanchor(['lab', '--demo']);
    expect(stdout).toMatch(/^ {2}\d+ further destinations.*--demo --all$/m);
    expect(stdout).not.toMatch(/^✘ {2}/m);
    expect(stdout).toMatch(/^✔ (\d+) of \1 as expected/m);
    expect(stdout).toMatch(/^✘ BROKEN renewed-key\.example/m);
    expect(stdout).toMatch(/IN TLSA 3 1 1 [0-9a-f]{64}$/m);
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  test('--demo --all: the further destinations too, one for each finding', async () => {
    const { status, stdout } = await mailanchor(['lab', '--demo', '--all', '--json']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { asExpected: boolean });
    expect(lines.length).toBeGreaterThan(75);
    expect(lines.filter(({ asExpected }) => !asExpected)).toEqual([]);
    expect(status).toBe(0);
  });
});
