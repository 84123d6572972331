/** The gate before a mail server, and the hooks that ACME clients run. */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Rcode } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import type { Run } from './program.ts';
import { type Scene, scene } from './roll-scene.ts';
import { HOST, type Pair } from './roll-stage.ts';

const told = ({ stdout }: Run): string => stdout.replace(/\s+/g, ' ');

/** `tlsa verify --deploy` of a pair at paths of its own. */
function gate(s: Scene, pair: Pair, ...args: string[]): Promise<Run> {
  writeFileSync(join(s.folder, 'new.pem'), pair.certificatePem);
  writeFileSync(join(s.folder, 'new.key'), pair.keyPem);
  return s.tlsa(
    'verify',
    ...['--deploy', '--cert', join(s.folder, 'new.pem'), '--key', join(s.folder, 'new.key')],
    ...['--name', HOST, '--port', String(s.stage.port), ...args],
  );
}

describe('tlsa verify --deploy', () => {
  const cases: [string, number, string, (s: Scene) => Promise<Pair> | Pair, ...string[]][] = [
    ['the key that is published', 0, 'every server publishes records that match', (s) => s.pair],
    ['a renewed certificate of that key', 0, 'MATCH', (s) => s.stage.makePair(s.pair.keyPem)],
    [
      'another key',
      1,
      'does not match: no usable TLSA record matches any of the 2 certificates',
      (s) => s.stage.makePair(),
    ],
    [
      'a key that the second server does not have yet',
      1,
      'what ns2.example (127.57.0.4) publishes',
      (s) => {
        const fresh = s.stage.makePair();
        s.stage.lag = Number.POSITIVE_INFINITY;
        s.stage.publish(s.owner, s.pair.record, fresh.record);
        return fresh;
      },
    ],
    [
      'half a certificate',
      2,
      'the files are not whole',
      (s) => ({ ...s.pair, certificatePem: s.pair.certificatePem.slice(0, 400) }),
    ],
    [
      'a key that is not of the certificate',
      2,
      'is not the key of',
      (s) => ({ ...s.pair, keyPem: s.stage.makePair().keyPem }),
    ],
    [
      'a combination that does not match',
      1,
      'no record of 2 1 1 matches',
      (s) => {
        s.stage.publish(s.owner, s.pair.record, `2 1 1 ${'00'.repeat(32)}`);
        return s.pair;
      },
    ],
    [
      'the same, where one record is enough',
      0,
      'MATCH',
      (s) => {
        s.stage.publish(s.owner, s.pair.record, `2 1 1 ${'00'.repeat(32)}`);
        return s.pair;
      },
      '--any-record',
    ],
    [
      'a certificate that has expired, under its issuer alone',
      1,
      'expired',
      (s) => {
        s.stage.publish(s.owner, s.stage.issuerRecord);
        return s.stage.makePair(undefined, [HOST], -1);
      },
    ],
    [
      'the same under its own key: nobody looks at the date',
      0,
      'MATCH',
      (s) => s.stage.makePair(s.pair.keyPem, [HOST], -1),
    ],
    [
      'nothing is published',
      3,
      'no TLSA record is published',
      (s) => {
        s.stage.publish(s.owner);
        return s.pair;
      },
    ],
    [
      'a server that refuses',
      5,
      'not every server',
      (s) => {
        s.stage.network.server('127.57.0.4').faults = [{ kind: { rcode: Rcode.REFUSED } }];
        return s.pair;
      },
    ],
    [
      'bogus answers',
      5,
      'bogus',
      async (s) => {
        await s.stage.breakSignatures();
        return s.pair;
      },
    ],
  ];
  test.concurrent.each(cases)('%s: exit status %i', (_, status, words, prepare, ...args) =>
    scene(async (s) => {
      s.stage.writeConfig({ name: 'mx9.example' });
      s.stage.publish(s.owner, s.pair.record);
      const run = await gate(s, await prepare(s), ...args);
      expect(told(run)).toContain(words);
      expect(run.status).toBe(status);
    }),
  );

  test.concurrent('what is published a moment ago is too early, where a roll has seen it', () =>
    scene(async (s) => {
      s.stage.writeConfig({ host: '      policy: reuse\n' });
      await s.rollUntil('steady');
      const fresh = s.stage.makePair();
      s.stage.publish(s.owner, s.pair.record, fresh.record);
      const run = await gate(s, fresh, '--json');
      expect(JSON.parse(run.stdout)).toMatchObject({ host: HOST, kind: 'too-early', record: fresh.record });
      expect(run.status).toBe(1);
    }));

  test.concurrent('a mismatch comes with the record to publish and the way to keep the key', () =>
    scene(async (s) => {
      s.stage.writeConfig({ name: 'mx9.example' });
      s.stage.publish(s.owner, s.pair.record);
      const fresh = s.stage.makePair();
      const { stdout } = await gate(s, fresh);
      expect(stdout).toContain(`  ${s.owner} IN TLSA ${fresh.record}`);
      expect(stdout).toContain('for two TTLs, 2 s.');
      expect(stdout).toContain('certbot renew --reuse-key');
    }));

  test.concurrent('options that are missing are named', () =>
    scene(async (s) => {
      s.stage.writeConfig();
      await expect(s.tlsa('verify', '--deploy', '--cert', 'x', '--name', HOST)).rejects.toThrow(
        '--key is missing',
      );
      await expect(s.tlsa('verify', '--chain', 'x')).rejects.toThrow('--tlsa');
    }));
});

