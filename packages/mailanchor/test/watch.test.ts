/** `mailanchor watch` as a process over the lab: something breaks, people are told, it is mended, people are told. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseRecord, RRType } from '@mailanchor/dns';
import { type Lab, startLab } from '@mailanchor/lab';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LabFolder, writeLabFolder } from '../src/lab/folder.ts';
import { BIN, environment, mailanchor, temporaryFolder, unbuilt } from './program.ts';

const DOMAIN = 'good-311.example';
const HOST = `mx.${DOMAIN}`;

let scratch: ReturnType<typeof temporaryFolder>;
let lab: Lab;
let folder: LabFolder;
let config: string;
const running: Watch[] = [];
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  scratch = temporaryFolder();
  lab = await startLab({
    only: [DOMAIN, 'unsigned.example', 'silent.example', 'ta-ending.example', 'signatures-ending.example'],
  });
  folder = await writeLabFolder(lab, undefined);
  config = join(scratch.path, 'mailanchor.yaml');
});
afterEach(async () => {
  for (const watch of running.splice(0)) await watch.end('SIGKILL');
  for (const close of closing.splice(0)) await close();
  await folder.remove();
  await lab.close();
  scratch.done();
});

/** The lab's settings, and what is watched. */
function configure(watch: readonly string[], targets: readonly string[] = [DOMAIN]): void {
  const base = readFileSync(folder.config, 'utf8').replaceAll(
    /: (root\.hints|root\.key|lab-ca\.pem)/g,
    `: ${folder.path}/$1`,
  );
  const lines = [
    'watch:',
    '  state: watch.sqlite',
    '  interval: 0.6s',
    '  retry: 0.2s',
    '  group: 0.2s',
    `  targets: [${targets.join(', ')}]`,
    ...watch.map((line) => `  ${line}`),
  ];
  writeFileSync(config, `${base}\n${lines.join('\n')}\n`);
}

interface Event {
  readonly event: string;
  readonly text: string;
  readonly [key: string]: unknown;
}

class Watch {
  readonly child: ChildProcess;
  readonly events: Event[] = [];
  readonly #closed: Promise<unknown>;
  #changed = Promise.withResolvers<void>();

  constructor() {
    this.child = spawn(
      process.execPath,
      [BIN, 'watch', '--json', '--config', config, '--metrics', '127.0.0.1:0'],
      {
        env: environment({}),
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.#closed = once(this.child, 'close');
    createInterface({ input: this.child.stderr! }).on('line', (line) => {
      this.events.push(JSON.parse(line));
      this.#change();
    });
    void this.#closed.then(() => this.#change());
    running.push(this);
  }

  #change(): void {
    const before = this.#changed;
    this.#changed = Promise.withResolvers();
    before.resolve();
  }

  /** The first event of the kind after `from` events. */
  async event(wanted: string, matches: (event: Event) => boolean = () => true, from = 0): Promise<Event> {
    for (;;) {
      const found = this.events.slice(from).find((event) => event.event === wanted && matches(event));
      if (found) return found;
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`watch ended without ${wanted}: ${JSON.stringify(this.events)}`);
      await this.#changed.promise;
    }
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    await this.#closed;
    return this.child.exitCode;
  }
}

/** Mails as they come. */
async function smtpServer(
  port = 0,
): Promise<{ port: number; next: () => Promise<string>; mails: string[]; close: () => Promise<void> }> {
  const mails: string[] = [];
  let taken = 0;
  let came = Promise.withResolvers<void>();
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, _, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push(readable(Buffer.concat(chunks).toString('latin1')));
        came.resolve();
        came = Promise.withResolvers();
        done();
      });
    },
  });
  server.on('error', () => {});
  const listening = server.listen(port, '127.0.0.1');
  await once(listening, 'listening');
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  closing.push(close);
  return {
    port: (listening.address() as AddressInfo).port,
    mails,
    close,
    async next() {
      while (mails.length <= taken) await came.promise;
      return mails[taken++]!;
    },
  };
}

