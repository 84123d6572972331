/** `mailanchor tlsrpt read`, `listen` and `reports` as processes: from a mail to the sentence that says what to do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { issueCertificate, Seed, toPem } from '@mailanchor/lab';
import { describe, expect, test } from 'vitest';
import { GOOGLE, gzipped, MICROSOFT, mailOf } from '../src/tlsrpt-read/samples.fixture.ts';
import { BIN, environment, mailanchor, unbuilt } from './program.ts';
import { type ResolverProcess, ready } from './resolver-process.ts';
import { Stage } from './resolver-stage.ts';

const stage = new Stage();
let count = 0;
const fresh = () => stage.path(`received${++count}.sqlite`);
const tlsrpt = (database: string, args: readonly string[], input?: string) =>
  mailanchor(
    ['tlsrpt', ...args, '--database', database, ...stage.configured],
    input === undefined ? {} : { input },
  );

/** Reports of yesterday, whenever this runs. */
const YESTERDAY = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
const now = <T>(report: T): T => JSON.parse(JSON.stringify(report).replaceAll('2026-11-24', YESTERDAY)) as T;
const about = (host: string, resultType: string) => {
  const text = JSON.stringify(now(MICROSOFT))
    .replaceAll('mx2.example.org', host)
    .replaceAll('certificate-host-mismatch', resultType);
  return text.replace(/"report-id":"[^"]*"/, `"report-id":"${host} ${resultType}"`);
};

describe.skipIf(unbuilt)('files', () => {
  test('read once, shown by host and sender, with what to look at', async () => {
    const database = fresh();
    const google = stage.file('google.json', JSON.stringify(now(GOOGLE)));
    const microsoft = stage.path('microsoft.json.gz');
    writeFileSync(microsoft, gzipped(now(MICROSOFT)));
    const first = await tlsrpt(database, ['read', google, microsoft]);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toBe(
      `${google}: stored: Google Inc. on example.org: 5327 good, 3 failed\n${microsoft}: stored: Microsoft Corporation on mx2.example.org: 40 good, 12 failed\n`,
    );
    const second = await tlsrpt(database, ['read', '-', '--json'], JSON.stringify(now(GOOGLE)));
    expect(JSON.parse(second.stdout)).toMatchObject({
      source: '-',
      kind: 'known',
      organization: 'Google Inc.',
    });
    const shown = await tlsrpt(database, ['reports']);
    expect(shown.status).toBe(1);
    expect(shown.stdout).toContain('2 reports of 2 reporters');
    expect(shown.stdout).toMatch(
      /\nmx2\.example\.org +Microsoft Corporation +tlsa +certificate-host-mismatch \(CertificateSubjectMismatch\) +12 /,
    );
    expect(shown.stdout).toMatch(
      /\nmail from 2 senders \(Microsoft Corporation, Google Inc\.\) failed with certificate-host-mismatch on mx2\.example\.org since \w+day \S+ \(15 sessions\): see tlsa-mismatch or ta-name\n$/,
    );
    const json = JSON.parse((await tlsrpt(database, ['reports', '--json'])).stdout) as {
      rows: unknown[];
      sentences: string[];
    };
    expect(json.rows).toHaveLength(2);
    expect(json.sentences).toHaveLength(1);
    expect(await tlsrpt(database, ['reports', '--domain', 'example.net'])).toMatchObject({
      status: 0,
      stdout: 'no report\n',
    });
  });

  test('what is no report is said, and the others are read', async () => {
    const [bad, good] = [stage.file('bad', 'hello\r\n\r\n'), stage.file('good', JSON.stringify(now(GOOGLE)))];
    const run = await tlsrpt(fresh(), ['read', bad, good]);
    expect(run.status).toBe(1);
    expect(run.stderr).toMatch(/^mailanchor: \S+bad: refused: [^\n]*\n$/);
    expect(run.stdout).toContain('stored: Google Inc.');
  });

  test.each<[string, string[], RegExp, number]>([
    ['no file', ['read'], /nothing to read: give files/, 2],
    ['a file that is not there', ['read', '/nowhere'], /\/nowhere: no such file/, 2],
    [
      'a folder that is no Maildir',
      ['read', '--maildir', '/nowhere'],
      /--maildir: \/nowhere\/new: no such file: not a Maildir/,
      2,
    ],
    ['no database yet', ['reports'], /received TLS reports: there is no /, 5],
    ['half a certificate', ['listen', '--tls-cert', 'x'], /--tls-cert and --tls-key belong together/, 2],
    ['a domain that is none', ['reports', '--domain', 'a b'], /--domain: "a b" is not a domain name/, 2],
  ])('%s', async (_, args, message, status) => {
    const run = await tlsrpt(fresh(), args);
    expect(run.stderr).toMatch(message);
    expect(run.status).toBe(status);
  });
});

