/**
 * The quick start of docs/rollover.md, followed word for word with BIND, certbot and Postfix as they are: names, addresses and folders are put in
 * their places, and nothing else.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Name, parseZoneFile, RRType } from '@mailanchor/dns';
import { type Lab, startLab } from '@mailanchor/lab';
import { openSession } from '@mailanchor/smtp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram, freePort, type Pebble, raisePebble } from './pebble.ts';
import { BIN, environment, unbuilt } from './program.ts';

const PAGE = readFileSync(fileURLToPath(new URL('../../../docs/rollover.md', import.meta.url)), 'utf8');
const PROGRAMS = ['named', 'dnssec-dsfromkey', 'certbot', 'pebble', 'postfix'] as const;
const missing = PROGRAMS.filter((program) => findProgram(program) === undefined);
const absent =
  unbuilt ??
  (missing.length > 0 ? `not installed: ${missing.join(', ')}` : undefined) ??
  (process.getuid?.() === 0 ? undefined : 'Postfix starts as root only');

const ZONE = 'bind.example';
const HOST = `mx1.${ZONE}`;
/** BIND listens at addresses of interfaces alone; nothing of the lab is there. */
const NAME_SERVER = '127.0.0.1';
const MAIL = '127.53.9.1';

/** The block of the page under this mark. */
function block(mark: string): string {
  const found = new RegExp(`<!-- quick start: ${mark} -->\n\`\`\`\\w*\n([\\s\\S]*?)\`\`\``).exec(PAGE);
  if (!found?.[1]) throw new Error(`docs/rollover.md has no block ${mark}`);
  return found[1];
}