/** Head, unfolded, and text, with quoted-printable undone. */
function readable(mail: string): string {
  const end = mail.indexOf('\r\n\r\n');
  const text = (mail.slice(0, end).replaceAll(/\r\n[ \t]+/g, ' ') + mail.slice(end))
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(text, 'latin1').toString('utf8').replaceAll('\r\n', '\n');
}

interface Hook {
  readonly url: string;
  readonly next: () => Promise<{ id: string; alerts: { kind: string; code: string; fix?: string }[] }>;
}
async function hookServer(): Promise<Hook> {
  const bodies: string[] = [];
  let taken = 0;
  let came = Promise.withResolvers<void>();
  const server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      bodies.push(body);
      response.writeHead(204).end();
      came.resolve();
      came = Promise.withResolvers();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async next() {
      while (bodies.length <= taken) await came.promise;
      return JSON.parse(bodies[taken++]!);
    },
  };
}

/** The certificate is renewed with a new key, and its TLSA record is not. */
const breakIt = () => lab.renewKey(HOST);

/** What the alert says is done: its record takes the place of the old one. */
function mend(fix: string): void {
  const record = parseRecord(
    fix
      .split('\n')
      .find((line) => line.includes(' TLSA '))!
      .trim(),
  );
  const zone = lab.zone(DOMAIN);
  const made: readonly number[] = [RRType.DNSKEY, RRType.TLSA];
  zone.publish([...zone.zone.records.filter(({ type }) => !made.includes(type)), record]);
}

const mailTo = (port: number) =>
  `me: { kind: mail, to: [me@example.org], server: '127.0.0.1:${port}', tls: none }`;

