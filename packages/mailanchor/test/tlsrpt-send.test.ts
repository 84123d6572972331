/** `mailanchor tlsrpt` as a process beside the lab: from events to reports that have arrived. */
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { issueCertificate, Seed, toPem } from '@mailanchor/lab';
import { parseReport } from '@mailanchor/smtp';
import PostalMime from 'postal-mime';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openTlsRptStore } from '../src/index.ts';
import { DAY_MS } from '../src/tlsrpt/day.ts';
import { failed, success } from '../src/tlsrpt/events.fixture.ts';
import { verifyDkim } from './dkim-verify.ts';
import { BIN, environment, mailanchor, unbuilt } from './program.ts';
import { type ResolverProcess, ready } from './resolver-process.ts';
import { Stage } from './resolver-stage.ts';
import { Mailbox } from './tlsrpt-mailbox.ts';

const stage = new Stage();
let box: Mailbox;
let numbered = 0;

beforeAll(async () => {
  box = await new Mailbox().open();
});
beforeEach(() => {
  box.taken.length = 0;
  box.verdict = () => undefined;
});
afterAll(() => box.close());

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const YESTERDAY = Date.now() - DAY_MS;
const DAY = new Date(YESTERDAY).toISOString().slice(0, 10);

/** A file of counts with some of yesterday's sessions, and a configuration that names it. */
async function prepare(domains: readonly string[], more = ''): Promise<{ config: string; database: string }> {
  const name = `tlsrpt-${++numbered}`;
  const database = stage.path(`${name}.sqlite`);
  const store = openTlsRptStore(database);
  const at = YESTERDAY;
  await Promise.all(
    domains.flatMap((domain) => [
      store.add(success(domain, { at })),
      store.add(success(domain, { at })),
      store.add(failed(domain, {}, { at })),
    ]),
  );
  store.close();
  const key = stage.file(`${name}.key`, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const config = stage.file(
    `${name}.yaml`,
    `resolver: iterate
root-hints: ${stage.folder.rootHints}
trust-anchor: ${stage.folder.trustAnchor}
dns-port: ${stage.lab.dnsPort}
tlsrpt:
  database: ${database}
  organization-name: Example Sender
  contact-info: tlsrpt@sender.example
  window: 0
  settle: 0
  smarthost: { host: 127.0.0.1, port: ${box.port} }
  dkim: { domain: sender.example, selector: tlsrpt, key: ${key} }
${more}`,
  );
  return { config, database };
}

const run = (config: string, ...args: string[]) => mailanchor(['tlsrpt', ...args, '--config', config]);
const DOMAINS = ['sts-good.example', 'good-311.example', 'tlsrpt-invalid.example', 'expired.example'];

describe.skipIf(unbuilt)('once', () => {
  test('from counted sessions to a signed report in the mailbox that the domain names', async () => {
    const { config } = await prepare(DOMAINS);
    const dry = await run(config, 'send', '--dry-run');
    expect(dry.stdout).toMatch(/sts-good\.example {2}2 good, 1 failed {2}to mailto:tlsrpt@reports\.example/);
    expect(dry.stdout).toMatch(/good-311\.example .*no report: the domain asks for no reports/);
    expect(box.taken).toEqual([]);
    const { stdout, stderr, status } = await run(config, 'send', '--once');
    expect(stdout).toBe('reports: 1 composed, 2 not wanted; 1 sent, 0 to be tried again, 0 failed\n');
    expect(stderr).toMatch(/report on sts-good\.example of .* sent: 127\.0\.0\.1:\d+: 250/);
    expect(status).toBe(0);

    const [taken, ...more] = box.taken;
    expect(more).toEqual([]);
    expect(taken).toMatchObject({ from: 'tlsrpt@sender.example', to: ['tlsrpt@reports.example'] });
    expect(verifyDkim(taken!.message, publicKey)).toMatchObject({ bodyHash: true, signature: true });
    const parsed = await PostalMime.parse(Buffer.from(taken!.message, 'latin1'));
    expect(parsed.subject).toMatch(
      /^Report Domain: sts-good\.example Submitter: sender\.example Report-ID: <\S+@sender\.example>$/,
    );
    const [attachment] = parsed.attachments;
    expect(attachment).toMatchObject({ mimeType: 'application/tlsrpt+gzip' });
    const octets = new Uint8Array(attachment!.content as ArrayBuffer);
    expect(await parseReport(octets)).toMatchObject({
      kind: 'report',
      notes: [],
      report: {
        organizationName: 'Example Sender',
        policies: [{ policy: { domain: 'mx.sts-good.example' }, successes: 2, failures: 1 }],
      },
    });

    const again = await run(config, 'send', '--once');
    expect(again.stdout).toMatch(/^reports: 0 composed, 0 not wanted; 0 sent/);
    expect(box.taken).toHaveLength(1);

    const shown = await run(config, 'show', 'sts-good.example', '--json');
    expect(JSON.parse(shown.stdout)).toEqual(JSON.parse(gunzipSync(octets).toString()));
    const words = await run(config, 'show', 'sts-good.example');
    expect(words.stdout).toContain(`sts-good.example  ${DAY}  2 good, 1 failed\nreport: sent, ${DAY}.`);
    expect(words.stdout).toMatch(/mailto:tlsrpt@reports\.example {2}sent, 1 try/);
    expect(words.stdout).toContain('1  validation-failure  dane-no-match  mx.sts-good.example [192.0.2.25]');
    const list = await run(config, 'show');
    expect(list.stdout).toMatch(
      /tlsrpt-invalid\.example +2 +1 +not wanted: the domain's record cannot be used: /,
    );
    // Its zone's signatures have expired: nobody knows what it asks for.
    expect(list.stdout).toMatch(
      /expired\.example +2 +1 +not composed yet: _smtp\._tls\.expired\.example cannot be looked up/,
    );
    const table = await run(config, 'status');
    expect(table.stdout).toMatch(new RegExp(`${DAY} +4 +8 +4 +1 +0 +0 +2 +1`));
    const { days, deliveries } = JSON.parse((await run(config, 'status', '--json')).stdout);
    expect(days).toEqual([
      {
        day: DAY,
        domains: 4,
        successes: 8,
        failures: 4,
        beyond: 0,
        reports: { counting: 1, open: 0, sent: 1, failed: 0, unwanted: 2 },
      },
    ]);
    expect(deliveries).toEqual([]);
  });

  test('by HTTPS, to a server with a CA of our own', async () => {
    const host = 'mta-sts.sts-good.example';
    const seed = new Seed('tlsrpt-send');
    const dates = { notBefore: Date.now() - DAY_MS, notAfter: Date.now() + DAY_MS };
    const root = issueCertificate(seed, 'root', { subject: 'Report CA', ca: true, ...dates });
    const leaf = issueCertificate(seed, 'leaf', { subject: host, names: [host], issuer: root, ...dates });
    const bodies: Buffer[] = [];
    const server = createServer(
      { cert: toPem([leaf]), key: leaf.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
      async (request, response) => {
        bodies.push(Buffer.concat(await request.toArray()));
        response.writeHead(bodies.length === 1 ? 503 : 200).end();
      },
    );
    server.listen(0, '127.53.0.6');
    await once(server, 'listening');
    try {
      const ca = stage.file('report-ca.pem', toPem([root]));
      const url = `https://${host}:${(server.address() as AddressInfo).port}/tlsrpt`;
      const guarded = await prepare(['example.org'], `  rua: ['${url}']\n  https-ca: ${ca}\n`);
      const refused = await run(guarded.config, 'send', '--once');
      expect(refused.stderr).toContain('has no address on the Internet');
      expect(refused.status).toBe(1);
      expect(bodies).toEqual([]);
      const trusted = await prepare(
        ['example.org'],
        `  rua: ['${url}']\n  https-ca: ${ca}\n  https-private-addresses: true\n`,
      );
      expect((await run(trusted.config, 'send', '--once')).stderr).toMatch(
        /tried again in \d minutes: the server answers 503/,
      );
      const early = await run(trusted.config, 'send', '--once');
      expect(early.stdout).toMatch(/0 sent, 0 to be tried again/);
      const later = String(Math.floor(Date.now() / 1000) + 600);
      expect((await run(trusted.config, 'send', '--once', '--at', later)).stdout).toMatch(/1 sent/);
      expect(bodies).toHaveLength(2);
      expect(bodies[0]).toEqual(bodies[1]);
      expect(await parseReport(bodies[1]!)).toMatchObject({ kind: 'report', notes: [] });
    } finally {
      server.close().closeAllConnections();
    }
  });

  test.each<[string, string[], RegExp]>([
    ['a day that is not over', ['--day', 'today'], /is not over yet/],
    ['no day', ['--day', '2026-02-30'], /is no day/],
  ])('%s', async (_, args, message) => {
    const { config } = await prepare(['sts-good.example']);
    const { stderr, status } = await run(config, 'send', ...args);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  test.each<[string, string, RegExp]>([
    ['nobody named', 'tlsrpt: { database: x.sqlite }', /organization-name is not set/],
    [
      'an address that is none',
      'tlsrpt: { organization-name: A, contact-info: nobody }',
      /contact-info: "nobody" is not a mail address/,
    ],
    [
      'two domains',
      'tlsrpt: { organization-name: A, contact-info: a@a.example, from: a@b.example }',
      /must be of one domain/,
    ],
    [
      "another's signature",
      'tlsrpt: { organization-name: A, contact-info: a@a.example, dkim: { domain: b.example, selector: s, key: k } }',
      /dkim\.domain: "b\.example" is not the domain of a@a\.example/,
    ],
    [
      'a key that is not there',
      'tlsrpt: { organization-name: A, contact-info: a@a.example, dkim: { domain: a.example, selector: s, key: nowhere.pem } }',
      /nowhere\.pem/,
    ],
    [
      'a password in the clear',
      'tlsrpt: { organization-name: A, contact-info: a@a.example, smarthost: { host: h, tls: may, user: u, password-file: p } }',
      /no password goes over TLS that is not verified/,
    ],
    [
      'a smarthost and a sendmail',
      'tlsrpt: { organization-name: A, contact-info: a@a.example, sendmail: /usr/sbin/sendmail, smarthost: { host: h } }',
      /keep one/,
    ],
    [
      'an address of another kind',
      'tlsrpt: { organization-name: A, contact-info: a@a.example, rua: ["ftp://a.example"] }',
      /rua: "ftp:\/\/a\.example" is not mailto:/,
    ],
  ])('the configuration: %s', async (_, text, message) => {
    const { stderr, status } = await run(stage.file('bad.yaml', `${text}\n`), 'send', '--once');
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  test('counts that are not there, and a file that holds none', async () => {
    const nothing = await mailanchor(['tlsrpt', 'status', '--database', stage.path('nothing.sqlite')]);
    expect(nothing).toMatchObject({ status: 5, stderr: expect.stringContaining('there is no') });
    const { config } = await prepare(['example.org']);
    const other = await run(config, 'show', 'example.net');
    expect(other).toMatchObject({
      status: 5,
      stderr: 'mailanchor: no session with example.net was counted\n',
    });
    const damaged = stage.file('damaged.sqlite', 'no database '.repeat(999));
    const bad = await run(config, 'send', '--once', '--database', damaged);
    expect(bad).toMatchObject({ status: 2, stderr: expect.stringContaining('damaged') });
  });
});

async function serve(config: string): Promise<ResolverProcess> {
  const child = spawn(
    process.execPath,
    [BIN, 'tlsrpt', 'send', '--config', config, '--metrics', '127.0.0.1:0'],
    { env: environment({}), stdio: ['ignore', 'ignore', 'pipe'] },
  );
  return ready(child);
}

const page = async (sender: ResolverProcess, path: string) => {
  const url = sender.lines.map((line) => /http:\/\/(\S+)\//.exec(line)?.[1]).find((found) => found);
  const response = await fetch(`http://${url}${path}`);
  return `${response.status} ${await response.text()}`;
};

describe.skipIf(unbuilt)('as a service', () => {
  test('sends what is due, counts it, reads its settings again, and stops', async () => {
    const { config } = await prepare(DOMAINS);
    const sender = await serve(config);
    await sender.line(/report on sts-good\.example .* sent/);
    expect(box.taken).toHaveLength(1);
    const metrics = await page(sender, '/metrics');
    expect(metrics).toMatch(/^mailanchor_tlsrpt_sent_total\{by="mail"\} 1$/m);
    expect(metrics).toMatch(/^mailanchor_tlsrpt_reports_composed_total 1$/m);
    expect(metrics).toMatch(/^mailanchor_tlsrpt_deliveries_due 0$/m);
    expect(await page(sender, '/healthz')).toBe('200 ok\n');
    sender.child.kill('SIGHUP');
    await sender.line(/settings read again/);
    expect(await sender.stop()).toBe(0);
    expect(sender.lines.at(-1)).toBe('mailanchor tlsrpt: stopped');
  });

  test('killed while the mail server has the report: sent again, as the same message, and told', async () => {
    const { config } = await prepare(['sts-good.example']);
    let arrived: (() => void) | undefined;
    const first = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    box.verdict = () => {
      arrived?.();
      return new Promise(() => {});
    };
    const sender = await serve(config);
    await first;
    sender.child.kill('SIGKILL');
    await once(sender.child, 'close');
    box.verdict = () => undefined;
    // The dead sender has it for a while yet.
    expect((await run(config, 'send', '--once')).stdout).toMatch(/0 sent/);
    const later = String(Math.floor(Date.now() / 1000) + 660);
    expect((await run(config, 'send', '--once', '--at', later)).stdout).toMatch(/1 sent/);
    const ids = box.taken.map(({ message }) => /^message-id: (.*)$/im.exec(message)?.[1]);
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe(ids[1]);
    expect((await run(config, 'show', 'sts-good.example')).stdout).toContain('perhaps received twice');
  });
});