describe.skipIf(unbuilt)('mails', () => {
  test('a Maildir: each mail once, nothing is changed there; without a signature they do not count', async () => {
    const [database, maildir] = [fresh(), stage.path('Maildir')];
    for (const part of ['new', 'cur', 'tmp']) mkdirSync(join(maildir, part), { recursive: true });
    writeFileSync(join(maildir, 'new/1.a.host'), mailOf({ content: gzipped(now(GOOGLE)) }));
    writeFileSync(join(maildir, 'cur/2.b.host:2,S'), 'From: x@example.net\r\n\r\nspam\r\n');
    const first = await tlsrpt(database, ['read', '--maildir', maildir, '-v']);
    expect(first.status).toBe(0);
    expect(first.stdout).toContain(
      'stored: Google Inc. on example.org: 5327 good, 3 failed; not signed, hence not counted\n',
    );
    // Somebody reads it, and another comes.
    renameSync(join(maildir, 'new/1.a.host'), join(maildir, 'cur/1.a.host:2,S'));
    writeFileSync(join(maildir, 'new/3.c.host'), mailOf({ content: gzipped(now(MICROSOFT)) }));
    const second = await tlsrpt(database, ['read', '--maildir', maildir]);
    expect(second.stdout.trim().split('\n')).toEqual([
      expect.stringContaining('3.c.host: stored: Microsoft Corporation'),
    ]);
    expect((await tlsrpt(database, ['reports'])).stdout).toBe(
      'no report; 2 without a valid signature not counted (--unverified counts them)\n',
    );
    expect((await tlsrpt(database, ['reports', '--unverified'])).stdout).toContain(
      '2 reports of 2 reporters',
    );
  });
});

describe.skipIf(unbuilt)('whether it is so now', () => {
  test('a host that is broken, one that is mended, one that is gone', async () => {
    const database = fresh();
    const reports = [
      about('mx.rsa-named-only.example', 'validation-failure'),
      about('mx.good-311.example', 'certificate-host-mismatch'),
      about('gone.good-311.example', 'starttls-not-supported'),
    ];
    for (const report of reports) await tlsrpt(database, ['read', '-'], report);
    const { status, stdout } = await tlsrpt(database, ['reports', '--check']);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      / on mx\.rsa-named-only\.example since .*: see tlsa-mismatch or tls-fails; still so now: tlsa-mismatch\n/,
    );
    expect(stdout).toMatch(/ on mx\.good-311\.example since .*; not so now: verified\n/);
    expect(stdout).toMatch(/ on gone\.good-311\.example since .*\n/);
    const json = JSON.parse((await tlsrpt(database, ['reports', '--check', '--json'])).stdout) as {
      rows: { host: string; now: { state: string } }[];
    };
    const states = Object.fromEntries(json.rows.map(({ host, now: { state } }) => [host, state]));
    expect(states).toMatchObject({ 'mx.rsa-named-only.example': 'so', 'mx.good-311.example': 'not-so' });
  });
});

describe.skipIf(unbuilt)('by HTTPS', () => {
  test('posted, answered once it is stored; known after a kill; a certificate that was renewed', async () => {
    const database = fresh();
    const [cert, key] = [stage.path('cert.pem'), stage.path('key.pem')];
    const renew = (): string => {
      const issued = issueCertificate(new Seed(), 'endpoint', {
        subject: 'localhost',
        names: ['localhost'],
        notBefore: Date.now() - 86_400_000,
        notAfter: Date.now() + 86_400_000,
      });
      writeFileSync(cert, toPem([issued]));
      writeFileSync(key, issued.key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
      return toPem([issued]);
    };
    const listen = () => {
      const where = ['--listen', '127.0.0.1:0', '--path', '/tlsrpt', '--tls-cert', cert, '--tls-key', key];
      const args = [BIN, 'tlsrpt', 'listen', ...where, '--database', database, '--metrics', '127.0.0.1:0'];
      return ready(
        spawn(process.execPath, args, { env: environment(undefined), stdio: ['ignore', 'ignore', 'pipe'] }),
      );
    };
    const post = async (process: ResolverProcess, ca: string): Promise<string> => {
      const port = /https:\/\/127\.0\.0\.1:(\d+)\/tlsrpt/.exec(await process.line(/listening on/))![1];
      const call = request({
        ...{
          host: '127.0.0.1',
          servername: 'localhost',
          port,
          path: '/tlsrpt',
          method: 'POST',
          ca,
          agent: false,
        },
        headers: { 'content-type': 'application/tlsrpt+gzip' },
      });
      call.end(gzipped(now(GOOGLE)));
      const [response] = (await once(call, 'response')) as [IncomingMessage];
      return `${response.statusCode} ${String(await response.setEncoding('utf8').toArray())}`;
    };
    const before = renew();
    const first = await listen();
    expect(await post(first, before)).toBe('200 stored\n');
    await first.stop('SIGKILL');
    const second = await listen();
    expect(await post(second, before)).toBe('200 known\n');
    const after = renew();
    second.child.kill('SIGHUP');
    await second.line(/the certificate is read again/);
    expect(await post(second, after)).toBe('200 known\n');
    const page = /http:\/\/\S+\//.exec(await second.line(/metrics and health/))![0];
    expect(await (await fetch(`${page}metrics`)).text()).toContain(
      'mailanchor_tlsrpt_received_total{outcome="known"} 2',
    );
    expect(await second.stop()).toBe(0);
    expect((await tlsrpt(database, ['reports'])).stdout).toContain('1 report of 1 reporter');
  });
});