describe.skipIf(unbuilt)('watch', () => {
  test('a renewed key without its record: told by mail, webhook and command, mended as the alert says, told as resolved', async () => {
    const smtp = await smtpServer();
    const hook = await hookServer();
    const log = join(scratch.path, 'alerts.jsonl');
    configure([
      'channels:',
      `  ${mailTo(smtp.port)}`,
      `  hook: { kind: webhook, url: '${hook.url}' }`,
      `  page: { kind: exec, command: [tee, -a, ${log}] }`,
    ]);
    const watch = new Watch();
    await watch.event('checked', ({ text }) => text === `${DOMAIN}: protected`);
    breakIt();

    const raised = await hook.next();
    expect(raised.alerts).toMatchObject([
      { kind: 'raised', code: 'tlsa-mismatch', severity: 'error', subject: HOST, target: DOMAIN },
    ]);
    const mail = await smtp.next();
    expect(mail).toMatch(
      new RegExp(`^Subject: \\[mailanchor\\] error: tlsa-mismatch ${HOST} \\(${DOMAIN}\\)$`, 'm'),
    );
    const { fix = '' } = raised.alerts[0]!;
    expect(mail).toContain(`\n  To do:\n    ${fix}\n`);
    await watch.event('delivered', ({ channel }) => channel === 'page');
    expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(1);

    mend(fix);
    expect((await hook.next()).alerts).toMatchObject([{ kind: 'resolved', code: 'tlsa-mismatch' }]);
    const resolved = await smtp.next();
    expect(resolved).toMatch(/^Subject: \[mailanchor\] resolved: tlsa-mismatch/m);
    const reference = (text: string) => /^References: (\S+)$/m.exec(text)![1];
    expect(reference(resolved)).toBe(reference(mail));
    await watch.event(
      'delivered',
      ({ channel, text }) => channel === 'page' && text.includes('delivered'),
      watch.events.length - 3,
    );
    expect(await watch.end('SIGTERM')).toBe(0);

    // Each channel was told once of each.
    expect(smtp.mails).toHaveLength(2);
    expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(2);
    const { stdout } = await mailanchor(['watch', 'history', '--config', config, '--json', DOMAIN]);
    const kinds = (
      JSON.parse(stdout) as { entries: { kind: string; verdict?: string; code?: string }[] }
    ).entries.map(({ kind, verdict, code }) => `${kind} ${verdict ?? code}`);
    expect(kinds.filter((kind) => !/^(?:verdict|told)/.test(kind))).toEqual([
      'resolved tlsa-mismatch',
      'raised tlsa-mismatch',
    ]);
    expect(kinds.filter((kind) => kind === 'told tlsa-mismatch')).toHaveLength(6);
    expect(kinds.at(-1)).toBe('verdict protected');
  }, 20_000);

  test('killed before it could tell, and between two attempts: the next one tells, once for each', async () => {
    const smtp = await smtpServer();
    await smtp.close();
    configure(['channels:', `  ${mailTo(smtp.port)}`]);
    breakIt();
    const first = new Watch();
    await first.event('alert');
    await first.end('SIGKILL');
    const second = new Watch();
    await second.event('not-delivered');
    await second.end('SIGKILL');
    const again = await smtpServer(smtp.port);
    const third = new Watch();
    const mail = await again.next();
    const record = /^ {4}(_\d+\._tcp\..* TLSA .*)$/m.exec(mail)![1]!;
    mend(record);
    expect(await again.next()).toMatch(/^Subject: \[mailanchor\] resolved/m);
    await third.event('delivered', ({ text }) => text.includes('1 alert'), third.events.length - 1);
    expect(again.mails).toHaveLength(2);
  }, 20_000);

  test('a host that says nothing delays nobody; status says how everything is', async () => {
    configure(
      ['channels: { none: { kind: exec, command: ["true"] } }', 'parallel: 1'],
      ['silent.example', DOMAIN, 'unsigned.example'],
    );
    appendFileSync(config, 'timeout: 8\n');
    const watch = new Watch();
    const silent = 'silent.example';
    for (const domain of [DOMAIN, 'unsigned.example'])
      await watch.event('checked', ({ target }) => target === domain);
    // The one place is given up by the look that takes long: those that are well have been looked at before it ends.
    expect(watch.events.some(({ event, target }) => event === 'checked' && target === silent)).toBe(false);
    const { stdout } = await mailanchor(['watch', 'status', '--config', config, '--json']);
    const { targets } = JSON.parse(stdout) as {
      targets: { target: string; verdict: string | null; problems: { code: string }[] }[];
    };
    expect(targets.map(({ target, verdict }) => [target, verdict])).toEqual([
      [DOMAIN, 'protected'],
      [silent, null],
      ['unsigned.example', 'partial'],
    ]);
    await watch.event('alert', ({ target }) => target === 'unsigned.example');
    const text = await mailanchor(['watch', 'status', '--config', config]);
    expect(text.stdout).toMatch(/^! unsigned\.example +partial +\d{4}-\d\d-\d\d \d\d:\d\d .* 1 problem$/m);
    expect(text.stdout).toMatch(/^ {4}domain-unsigned +warning /m);
  }, 20_000);

  test('SIGHUP: other targets, and a configuration that cannot be used changes nothing', async () => {
    configure([]);
    const watch = new Watch();
    await watch.event('channels', ({ text }) => text.startsWith('nobody is told of anything'));
    await watch.event('checked', ({ target }) => target === DOMAIN);
    configure(['nonsense: 1']);
    watch.child.kill('SIGHUP');
    const refused = await watch.event('reload');
    expect(refused.text).toMatch(/^everything stays as it is: .*nonsense/);
    configure([], ['unsigned.example']);
    watch.child.kill('SIGHUP');
    await watch.event('reload', ({ text }) => text === 'configuration read again');
    const from = watch.events.length;
    await watch.event('checked', ({ target }) => target === 'unsigned.example', from);
    await watch.event('checked', ({ target }) => target === 'unsigned.example', watch.events.length);
    expect(watch.events.slice(from).filter(({ target }) => target === DOMAIN)).toEqual([]);
    expect(await watch.end('SIGTERM')).toBe(0);
  }, 20_000);

  test('what runs out is known before; in quiet hours what is not grave waits, and status says so', async () => {
    const log = join(scratch.path, 'alerts.jsonl');
    const quiet = "quiet-hours: { from: '00:00', to: '00:00', zone: Europe/Berlin }";
    configure(
      [quiet, 'channels:', `  page: { kind: exec, command: [tee, -a, ${log}] }`],
      [DOMAIN, 'ta-ending.example', 'signatures-ending.example'],
    );
    breakIt();
    const watch = new Watch();
    const told = await watch.event('alert');
    expect(told).toMatchObject({ code: 'tlsa-mismatch', severity: 'error' });
    await watch.event('delivered');
    for (const domain of ['ta-ending.example', 'signatures-ending.example']) {
      const first = await watch.event('checked', ({ target }) => target === domain);
      await watch.event('checked', ({ target }) => target === domain, watch.events.indexOf(first) + 1);
    }
    const { stdout } = await mailanchor(['watch', 'status', '--config', config, '--json']);
    const { targets } = JSON.parse(stdout) as {
      targets: { target: string; problems: { code: string; confirmed: boolean; told: boolean }[] }[];
    };
    const problems = targets.flatMap(({ problems: own }) =>
      own.map(({ code, confirmed, told: isTold }) => [code, confirmed, isTold]),
    );
    expect(problems).toEqual([
      ['tlsa-mismatch', true, true],
      ['signature-expires', true, false],
      ['ta-expiry', true, false],
    ]);
    expect(watch.events.filter(({ event }) => event === 'alert')).toHaveLength(1);
  }, 20_000);

  test('metrics and health', async () => {
    configure([]);
    const watch = new Watch();
    const { place } = await watch.event('metrics');
    await watch.event('checked');
    const metrics = await (await fetch(`http://${place}/metrics`)).text();
    expect(metrics).toContain(`mailanchor_watch_target_verdict{target="${DOMAIN}",verdict="protected"} 1`);
    expect((await fetch(`http://${place}/healthz`)).status).toBe(200);
  }, 20_000);

  test('test-alert: each channel, now', async () => {
    const smtp = await smtpServer();
    configure(['channels:', `  ${mailTo(smtp.port)}`, '  broken: { kind: exec, command: ["false"] }']);
    const { status, stdout } = await mailanchor(['watch', 'test-alert', '--config', config]);
    expect(await smtp.next()).toMatch(/^Subject: \[mailanchor\] test: test example\.org$/m);
    expect(stdout).toMatch(/^me +delivered$/m);
    expect(stdout).toMatch(/^broken +not delivered +false: exit status 1$/m);
    expect(status).toBe(1);
    // Nothing of it is kept.
    expect(existsSync(join(scratch.path, 'watch.sqlite'))).toBe(false);
  });

  test.each([
    [['watch'], /nothing to watch: name targets under watch:/],
    [['watch', 'status'], /there is no .*watch\.sqlite/],
    [['watch', 'history', 'example.org'], /there is no .*watch\.sqlite/],
  ])('%j without what it needs: says what to do', async (args, text) => {
    if (args.length === 1) writeFileSync(config, 'check: {}\n');
    else configure([]);
    const { status, stderr } = await mailanchor([...args, '--config', config]);
    expect(stderr).toMatch(text);
    expect(status).toBe(2);
  });

  test('config check knows what watch would complain of', async () => {
    configure(["quiet-hours: { from: '22:00', to: '07:00', zone: Nowhere/At }"]);
    const { status, stderr } = await mailanchor(['config', 'check', config]);
    expect(stderr).toMatch(/"Nowhere\/At" is not a time zone/);
    expect(status).toBe(2);
    configure([]);
    expect((await mailanchor(['config', 'check', config])).status).toBe(0);
  });

  test('a history of something else is refused', async () => {
    configure([]);
    writeFileSync(
      join(scratch.path, 'watch.sqlite'),
      'not a database at all, and long enough to be none '.repeat(99),
    );
    const { status, stderr } = await mailanchor(['watch', '--config', config]);
    expect(stderr).toMatch(/watch\.sqlite: it is no database, or damaged/);
    expect(status).toBe(2);
  });
});