/** A folder as certbot has it: live links, and the settings of the lineage. */
function lineage(s: Scene, reuseKey: boolean): Record<string, string> {
  const live = join(s.folder, 'le', 'live', 'mx1');
  mkdirSync(live, { recursive: true });
  mkdirSync(join(s.folder, 'le', 'renewal'), { recursive: true });
  symlinkSync(join(s.folder, 'cert.pem'), join(live, 'fullchain.pem'));
  symlinkSync(join(s.folder, 'key.pem'), join(live, 'privkey.pem'));
  const settings = `version = 2.1.0\n[renewalparams]\nauthenticator = standalone\n${reuseKey ? 'reuse_key = True\n' : ''}`;
  writeFileSync(join(s.folder, 'le', 'renewal', 'mx1.conf'), settings);
  return { RENEWED_LINEAGE: live, RENEWED_DOMAINS: `${HOST} mail.example` };
}

const clients: [string, (s: Scene) => Record<string, string>, (s: Scene) => string[]][] = [
  ['certbot', (s) => lineage(s, false), () => []],
  [
    'acme.sh',
    (s) => ({
      CERT_FULLCHAIN_PATH: join(s.folder, 'cert.pem'),
      CERT_KEY_PATH: join(s.folder, 'key.pem'),
      Le_Domain: HOST,
    }),
    () => [],
  ],
  [
    'lego',
    (s) => ({
      LEGO_CERT_PATH: join(s.folder, 'cert.pem'),
      LEGO_CERT_KEY_PATH: join(s.folder, 'key.pem'),
      LEGO_CERT_DOMAIN: HOST,
    }),
    () => [],
  ],
  ['plain', () => ({}), (s) => ['--cert', join(s.folder, 'cert.pem'), '--key', join(s.folder, 'key.pem')]],
];

