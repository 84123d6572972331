/** Rollovers as a user runs them: the program, a signed zone that takes changes, mail hosts that take certificates. */

import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Rcode } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { BIN, environment, unbuilt } from './program.ts';
import { scene } from './roll-scene.ts';
import { HOST, makePair, type Pair } from './roll-stage.ts';

const RSA = {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
} as const;

describe.skipIf(unbuilt)('tlsa plan, roll and status', () => {
  test.concurrent('plan: the first record, and the exact change', () =>
    scene(async (s) => {
      s.stage.writeConfig({ host: '      policy: reuse\n' });
      const { status, state, step, change } = await s.plan();
      expect([status, state]).toEqual([3, 'unprotected']);
      expect(step).toMatchObject({
        kind: 'publish',
        owner: s.owner.slice(0, -1),
        add: [s.pair.record],
        expected: [],
      });
      expect(String(change)).toContain(s.pair.record);
      // Nothing is done, and nothing is written.
      expect(s.stage.told).toEqual([]);
      expect(readdirSync(s.folder)).not.toContain('state');
      const text = await s.tlsa('plan');
      expect(text.stdout).toMatch(/host +state +next +earliest/);
      expect(text.stdout).toMatch(/unprotected +publish 3 1 1 \w+\.\.\. at _\d+\._tcp\.mx1\.example +now/);
    }));

  test.concurrent('a rollover from the first record to the last, key made in advance', () =>
    scene(async (s) => {
      s.stage.writeConfig();
      expect(await s.rollUntil('steady')).toEqual(['unprotected', 'publishing', 'steady']);
      const keyFile = join(s.folder, 'state', HOST, 'next-ecdsa.key');
      expect(statSync(keyFile).mode & 0o777).toBe(0o600);
      const next = s.stage.makePair(readFileSync(keyFile, 'utf8'));
      expect([...s.stage.published(s.owner)].sort()).toEqual([s.pair.record, next.record].sort());

      // The ACME client renews with the key that was prepared.
      s.stage.writePair(next);
      expect(await s.rollUntil('steady')).toEqual(
        expect.arrayContaining(['ready', 'retiring', 'publishing', 'steady']),
      );
      const records = s.stage.published(s.owner);
      expect(records).toContain(next.record);
      expect(records).not.toContain(s.pair.record);
      expect(records).toHaveLength(2);
      expect(s.stage.told.filter(({ what }) => what === '/deploy')).toHaveLength(1);

      const status = JSON.parse((await s.tlsa('status', '--json')).stdout) as {
        hosts: { last: { state: string } }[];
      };
      expect(status.hosts[0]?.last.state).toBe('steady');
      expect((await s.tlsa('status')).stdout).toContain('next ecdsa key:');
    }));

  test.concurrent('follow: goes on by itself, is killed in the middle, and goes on', () =>
    scene(async (s) => {
      s.stage.writeConfig({ host: '      policy: reuse\n', more: '  interval: 1\n' });
      await s.rollUntil('steady');
      const fresh = s.stage.makePair();
      s.stage.writePair(fresh);
      for (let kills = 0; s.stage.published(s.owner).join() !== fresh.record; kills++) {
        expect(kills).toBeLessThan(40);
        await followUntil(s.folder, kills % 2 === 0 ? '"event":"begin"' : '"event":"sleep"');
      }
      expect((await s.plan())['state']).toBe('steady');
    }));

  test.concurrent('a secondary that never catches up: the roll waits and says which', () =>
    scene(async (s) => {
      s.stage.writeConfig({ host: '      policy: reuse\n' });
      await s.rollUntil('steady');
      s.stage.lag = Number.POSITIVE_INFINITY;
      s.stage.writePair(s.stage.makePair());
      await s.tlsa('roll');
      const { status, state, why } = await s.plan();
      expect([status, state]).toEqual([4, 'publishing']);
      expect(why).toMatch(/ns2\.example \(127\.57\.0\.4\) lacks 3 1 1/);
      expect(s.stage.hosts[0]!.chain).toBe(s.pair.chain);
    }));

  test.concurrent.each([
    ['refused', 1, 'could not be published: refused'],
    ['lost', 1, 'could not be published'],
    ['lost-applied', 2, 'aging'],
  ] as const)('a publisher whose change is %s', (how, count, words) =>
    scene(async (s) => {
      s.stage.writeConfig({ host: '      policy: reuse\n' });
      await s.rollUntil('steady');
      s.stage.publishing = how;
      s.stage.writePair(s.stage.makePair());
      await s.tlsa('roll');
      expect(s.stage.published(s.owner)).toHaveLength(count);
      const { state, why } = await s.plan();
      expect(`${state} ${why}`).toContain(words);
    }),
  );

  test.concurrent.each([
    [
      'half written',
      (pem: Pair) => ({ ...pem, certificatePem: pem.certificatePem.slice(0, 500) }),
      'END line',
    ],
    ['of another key', (pem: Pair, other: Pair) => ({ ...pem, keyPem: other.keyPem }), 'is not the key of'],
    ['without its key', (pem: Pair) => ({ ...pem, keyPem: '' }), 'holds no whole private key'],
  ])('a file %s is not deployed', (_, damage, words) =>
    scene(async (s) => {
      s.stage.writeConfig({ host: '      policy: reuse\n' });
      await s.rollUntil('steady');
      s.stage.writePair(damage(s.stage.makePair(s.pair.keyPem), s.stage.makePair()));
      const run = await s.tlsa('roll');
      expect(run.status).toBe(1);
      expect(run.stdout.replace(/\s+/g, ' ')).toContain(words);
      expect(s.stage.hosts[0]!.chain).toBe(s.pair.chain);
    }),
  );

  test.concurrent('a server that refuses during a rollover: it waits and says which', () =>
    scene(async (s) => {
      s.stage.writeConfig({ host: '      policy: reuse\n' });
      await s.rollUntil('steady');
      s.stage.network.server('127.57.0.4').faults = [{ kind: { rcode: Rcode.REFUSED } }];
      s.stage.writePair(s.stage.makePair());
      await s.tlsa('roll');
      const { status, state, why } = await s.plan();
      expect([status, state]).toEqual([5, 'unseen']);
      expect(why).toMatch(/ns2\.example .*REFUSED/);
    }));

  test.concurrent('a server whose answers are bogus: it waits and says why', () =>
    scene(async (s) => {
      s.stage.writeConfig({ host: '      policy: reuse\n' });
      await s.rollUntil('steady');
      await s.stage.breakSignatures();
      s.stage.writePair(s.stage.makePair());
      await s.tlsa('roll');
      const { status, state, why } = await s.plan();
      expect([status, state]).toEqual([5, 'unseen']);
      expect(why).toMatch(/bogus/);
      expect(s.stage.published(s.owner)).toEqual([s.pair.record]);
    }));

  test.concurrent('--force names what would break, and wants the name of the host', () =>
    scene(async (s) => {
      s.stage.writeConfig({ host: '      policy: reuse\n', more: '  interval: 1\n' });
      await s.rollUntil('steady');
      s.stage.lag = Number.POSITIVE_INFINITY;
      s.stage.publish(s.owner, s.pair.record, s.stage.makePair().record);
      s.stage.writePair(s.stage.makePair());
      const asked = await s.tlsa('roll', '--force');
      expect(asked.stdout).toContain('do not have the same records yet');

      s.stage.lag = 0;
      s.stage.publish(s.owner, s.pair.record);
      await s.tlsa('roll');
      await s.tlsa('roll');
      const refused = await s.tlsa('roll', '--force');
      expect(refused.stderr).toMatch(/held back/);
      expect(refused.stderr).toMatch(/their mail waits in their\s+queues/);
      expect(refused.stderr).toContain(`--yes-break ${HOST}`);
      expect(s.stage.hosts[0]!.chain).toBe(s.pair.chain);
      const wrong = await s.tlsa('roll', '--force', '--yes-break', 'mx2.example');
      expect(wrong.stderr).toContain('not done');
    }));

  test.concurrent('two runs never act at once', () =>
    scene(async (s) => {
      s.stage.writeConfig({ host: '      policy: reuse\n' });
      writeFileSync(join(s.folder, 'note'), '');
      const runs = await Promise.all([s.tlsa('roll'), s.tlsa('roll'), s.tlsa('roll')]);
      expect(runs.map(({ status }) => status)).toEqual([0, 0, 0]);
      expect(s.stage.told.filter(({ what }) => what === '/publish')).toHaveLength(1);
    }));

  test.concurrent.each([
    ['an alias', 'mail.example', `mx1.example`, (port: number) => `_${port}._tcp.mx1.example.`],
    ['under a wildcard', '*.mx.example', '*.mx.example', () => '*.mx.example.'],
  ])('a host that is %s: where its records belong', (_, name, certificateName, ownerOf) =>
    scene(async (s) => {
      s.stage.writeConfig({ name, host: '      policy: reuse\n' });
      const own = s.stage.makePair(undefined, [certificateName]);
      s.stage.writePair(own);
      s.stage.present(own.chain);
      expect(await s.rollUntil('steady')).toEqual(['unprotected', 'steady']);
      expect(s.stage.published(ownerOf(s.stage.port))).toEqual([own.record]);
    }),
  );

  test.concurrent('a TLSA name that is an alias: the records are where it leads', () =>
    scene(async (s) => {
      s.stage.writeConfig({ name: 'shared.example', host: '      policy: reuse\n' });
      await s.rollUntil('steady');
      expect(s.stage.published('dane.example.')).toEqual([s.pair.record]);
    }));

  test.concurrent('RSA and ECDSA side by side: one rolls, the record of the other stays', () => {
    const rsa = makePair(generateKeyPairSync('rsa', RSA).privateKey);
    return scene(async (s) => {
      writeFileSync(join(s.folder, 'rsa.pem'), rsa.certificatePem);
      writeFileSync(join(s.folder, 'rsa.key'), rsa.keyPem);
      s.stage.writeConfig({
        pairs: `      pairs:
        - { certificate: cert.pem, key: key.pem }
        - { certificate: rsa.pem, key: rsa.key }
`,
        host: '      policy: reuse\n',
      });
      await s.rollUntil('steady');
      expect([...s.stage.published(s.owner)].sort()).toEqual([s.pair.record, rsa.record].sort());
      const fresh = s.stage.makePair();
      s.stage.writePair(fresh);
      await s.rollUntil('steady');
      expect([...s.stage.published(s.owner)].sort()).toEqual([fresh.record, rsa.record].sort());
      const deployed = s.stage.told.filter(({ what }) => what === '/deploy').map(({ body }) => body);
      expect(deployed).toEqual([expect.stringContaining('ecdsa.pem')]);
    }, rsa);
  });

  test.concurrent('several hosts, each its own key; one of them alone', () =>
    scene(async (s) => {
      const other = s.stage.makePair(undefined, ['alias.example']);
      writeFileSync(join(s.folder, 'other.pem'), other.certificatePem);
      writeFileSync(join(s.folder, 'other.key'), other.keyPem);
      s.stage.writeConfig({
        host: `      policy: reuse
    - { name: alias.example, ports: [${s.stage.port}], publisher: own, policy: reuse, certificate: other.pem, key: other.key }
`,
      });
      const both = await s.tlsa('plan', '--json');
      const { hosts } = JSON.parse(both.stdout) as { hosts: { host: string; state: string; why: string }[] };
      // The mail host presents the key of the first: that of the second is not published for it.
      expect(hosts.map(({ host, state }) => [host, state])).toEqual([
        [HOST, 'unprotected'],
        ['alias.example', 'aging'],
      ]);
      const one = await s.tlsa('plan', '--json', '--host', 'alias.example');
      expect((JSON.parse(one.stdout) as { hosts: unknown[] }).hosts).toHaveLength(1);
      await expect(s.tlsa('plan', '--host', 'mx7.example')).rejects.toThrow('there is no host "mx7.example"');
    }));

  test.concurrent('without a publisher the change is told, and left to others', () =>
    scene(async (s) => {
      s.stage.writeConfig({ host: '      policy: reuse\n', publisher: false });
      const run = await s.tlsa('roll');
      expect([run.status, s.stage.told]).toEqual([0, []]);
      expect(run.stderr).toContain(`add ${s.owner} 1 IN TLSA ${s.pair.record}`);
      s.stage.publish(s.owner, s.pair.record);
      expect(await s.rollUntil('steady')).toContain('steady');
    }));

  test.concurrent('an address that this machine cannot reach is named, and not waited for', () =>
    scene(async (s) => {
      s.stage.hosts[1]!.fault = 'greeting-refused';
      s.stage.writeConfig({ host: "      policy: reuse\n      unreachable: ['127.57.1.2']\n" });
      await s.rollUntil('steady');
      expect(s.stage.published(s.owner)).toEqual([s.pair.record]);
      expect(s.stage.hosts[1]!.connections).toBe(0);
    }));

  test.concurrent('what is for others to do is told with its files', () =>
    scene(async (s) => {
      s.stage.writeConfig({ deploy: false });
      await s.rollUntil('steady');
      await s.tlsa('roll', '--start');
      await s.rollUntil('ready');
      const next = join(s.folder, 'state', HOST, 'next-ecdsa.key');
      const issue = await s.plan();
      expect([issue['step'], issue['change']]).toEqual([
        { kind: 'issue', label: 'ecdsa', by: 'external' },
        expect.stringContaining(`openssl req -new -key ${next} -subj /CN=${HOST}`),
      ]);
      const issued = s.stage.makePair(readFileSync(next, 'utf8'));
      s.stage.writePair(issued);
      const deploy = await s.tlsa('roll');
      expect(deploy.stdout).toContain(`${join(s.folder, 'key.pem')} may go to the mail server now`);
      s.stage.present(issued.chain);
      await s.rollUntil('steady');
      expect(s.stage.published(s.owner)).toContain(issued.record);
    }));

  test.concurrent('a record of a key that is not known here stays, until it is said to go', () =>
    scene(async (s) => {
      s.stage.writeConfig({ host: '      policy: reuse\n' });
      const other = s.stage.makePair();
      s.stage.publish(s.owner, s.pair.record, other.record);
      const run = await s.tlsa('roll');
      expect(run.stdout.replace(/\s+/g, ' ')).toContain('is of no key known here and is left alone');
      expect(s.stage.published(s.owner)).toContain(other.record);
      await s.tlsa('roll', '--remove-others');
      expect(s.stage.published(s.owner)).toEqual([s.pair.record]);
    }));

  test.concurrent('state that is lost is made anew: the next key is not deployed before two TTLs are over again', () =>
    scene(async (s) => {
      s.stage.writeConfig({ host: '      policy: reuse\n' });
      await s.rollUntil('steady');
      const fresh = s.stage.makePair();
      s.stage.writePair(fresh);
      await s.tlsa('roll');
      writeFileSync(join(s.folder, 'state', HOST, 'memory.json'), '{"version":1,');
      const run = await s.tlsa('roll');
      expect(run.stderr).toContain('is damaged or of another version');
      expect(run.stderr).toContain('records from before the first look');
      expect(s.stage.hosts[0]!.chain).toBe(s.pair.chain);
    }));
});

/** Runs `roll --follow` until it says this, then kills it. */
function followUntil(folder: string, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const args = ['tlsa', 'roll', '--follow', '--interval', '1', '--json', '-v'];
    const child = spawn(process.execPath, [BIN, ...args, '--config', join(folder, 'mailanchor.yaml')], {
      env: environment(undefined),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      if (text.includes(words)) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', () => resolve());
  });
}