describe.skipIf(absent)(`the quick start of rollovers${absent ? ` (skipped: ${absent})` : ''}`, () => {
  const folder = join(tmpdir(), `mailanchor-page-${process.pid}`);
  const at = (...path: string[]): string => join(folder, ...path);
  let lab: Lab;
  let pebble: Pebble;
  let named: ChildProcess | undefined;
  let mailPort = 0;

  /** What the page says, in the places of this test. */
  const placed = (text: string): string =>
    text
      .replaceAll('mx1.example.org', HOST)
      .replaceAll('192.0.2.53', `"${NAME_SERVER}:${lab.dnsPort}"`)
      .replaceAll('/etc/letsencrypt', at('letsencrypt'))
      .replaceAll('/etc/postfix/tls', at('tls'))
      .replaceAll('/etc/mailanchor', at('mailanchor'))
      .replaceAll('/var/lib/mailanchor-tlsa', at('state'));
  /** The lab answers from this process: it must not be blocked meanwhile. */
  const shell = (commands: string): Promise<{ status: number | null; output: string }> =>
    new Promise((resolve, reject) => {
      const settings = {
        MAILANCHOR_CONFIG: at('mailanchor', 'mailanchor.yaml'),
        REQUESTS_CA_BUNDLE: pebble.ca,
      };
      const child = spawn('sh', ['-e', '-c', commands], {
        timeout: 40_000,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...environment(settings), PATH: `${at('bin')}:${process.env['PATH']}:/usr/sbin` },
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      child.on('error', reject);
      // Postfix keeps the streams of its start: what counts is that the shell has ended.
      child.on('exit', (status) => setTimeout(() => resolve({ status, output }), 50));
    });
  const program = (name: string, text: string): void =>
    writeFileSync(at('bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });

  beforeAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    for (const name of ['bin', 'mailanchor', 'bind']) mkdirSync(at(name), { recursive: true });
    chmodSync(folder, 0o755);
    lab = await startLab({ only: [] });
    pebble = await raisePebble(findProgram('pebble')!, folder);
    mailPort = await freePort();
    program('mailanchor', `exec ${process.execPath} ${BIN} "$@"`);
    program('postfix', `exec ${findProgram('postfix')} -c ${at('postfix')} "$@"`);
    const folders = ['work', 'logs'].map((what) => `--${what}-dir ${at('letsencrypt', what)}`).join(' ');
    const always = `--non-interactive --config-dir ${at('letsencrypt')} ${folders}`;
    program(
      'certbot',
      `again=; [ "$1" = renew ] && again="--force-renewal --no-random-sleep-on-renew"\nexec ${findProgram('certbot')} "$@" ${always} $again`,
    );
    await raiseBind();
    raisePostfix();
  }, 60_000);

  afterAll(async () => {
    if (absent !== undefined) return;
    spawnSync('postfix', ['-c', at('postfix'), 'stop'], { stdio: 'ignore' });
    named?.kill();
    pebble?.close();
    await lab?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function raiseBind(): Promise<void> {
    const key = spawnSync('tsig-keygen', ['-a', 'hmac-sha256', 'mail'], { encoding: 'utf8' }).stdout;
    writeFileSync(at('mailanchor', 'mail.key'), key, { mode: 0o600 });
    writeFileSync(
      at('bind', 'named.conf'),
      `${key}
options {
  directory "${at('bind')}"; pid-file none; session-keyfile none; recursion no; notify no;
  listen-on port ${lab.dnsPort} { ${NAME_SERVER}; }; listen-on-v6 { none; };
};
controls { };
zone "${ZONE}" {
  type primary; file "zone"; dnssec-policy default; inline-signing yes; serial-update-method increment;
  update-policy { grant mail zonesub TLSA; };
};
`,
    );
    writeFileSync(
      at('bind', 'zone'),
      `$TTL 60\n@ SOA ns hostmaster 1 3600 600 86400 1\n@ NS ns\nns A ${NAME_SERVER}\nmx1 A ${MAIL}\n`,
    );
    named = spawn(findProgram('named')!, ['-g', '-c', at('bind', 'named.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    named.stderr!.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    let keyFile: string | undefined;
    for (let waited = 0; !keyFile || !/running/.test(log); waited += 50) {
      if (waited > 15_000 || named.exitCode !== null) throw new Error(`named: ${log}`);
      keyFile = readdirSync(at('bind')).find((name) => name.endsWith('.key'));
      await delay(50);
    }
    const ds = spawnSync('dnssec-dsfromkey', ['-2', at('bind', keyFile)], { encoding: 'utf8' }).stdout;
    const parent = lab.zone('example');
    const others = parent.zone.records.filter(({ type }) => type !== RRType.DNSKEY);
    const delegation = `${ZONE}. 60 NS ns.${ZONE}.\nns.${ZONE}. 60 A ${NAME_SERVER}\n${ds.replace(' IN DS', ' 60 IN DS')}`;
    parent.publish([
      ...others,
      ...parseZoneFile(delegation, { origin: Name.fromText('example'), source: 'test', defaultTtl: 60 }),
    ]);
  }

  function raisePostfix(): void {
    for (const name of ['postfix', 'spool', 'data']) mkdirSync(at(name));
    spawnSync('chown', ['postfix', at('data')]);
    const settings = `compatibility_level = 3.6
queue_directory = ${at('spool')}
data_directory = ${at('data')}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = ${at('data', 'maillog')}
maillog_file_prefixes = /
inet_protocols = ipv4
inet_interfaces = loopback-only
myhostname = ${HOST}
mydestination = ${HOST}
alias_maps =
alias_database =
`;
    writeFileSync(at('postfix', 'main.cf'), settings + placed(block('main.cf')));
    writeFileSync(
      at('postfix', 'master.cf'),
      `${MAIL}:${mailPort} inet n - n - - smtpd
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`,
    );
    writeFileSync(at('postfix', 'dynamicmaps.cf'), '');
  }

  async function presentedKey(): Promise<string> {
    const result = await openSession({ address: MAIL, port: mailPort, servername: HOST, protocol: 'smtp' });
    const [leaf] = result.chain;
    if (!leaf) throw new Error(result.text);
    return new (await import('node:crypto')).X509Certificate(leaf).publicKey
      .export({ type: 'spki', format: 'pem' })
      .toString();
  }
  async function rollUntil(words: RegExp): Promise<string> {
    let output = '';
    for (let runs = 0; runs < 30; runs++) {
      output = (await shell('mailanchor tlsa roll')).output;
      if (words.test(output)) return output;
      await delay(300);
    }
    throw new Error(output);
  }

  test('first record, a renewal with another key, the new certificate in Postfix', {
    timeout: 90_000,
  }, async () => {
    const first = `certbot certonly --agree-tos -m a@example.org --server ${pebble.directory} --manual --manual-auth-hook true -d ${HOST}`;
    expect(await shell(first)).toMatchObject({ status: 0 });
    // Postfix is started where the page has it reloaded for the first time.
    const started = await shell(placed(block('first')).replace('postfix reload', 'postfix start'));
    if (started.status !== 0)
      throw new Error(`${started.output}${readFileSync(at('data', 'maillog'), 'utf8')}`);
    expect(started).toMatchObject({
      status: 0,
    });
    const quick = `    ttl: 1\n      ports: [${mailPort}]\n  `;
    writeFileSync(
      at('mailanchor', 'mailanchor.yaml'),
      `root-hints: ${at('root.hints')}\ntrust-anchor: ${at('root.anchor')}\ndns-port: ${lab.dnsPort}\n${placed(
        block('mailanchor.yaml'),
      )
        .replace('  hosts:', '  settle: 0\n  hosts:')
        .replace('    policy: reuse', `${quick}    policy: reuse`)}`,
    );
    writeFileSync(at('root.hints'), lab.rootHints);
    writeFileSync(at('root.anchor'), lab.trustAnchor);
    writeFileSync(at('mailanchor', 'deploy-postfix'), placed(block('deploy-postfix')), { mode: 0o755 });

    const [plan = '', roll = ''] = placed(block('begin')).trim().split('\n');
    expect((await shell(plan)).output).toContain('unprotected');
    expect((await shell(roll)).output).toContain('publish');
    await rollUntil(/steady/);
    const before = await presentedKey();

    const renewed = await shell(placed(block('certbot')));
    expect(renewed.output.replace(/\s+/g, ' ')).toContain('the mail server keeps its certificate for now');
    expect(await presentedKey()).toBe(before);
    await rollUntil(/mx1\.bind\.example +steady/);
    expect(await presentedKey()).not.toBe(before);
    const check = await shell(`mailanchor check ${HOST}:${mailPort} --json`);
    expect(JSON.parse(check.output.split('\n')[0]!)).toMatchObject({ verdict: 'protected' });
  });
});
