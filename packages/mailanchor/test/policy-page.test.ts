/**
 * docs/policy.md followed literally: its commands, its lines of main.cf, resolv.conf, mailanchor.yaml and prometheus.yml, as they are printed, on a
 * machine of its own: a network namespace with the lab for an Internet, an /etc that nobody else has, a `mailanchor` in the PATH.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  makeNamespace,
  namespaceName,
  type Run,
  removeForsaken,
  removeNamespace,
} from '../../../test/peers/namespace.ts';
import { REQUIRED, whyNoPeers } from '../../../test/peers/peers.ts';
import { PostfixSender } from '../../../test/peers/postfix-sender.ts';
import { BIN, environment, unbuilt } from './program.ts';

const PAGE = readFileSync(new URL('../../../docs/policy.md', import.meta.url), 'utf8');
const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const LAB = fileURLToPath(new URL('../../../test/peers/lab-process.ts', import.meta.url));

const absent = whyNoPeers() ?? unbuilt;
if (absent !== undefined && REQUIRED) throw new Error(`MAILANCHOR_TEST_PEERS=required, but ${absent}`);

/** The blocks of code of the page, in order, without their indentation. */
const BLOCKS = [...PAGE.matchAll(/(?:^ {4}.*\n(?:\n(?= {4}))?)+/gm)].map(([block]) =>
  block.replace(/^ {4}/gm, ''),
);

