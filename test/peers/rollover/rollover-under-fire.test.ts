/**
 * Keys are rolled while mail comes in twice a second from a sending Postfix with DANE, and Mailanchor is killed at every step in turn:
 * no message may fail, nor wait. BIND signs the zone, a secondary lags behind, Unbound caches, Postfix presents.
 *
 * ROLLOVER_ROUNDS=20 rolls as many keys one after the other; without it as many as it takes to be killed at every moment there is.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mailanchor } from '../bed.ts';
import { runIn } from '../namespace.ts';
import { REQUIRED, whyNoPeers } from '../peers.ts';
import { Fire, type Tally } from './fire.ts';
import { PRIMARY, SECONDARY, tsigKeyFile, UNBOUND } from './name-servers.ts';
import { killedAt, type Rolled, rollUnderKills } from './roller.ts';
import { DOMAIN, HOST, makeKey, raiseStage, type Stage, serve, spki } from './stage.ts';

const absent = whyNoPeers();
if (absent !== undefined && REQUIRED) throw new Error(`MAILANCHOR_TEST_PEERS=required, but ${absent}`);

const ROUNDS = Number(process.env['ROLLOVER_ROUNDS'] ?? 0);
/** Of each step its beginning, and when it is half done or just done. */
const MOMENTS = ['make-key', 'publish', 'issue', 'deploy', 'remove'].flatMap((step) => [
  `begin ${step}`,
  killedAt(`begin ${step}`, 15),
  killedAt(`begin ${step}`, 60),
]);
const MOST_ROUNDS = 5;
/** Seconds. */
const TTL = 2;
const LAG = 2;

/** As docs/rollover.md has it, with times that fit a test. */
const configuration = (folder: string): string => `
root-hints: ${folder}/root.hints
trust-anchor: ${folder}/root.key
timeout: 5
publishers:
  main:
    kind: rfc2136
    server: ${PRIMARY}
    tsig-key: ${tsigKeyFile(folder)}
tlsa:
  state: ${folder}/state
  settle: 1
  interval: 1
  hosts:
    - name: ${HOST}
      publisher: main
      policy: current-next
      ttl: ${TTL}
      certificate: ${folder}/current.pem
      key: ${folder}/current.key
      deploy: [${folder}/deploy]
      issue: [${folder}/issue]
`;

/** One file that is replaced at one moment, then a reload. */
const DEPLOY = (stage: Stage): string => `#!/bin/sh
set -e
cat "$MAILANCHOR_KEY" "$MAILANCHOR_CERT" > ${stage.chainFile}.new
chmod 600 ${stage.chainFile}.new
mv ${stage.chainFile}.new ${stage.chainFile}
postfix -c ${stage.receiver.folder}/etc reload
`;

/** What an ACME client does, without its CA. */
const ISSUE = `#!/bin/sh
set -e
cp "$MAILANCHOR_KEY" "$MAILANCHOR_LIVE_KEY.new"
openssl req -x509 -key "$MAILANCHOR_KEY" -days 30 -subj /CN=${HOST} -addext subjectAltName=DNS:${HOST} -out "$MAILANCHOR_LIVE_CERT.new"
mv "$MAILANCHOR_LIVE_KEY.new" "$MAILANCHOR_LIVE_KEY"
mv "$MAILANCHOR_LIVE_CERT.new" "$MAILANCHOR_LIVE_CERT"
`;