describe('tlsa hook', () => {
  /** Others deploy: the reload stands after `--`. */
  const external = { host: '      policy: reuse\n', deploy: false };
  const reload = (s: Scene) => ['--', 'touch', join(s.folder, 'reloaded')];
  const reloaded = (s: Scene) => existsSync(join(s.folder, 'reloaded'));

  test.concurrent.each(clients)(
    '%s: the same key again, and the mail server is reloaded',
    (client, env, args) =>
      scene(async (s) => {
        s.stage.writeConfig(external);
        s.stage.publish(s.owner, s.pair.record);
        s.stage.writePair(s.stage.makePair(s.pair.keyPem));
        const run = await s.tlsaWith(env(s), 'hook', client, ...args(s), ...reload(s));
        expect([run.status, reloaded(s)]).toEqual([0, true]);
        expect(told(run)).toContain('MATCH');
      }),
  );

  test.concurrent.each(clients)('%s: a key that is not published stops the reload', (client, env, args) =>
    scene(async (s) => {
      s.stage.writeConfig(external);
      s.stage.publish(s.owner, s.pair.record);
      const fresh = s.stage.makePair();
      s.stage.writePair(fresh);
      const run = await s.tlsaWith(env(s), 'hook', client, ...args(s), ...reload(s));
      expect([run.status, reloaded(s)]).toEqual([1, false]);
      expect(told(run)).toContain('MISMATCH');
      expect(run.stderr).toContain('not run: touch');
      // Its record is published meanwhile, so that it may be deployed later.
      expect([...s.stage.published(s.owner)].sort()).toEqual([s.pair.record, fresh.record].sort());
      if (client === 'certbot') {
        expect(told(run)).toContain('does not have reuse_key set');
        expect(told(run)).toContain('certbot renew --cert-name mx1 --reuse-key --force-renewal');
      }
    }),
  );

  test.concurrent('where we deploy: at once what is safe, later what is not', () =>
    scene(async (s) => {
      s.stage.writeConfig({ host: '      policy: reuse\n' });
      await s.rollUntil('steady');
      s.stage.writePair(s.stage.makePair());
      const env = lineage(s, true);
      const prepared = await s.tlsaWith(env, 'hook', 'certbot', ...reload(s));
      expect([prepared.status, reloaded(s)]).toEqual([0, false]);
      expect(told(prepared)).toContain('keeps its certificate for now');
      expect(s.stage.told.filter(({ what }) => what === '/deploy')).toEqual([]);
      await s.rollUntil('steady');
      const again = await s.tlsaWith(env, 'hook', 'certbot', ...reload(s));
      expect([again.status, reloaded(s)]).toEqual([0, true]);
      expect(s.stage.told.filter(({ what }) => what === '/deploy')).toHaveLength(1);
    }));

  test.concurrent('a certificate for no host of the configuration is none of our business', () =>
    scene(async (s) => {
      s.stage.writeConfig({ name: 'mx9.example', ...external });
      const other = { ...lineage(s, true), RENEWED_DOMAINS: 'www.example' };
      const files = join(s.folder, 'other');
      mkdirSync(files);
      const pair = s.stage.makePair(undefined, ['www.example']);
      writeFileSync(join(files, 'fullchain.pem'), pair.certificatePem);
      writeFileSync(join(files, 'privkey.pem'), pair.keyPem);
      const run = await s.tlsaWith({ ...other, RENEWED_LINEAGE: files }, 'hook', 'certbot', ...reload(s));
      expect([run.status, reloaded(s)]).toEqual([0, true]);
    }));

  test.concurrent('the status of the command is told, and a variable that is missing', () =>
    scene(async (s) => {
      s.stage.writeConfig(external);
      s.stage.publish(s.owner, s.pair.record);
      const run = await s.tlsaWith(
        lineage(s, true),
        'hook',
        'certbot',
        '--',
        'sh',
        '-c',
        'echo no >&2; exit 7',
      );
      expect(run.status).toBe(1);
      expect(run.stderr).toContain('exit status 7: no');
      await expect(s.tlsaWith({}, 'hook', 'lego')).rejects.toThrow('LEGO_CERT_PATH is not set');
      await expect(s.tlsaWith({}, 'hook', 'dehydrated')).rejects.toThrow('is not one of');
    }));

  test.concurrent.each([
    [true, 'the key stays'],
    [false, 'certbot makes a new key'],
  ])('certbot --pre, with reuse_key %s', (reuses, words) =>
    scene(async (s) => {
      const { RENEWED_LINEAGE: live } = lineage(s, reuses);
      s.stage.writeConfig({ ...external, certificate: join(live!, 'fullchain.pem') });
      const run = await s.tlsaWith({}, 'hook', 'certbot', '--pre');
      expect([run.status, told(run)]).toEqual([0, expect.stringContaining(words)]);
    }),
  );
});