/** The one block that this is in; blocks that are one paragraph below another are parts of it. */
function block(pattern: RegExp): string {
  const found = BLOCKS.flatMap((text) => text.split(/\n\n(?=# \/|[a-z])/)).filter((text) =>
    pattern.test(text),
  );
  expect(found, String(pattern)).toHaveLength(1);
  return found[0]!;
}

/** A line of a block, as it is. */
function line(pattern: RegExp): string {
  const found = BLOCKS.flatMap((text) => text.split('\n')).filter((text) => pattern.test(text));
  expect(found, String(pattern)).toHaveLength(1);
  return found[0]!;
}

describe.skipIf(absent)(`docs/policy.md as it is printed${absent ? ` (skipped: ${absent})` : ''}`, () => {
  const namespace = namespaceName('page');
  let folder = '';
  let lab: ChildProcess;
  let holder: ChildProcess;
  const servers: ChildProcess[] = [];
  let enter: readonly string[] = [];

  const inside = (command: readonly string[], env: Record<string, string> = {}): ChildProcess => {
    const path = `${join(folder, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`;
    const words = [...enter, ...command];
    return spawn(words[0]!, words.slice(1), {
      env: { ...environment(env), PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };
  /** A line of the page in a shell. */
  const shell = async (text: string): Promise<Run> => {
    const child = inside(['sh', '-c', text]);
    let stdout = '';
    let stderr = '';
    child.stdout!.on('data', (chunk) => {
      stdout += String(chunk);
    });
    child.stderr!.on('data', (chunk) => {
      stderr += String(chunk);
    });
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, stdout, stderr };
  };
  /** A line of the page that starts a server, until that is ready. */
  const serve = async (text: string, env: Record<string, string> = {}): Promise<ChildProcess> => {
    const child = inside(['sh', '-c', `exec ${text}`], env);
    servers.push(child);
    const lines: string[] = [];
    for await (const told of createInterface({ input: child.stderr! })) {
      lines.push(told);
      if (told.endsWith(': ready')) break;
    }
    expect(lines.at(-1), lines.join('\n')).toMatch(/: ready$/);
    child.stderr!.resume();
    return child;
  };
  const stop = async (child: ChildProcess): Promise<void> => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  };
  /** What the page calls example.org is a destination of the lab here. */
  const named = (text: string, domain = 'good-311.example') => text.replaceAll('example.org', domain);

  beforeAll(async () => {
    removeForsaken();
    folder = mkdtempSync(join(tmpdir(), 'mailanchor-page-'));
    chmodSync(folder, 0o755);
    for (const part of ['bin', 'upper', 'work']) mkdirSync(join(folder, part));
    const wrapper = join(folder, 'bin/mailanchor');
    writeFileSync(wrapper, `#!/bin/sh\nexec ${process.execPath} ${BIN} "$@"\n`, { mode: 0o755 });
    makeNamespace(namespace);
    lab = spawn('ip', ['netns', 'exec', namespace, process.execPath, LAB, join(folder, 'lab')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(createInterface({ input: lab.stdout! }), 'line');
    // An /etc to write to, with the lab's roots as those of this Internet and its CA as the one that all the world trusts.
    const setup = `
mount -t tmpfs none /run && mount -t tmpfs none "$0/upper" && mkdir "$0/upper/etc" "$0/upper/work" &&
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$0/upper/etc,workdir=$0/upper/work" /etc &&
mkdir -p /etc/mailanchor /etc/ssl/certs /etc/systemd/system && cp "$0"/lab/* /etc/mailanchor/ &&
cat "$0/lab/lab-ca.pem" > /etc/ssl/certs/ca-certificates.crt && echo up && exec sleep infinity`;
    holder = spawn('ip', ['netns', 'exec', namespace, 'unshare', '-m', 'sh', '-c', setup, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout!, 'data');
    enter = ['nsenter', '-t', String(holder.pid), '-m', '-n'];
    const resolvConf = block(/^# \/etc\/resolv\.conf\n/);
    expect((await shell(`cat > /etc/resolv.conf <<'END'\n${resolvConf}\nEND`)).status).toBe(0);
    await serve('mailanchor resolver --listen 127.0.0.1');
  }, 60_000);

  afterAll(async () => {
    for (const server of servers) await stop(server);
    holder?.kill();
    lab?.kill();
    removeNamespace(namespace);
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  test('the first commands, and the lines of main.cf', { timeout: 60_000 }, async () => {
    const settings = block(/^# \/etc\/postfix\/main\.cf\n[\s\S]*:8461:policy\n/);
    await shell(`mkdir -p /etc/postfix; cat > /etc/postfix/main.cf <<'END'\n${settings}\nEND`);
    const server = await serve(line(/^mailanchor policy +#/));
    const query = await shell(named(line(/^mailanchor policy query \S+ --explain/)));
    expect(query).toMatchObject({ status: 0, stdout: expect.stringMatching(/^dane-only\n.*authenticates/) });
    expect(await shell(named(line(/^postmap -q /)))).toMatchObject({ status: 0, stdout: 'dane-only\n' });

    const sender = new PostfixSender({
      namespace,
      folder: join(folder, 'sender'),
      address: '127.4.0.2',
      resolver: '127.0.0.1',
      settings,
      enter,
    });
    await sender.start();
    try {
      const wanted = {
        'good-311.example': 'sent Verified',
        'renewed-key.example': 'deferred Untrusted',
        'no-tlsa.example': 'sent Untrusted',
        'sts-only.example': 'sent Verified',
        'sts-only-name.example': 'deferred Untrusted',
        'tlsa-servfail.example': 'deferred undefined',
      };
      const domains = Object.keys(wanted);
      await sender.send(domains);
      const told = await sender.deliveries(domains);
      const seen = told.map(({ domain, status, tls }) => [domain, `${status} ${tls}`]);
      expect(Object.fromEntries(seen)).toEqual(wanted);
    } finally {
      await sender.stop();
    }
    await stop(server);
  });

  test('a unix socket and tcp_table', { timeout: 30_000 }, async () => {
    const [folderFirst] = /`(mkdir -p \/run\/[^`]+)`/.exec(PAGE)!.slice(1);
    expect((await shell(folderFirst!)).status).toBe(0);
    const server = await serve(line(/^mailanchor policy --listen unix:/));
    const maps = block(/^# \/etc\/postfix\/main\.cf, one of these/).matchAll(
      /^smtp_tls_policy_maps = (\S+)$/gm,
    );
    const asked = [...maps].map(([, map]) => `postmap -q good-311.example ${map}`);
    expect(asked).toHaveLength(2);
    for (const command of asked)
      expect(await shell(command)).toMatchObject({ status: 0, stdout: 'dane-only\n' });
    const page = `fetch('http://127.0.0.1:9154/healthz').then(async (page) => console.log(await page.text()))`;
    expect((await shell(`${process.execPath} -e "${page}"`)).stdout).toBe('ok\n\n');
    await stop(server);
  });

  test('policies set by hand, and questions to the running server', { timeout: 30_000 }, async () => {
    // As the unit of systemd starts it.
    const server = await serve('mailanchor policy', { RUNTIME_DIRECTORY: '/run/mailanchor-policy' });
    const overrides = named(block(/^# \/etc\/mailanchor\/mailanchor\.yaml\n/), 'no-tlsa.example');
    // The file of the lab has a section of that name already; what is under it on the page is as it is printed.
    const under = overrides
      .replace(/^# .*\npolicy-service:\n/, '')
      .replace(/expires: \S+/, 'expires: 2099-01-01');
    expect(under).toMatch(/^ {2}overrides:\n/);
    const ask = () => shell('postmap -q no-tlsa.example socketmap:inet:127.0.0.1:8461:policy');
    expect((await ask()).stdout).toBe('');
    await shell(`cat >> /etc/mailanchor/mailanchor.yaml <<'END'\n${under}\nEND`);
    server.kill('SIGHUP');
    let told = '';
    for (let tries = 0; told === '' && tries < 50; tries++) told = (await ask()).stdout;
    expect(told).toBe('encrypt\n');

    await shell(named(line(/^postmap -q /)));
    const query = await shell(named(line(/^mailanchor policy query \S+ --server/)));
    expect(query).toMatchObject({ status: 0, stdout: 'dane-only\n' });
    const dump = await shell(line(/^mailanchor policy dump/));
    const kept = dump.stdout.split('\n').filter(Boolean);
    expect(kept.map((text) => JSON.parse(text))).toContainEqual(
      expect.objectContaining({ key: 'good-311.example', policy: 'dane-only' }),
    );
    const purge = await shell(named(line(/^mailanchor policy purge/)));
    expect(purge).toMatchObject({ status: 0, stdout: '1 answer forgotten\n' });
    await stop(server);
  });

  test('units and Prometheus', async () => {
    const commands = block(/^cp systemd\//)
      .split('\n')
      .filter(Boolean);
    expect((await shell(`cd ${PACKAGE} && ${commands[0]}`)).status).toBe(0);
    const units = (await shell('ls /etc/systemd/system')).stdout.split('\n');
    const enabled = /^systemctl enable --now (.*)$/.exec(commands.at(-1)!)![1]!.split(' ');
    expect(units).toEqual(expect.arrayContaining(enabled));
    if (spawnSync('promtool', ['--version']).status !== 0) return;
    const config = block(/^# prometheus\.yml\n/);
    const check = `cd ${PACKAGE}/prometheus && promtool check config /dev/stdin <<'END'\n${config}\nEND`;
    // Of standard input the folder is not known: the rules are named by their whole path.
    const whole = check.replace('[mailanchor-policy', `[${PACKAGE}/prometheus/mailanchor-policy`);
    expect(await shell(whole)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/SUCCESS: \d+ rules/),
    });
  });
});