describe.skipIf(absent)(`a rollover under fire${absent ? ` (skipped: ${absent})` : ''}`, () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await raiseStage({ ttl: TTL, lag: LAG });
    writeFileSync(join(stage.folder, 'mailanchor.yaml'), configuration(stage.folder));
    script('deploy', DEPLOY(stage));
    script('issue', ISSUE);
  }, 60_000);
  afterAll(async () => {
    await stage?.lower();
  });

  function script(name: string, text: string): void {
    writeFileSync(join(stage.folder, name), text);
    chmodSync(join(stage.folder, name), 0o755);
  }

  const recordsAt = async (server: string): Promise<string[]> => {
    const query = ['dig', '+short', `@${server}`, `_25._tcp.${HOST}`, 'TLSA'];
    const { stdout } = await runIn(stage.namespace, query);
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.toLowerCase().replace(/^3 1 1 (.*)$/, (_, hex: string) => hex.replaceAll(' ', '')))
      .sort();
  };

  /** `start`: asked for another key. `deploys`: whether there is to be one. */
  function roll(start: boolean, deploys: boolean, killed: Set<string> | undefined): Promise<Rolled> {
    let deployed = !deploys;
    return rollUnderKills({
      namespace: stage.namespace,
      configuration: join(stage.folder, 'mailanchor.yaml'),
      environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      withinMs: 90_000,
      start,
      killed,
      // Undisturbed it goes as fast as it can: what it does too early then fails.
      intervalS: killed ? 1 : 0.2,
      isOver: ({ moment }) => {
        deployed ||= moment === 'begin deploy';
        return deployed && moment === 'decided steady';
      },
    });
  }

  /** Our own check, all the while: what a sender sees is protected at every moment. */
  async function watched<T>(work: Promise<T>): Promise<{ readonly result: T; readonly verdicts: string[] }> {
    const verdicts: string[] = [];
    let going = true;
    const watching = (async () => {
      while (going) {
        const { stdout } = await mailanchor({ ...stage, unbound: UNBOUND }, [
          ...['check', '--json', '--servers', 'one', DOMAIN],
        ]);
        verdicts.push((JSON.parse(stdout) as { verdict: string }).verdict);
        await delay(1000);
      }
    })();
    try {
      return { result: await work, verdicts };
    } finally {
      going = false;
      await watching;
    }
  }

  /**
   * One key for another, and everything as it should be afterwards: the one made in advance, or one that a renewal brings by itself
   * and no record knows yet.
   */
  async function round(
    by: 'rollover' | 'renewal',
    killed: Set<string> | undefined,
  ): Promise<{ readonly steps: number; readonly checks: number }> {
    const before = spki(join(stage.folder, 'current.pem'));
    if (by === 'renewal') makeKey(stage.folder, 'current');
    const { result, verdicts } = await watched(roll(by === 'rollover', true, killed));
    expect(result.over, JSON.stringify(result.told.slice(-3))).toBe(true);
    const after = spki(join(stage.folder, 'current.pem'));
    expect(after).not.toBe(before);
    // What was the next key is in use, what was in use is gone, and there is a next one again: on both servers.
    const records = await recordsAt(PRIMARY);
    expect(records).toHaveLength(2);
    expect(records).toContain(after);
    expect(records).not.toContain(before);
    expect(await recordsAt(SECONDARY)).toEqual(records);
    expect([...new Set(verdicts)]).toEqual(['protected']);
    const steps = result.told.filter(({ moment }) => moment.startsWith('begin ')).length;
    return { steps, checks: verdicts.length };
  }

  test(
    'no message fails or waits while keys are rolled and the program is killed at every step',
    async () => {
      const fire = new Fire(stage.sender, { domain: DOMAIN, everyMs: 500 });
      const killed = new Set<string>();
      const rounds: { readonly steps: number; readonly checks: number }[] = [];
      let kills = 0;
      let tally: Tally;
      try {
        const prepared = await roll(false, false, killed);
        expect(prepared.over, JSON.stringify(prepared.told.slice(-3))).toBe(true);
        const isEnough = (): boolean =>
          ROUNDS > 0
            ? rounds.length >= ROUNDS
            : rounds.length >= 2 && MOMENTS.every((moment) => killed.has(moment));
        while (!isEnough() && rounds.length < Math.max(ROUNDS, MOST_ROUNDS)) {
          rounds.push(await round(rounds.length % 2 === 0 ? 'rollover' : 'renewal', killed));
          // Each round is interrupted anew.
          if (ROUNDS > 0) {
            kills += killed.size;
            killed.clear();
          }
        }
        kills += killed.size;
        rounds.push(await round('renewal', undefined));
      } finally {
        tally = await fire.stop();
      }
      expect(tally.failures).toEqual([]);
      expect(tally.verified).toBe(tally.injected);
      if (ROUNDS === 0) expect([...killed]).toEqual(expect.arrayContaining(MOMENTS));
      const sum = (what: 'steps' | 'checks'): number => rounds.reduce((all, one) => all + one[what], 0);
      console.log(
        `rollover under fire: ${tally.verified} of ${tally.injected} deliveries verified, ${tally.failures.length} failures; ` +
          `${rounds.length} rollovers, ${sum('steps')} steps, ${kills} kills, ${sum('checks')} checks protected`,
      );
    },
    400_000 + ROUNDS * 60_000,
  );

  test('the fire burns: a key whose record nobody published fails at once', async () => {
    const fire = new Fire(stage.sender, { domain: DOMAIN, everyMs: 500 });
    makeKey(stage.folder, 'stranger');
    serve(stage.chainFile, join(stage.folder, 'stranger.key'), join(stage.folder, 'stranger.pem'));
    const reload = spawn('ip', [
      ...['netns', 'exec', stage.namespace, 'postfix', '-c', join(stage.receiver.folder, 'etc'), 'reload'],
    ]);
    await once(reload, 'close');
    await delay(1500);
    const { failures } = await fire.stop();
    expect(failures.length).toBeGreaterThan(0);
    expect(failures[0]).toMatch(/Untrusted TLS: .*status=deferred .*not verified/);
    expect(readFileSync(stage.chainFile, 'utf8')).toContain('PRIVATE KEY');
  });
});
