/** certbot and lego as they are, renewing at a local ACME server, with our hook between them and a mail server. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram, freePort, type Pebble, raisePebble } from './pebble.ts';
import { BIN, environment, temporaryFolder, unbuilt } from './program.ts';
import { type Scene, scene } from './roll-scene.ts';
import { HOST } from './roll-stage.ts';

const certbot = findProgram('certbot');
const lego = findProgram('lego');
const pebbleProgram = findProgram('pebble');

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

function runProgram(program: string, args: readonly string[], env: Record<string, string>): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output }));
  });
}

const absent = unbuilt ?? (pebbleProgram ? undefined : 'pebble is not installed');

describe.skipIf(absent)(
  `ACME clients${absent ? ` (skipped: ${absent})` : ''}`,
  { concurrent: true, timeout: 60_000 },
  () => {
    const shared = temporaryFolder();
    let pebble: Pebble;
    beforeAll(async () => {
      pebble = await raisePebble(pebbleProgram!, shared.path);
    });
    afterAll(() => {
      pebble?.close();
      shared.done();
    });

    const hook = (s: Scene, client: string): string =>
      `${process.execPath} '${BIN}' tlsa hook ${client} --config '${join(s.folder, 'mailanchor.yaml')}' -- touch '${join(s.folder, 'reloaded')}'`;
    const reloaded = (s: Scene): boolean => existsSync(join(s.folder, 'reloaded'));

    const certbotIn = (s: Scene, ...args: string[]): Promise<Ended> => {
      const folders = ['config', 'work', 'logs'].flatMap((what) => [
        `--${what}-dir`,
        join(s.folder, 'le', what),
      ]);
      return runProgram(certbot!, [...args, '--non-interactive', ...folders], {
        REQUESTS_CA_BUNDLE: pebble.ca,
      });
    };
    /** The first certificate of a lineage, published and presented. */
    const obtain = async (s: Scene): Promise<string> => {
      const who = ['--agree-tos', '-m', 'a@example.org', '--server', pebble.directory, '-d', HOST];
      const how = ['--manual', '--manual-auth-hook', 'true', '--preferred-challenges', 'http'];
      const { status, output } = await certbotIn(s, 'certonly', ...who, ...how);
      if (status !== 0) throw new Error(output);
      const live = join(s.folder, 'le', 'config', 'live', HOST);
      s.stage.publish(s.owner, recordOf(s, join(live, 'privkey.pem')));
      s.stage.presentFiles(join(live, 'fullchain.pem'), join(live, 'privkey.pem'));
      return live;
    };
    const recordOf = (s: Scene, key: string): string => s.stage.makePair(readFileSync(key, 'utf8')).record;
    const renew = (s: Scene, ...args: string[]): Promise<Ended> =>
      certbotIn(
        s,
        'renew',
        '--force-renewal',
        '--no-random-sleep-on-renew',
        '--deploy-hook',
        hook(s, 'certbot'),
        ...args,
      );

    test.skipIf(!certbot)('certbot: a new key is stopped before the reload, the same key is not', () =>
      scene(async (s) => {
        const live = await obtain(s);
        const old = recordOf(s, join(live, 'privkey.pem'));
        s.stage.writeConfig({
          host: '      policy: reuse\n',
          deploy: false,
          certificate: join(live, 'fullchain.pem'),
          key: join(live, 'privkey.pem'),
        });
        const stopped = await renew(s);
        expect(stopped.output).toContain("Hook 'deploy-hook' reported error code 1");
        expect(stopped.output).toContain('MISMATCH');
        expect(stopped.output.replace(/\s+/g, ' ')).toContain('does not have reuse_key set');
        expect(reloaded(s)).toBe(false);
        const fresh = recordOf(s, join(live, 'privkey.pem'));
        expect([...s.stage.published(s.owner)].sort()).toEqual([old, fresh].sort());

        // Two TTLs later nobody can hold anything older.
        await delay(2500);
        const kept = await renew(s, '--reuse-key');
        expect(recordOf(s, join(live, 'privkey.pem'))).toBe(fresh);
        expect(kept.output.replace(/\s+/g, ' ')).toContain('no sender can hold anything older');
        expect(reloaded(s)).toBe(true);
      }),
    );

    test.skipIf(!certbot)('certbot with reuse_key: reloaded at every renewal', () =>
      scene(async (s) => {
        const live = await obtain(s);
        const key = recordOf(s, join(live, 'privkey.pem'));
        s.stage.writeConfig({
          host: '      policy: reuse\n',
          deploy: false,
          certificate: join(live, 'fullchain.pem'),
          key: join(live, 'privkey.pem'),
        });
        const { output } = await renew(s, '--reuse-key');
        expect(output).toContain('MATCH');
        expect(reloaded(s)).toBe(true);
        expect(recordOf(s, join(live, 'privkey.pem'))).toBe(key);
      }),
    );

    test.skipIf(!certbot)(
      'certbot for a key made in advance: issued by --csr, deployed when its time has come',
      () =>
        scene(async (s) => {
          const script = join(s.folder, 'issue');
          writeFileSync(script, issueScript(s, pebble.directory), { mode: 0o755 });
          chmodSync(script, 0o755);
          s.stage.writeConfig({ host: `      issue: [${JSON.stringify(script)}]\n` });
          process.env['REQUESTS_CA_BUNDLE'] = pebble.ca;
          try {
            await s.rollUntil('steady');
            await s.tlsa('roll', '--start');
            expect(await s.rollUntil('steady')).toContain('retiring');
          } finally {
            delete process.env['REQUESTS_CA_BUNDLE'];
          }
          const published = s.stage.published(s.owner);
          expect(published).toHaveLength(2);
          expect(published).not.toContain(s.pair.record);
          expect(published).toContain(recordOf(s, join(s.folder, 'key.pem')));
          expect(s.stage.hosts[0]!.chain.length).toBeGreaterThan(1);
        }),
    );

    test.skipIf(!lego)('lego: a new key is stopped before the reload, --reuse-key is not', () =>
      scene(async (s) => {
        const port = await freePort();
        const path = join(s.folder, 'lego');
        mkdirSync(path);
        const own = [
          '--accept-tos',
          '--email',
          'a@example.org',
          '--server',
          pebble.directory,
          '--path',
          path,
        ];
        const legoIn = (...args: string[]): Promise<Ended> =>
          runProgram(
            lego!,
            [...own, '--domains', HOST, '--http', '--http.port', `127.0.0.1:${port}`, ...args],
            {
              LEGO_CA_CERTIFICATES: pebble.ca,
            },
          );
        const first = await legoIn('run');
        expect(first.output).toContain('Server responded with a certificate');
        const files = {
          certificate: join(path, 'certificates', `${HOST}.crt`),
          key: join(path, 'certificates', `${HOST}.key`),
        };
        const record = recordOf(s, files.key);
        s.stage.publish(s.owner, record);
        s.stage.writeConfig({ host: '      policy: reuse\n', deploy: false, ...files });
        const again = (...args: string[]): Promise<Ended> =>
          legoIn(
            'renew',
            '--days',
            '99999',
            '--no-random-sleep',
            ...args,
            '--renew-hook',
            `sh ${join(s.folder, 'hook')}`,
          );
        writeFileSync(join(s.folder, 'hook'), `${hook(s, 'lego')}\n`);
        const kept = await again('--reuse-key');
        expect(kept.output).toContain('MATCH');
        expect(reloaded(s)).toBe(true);
        rmSync(join(s.folder, 'reloaded'));
        const stopped = await again();
        expect(stopped.output).toContain('MISMATCH');
        expect(stopped.status).not.toBe(0);
        expect(reloaded(s)).toBe(false);
      }),
    );
  },
);

/** As docs/rollover.md has it, with folders and server of the test. */
function issueScript(s: Scene, server: string): string {
  const folders = ['config', 'work', 'logs']
    .map((what) => `--${what}-dir ${join(s.folder, 'le', what)}`)
    .join(' ');
  return `#!/bin/sh
set -e
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
openssl req -new -key "$MAILANCHOR_KEY" -subj "/CN=$MAILANCHOR_HOST" -addext "subjectAltName=DNS:$MAILANCHOR_HOST" -out "$new/request.pem"
certbot certonly --non-interactive --agree-tos -m a@example.org ${folders} --server ${server} --manual --manual-auth-hook true --csr "$new/request.pem" \\
  --cert-path "$new/cert.pem" --chain-path "$new/chain.pem" --fullchain-path "$new/fullchain.pem"
install -m 600 "$MAILANCHOR_KEY" "$MAILANCHOR_LIVE_KEY"
install -m 644 "$new/fullchain.pem" "$MAILANCHOR_LIVE_CERT"
`;
}
