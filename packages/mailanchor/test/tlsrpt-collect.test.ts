/** `mailanchor tlsrpt collect` as a process: its sources, its pages, its end. What a real Postfix logs is in peers-tlsrpt.test.ts. */
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { type TlsRptEvent, tlsRptSocketSink } from '@mailanchor/smtp';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { BIN, environment, mailanchor, temporaryFolder, unbuilt } from './program.ts';
import { type ResolverProcess, ready, stopAll } from './resolver-process.ts';

const scratch = temporaryFolder();
afterAll(() => scratch.done());
afterEach(stopAll);

const FIXTURE = fileURLToPath(new URL('./fixtures/postfix-3.7-dane.log', import.meta.url));
/** Nothing answers there: what a log says is then all that is known. */
const NO_DNS = ['--resolver', '127.0.0.1:9', '--timeout', '0.5'];
let file = 0;
const place = (name: string) => join(scratch.path, `${name}${++file}`);

function start(...args: string[]): Promise<ResolverProcess> {
  const child = spawn(process.execPath, [BIN, 'tlsrpt', 'collect', ...NO_DNS, ...args], {
    env: environment(undefined),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return ready(child);
}

function query(database: string, sql: string): string[] {
  const opened = new DatabaseSync(database, { readOnly: true });
  const rows = opened.prepare(sql).all();
  opened.close();
  return rows.map((row) => Object.values(row).join(' '));
}
const SESSIONS = 'SELECT type, policy_domain, successes, failures FROM policy ORDER BY policy_domain';

/** The fixture, as of now: what is too old is in no report. */
function logOfNow(): string {
  const now = new Date();
  const stamp = `${now.toDateString().slice(4, 8)}${String(now.getDate()).padStart(2)} ${now.toTimeString().slice(0, 8)}`;
  return readFileSync(FIXTURE, 'utf8').replace(/^Nov 25 19:06:24/gm, stamp);
}

const event = (domain: string, more: Partial<TlsRptEvent> = {}): TlsRptEvent => ({
  at: Date.now(),
  domain,
  policy: { type: 'tlsa', domain: `mx.${domain}`, strings: ['3 1 1 ab'], mxHosts: [] },
  failure: null,
  ...more,
});

describe.skipIf(unbuilt)('sources', () => {
  test('standard input, to its end', async () => {
    const database = place('stdin');
    const run = await mailanchor(['tlsrpt', 'collect', '-', '--database', database, ...NO_DNS], {
      input: logOfNow(),
    });
    expect(run).toMatchObject({ status: 0, stdout: '' });
    // What is about DANE whatever the domain publishes; of all else the policy is not known.
    expect(query(database, SESSIONS)).toEqual([
      'tlsa mxbd.bogusprov.example 0 1',
      'tlsa mxbt.bogusprov.example 0 1',
    ]);
    expect(query(database, 'SELECT reason, sessions FROM unclear')).toEqual(['policy-unknown 16']);
    expect(statSync(database).mode & 0o777).toBe(0o600);
    const status = await mailanchor(['tlsrpt', 'status', '--database', database]);
    expect(status.stdout).toContain('in no report: policy-unknown 16\n');
  });

  test('a file: stopped and started again, each line counts once', async () => {
    const [database, log] = [place('database'), place('log')];
    const lines = logOfNow().split('\n');
    const half = Math.floor(lines.length / 2);
    appendFileSync(log, `${lines.slice(0, half).join('\n')}\n`);
    const first = await start('--log', log, '--database', database);
    const unclear = () => query(database, 'SELECT sum(sessions) FROM unclear');
    await vi.waitFor(() => expect(Number(unclear()[0])).toBeGreaterThan(3), { timeout: 15_000 });
    expect(await first.stop()).toBe(0);
    appendFileSync(log, lines.slice(half).join('\n'));
    const second = await start('--log', log, '--database', database);
    expect(second.lines.join('\n')).toMatch(/from octet \d+ on/);
    await vi.waitFor(() => expect(unclear()).toEqual(['16']), { timeout: 15_000 });
    expect(query(database, SESSIONS).length).toBe(2);
    expect(await second.stop()).toBe(0);
  });

  test('programs: what was acknowledged is there after a kill; pages over HTTP', async () => {
    const [database, socket] = [place('database'), place('events')];
    const args = ['--listen', `unix:${socket}`, '--database', database, '--metrics', '127.0.0.1:0'];
    const first = await start(...args);
    const told = tlsRptSocketSink({ path: socket });
    await Promise.all(Array.from({ length: 500 }, (_, i) => told.sink(event(`d${i % 5}.example`))));
    await expect(told.sink(event('not a domain'))).rejects.toMatchObject({ code: 'tlsrpt-not-counted' });
    await told.sink(event('d1.example', { id: 'x' }));
    await told.sink(event('d1.example', { id: 'x' }));
    const page = /http:\/\/\S+\//.exec(await first.line(/metrics and health/))![0];
    const metrics = await (await fetch(`${page}metrics`)).text();
    expect(metrics).toContain('mailanchor_tlsrpt_collect_sessions_total{policy="tlsa",result="success"} 501');
    expect(metrics).toContain('mailanchor_tlsrpt_collect_events_refused_total 1');
    expect((await fetch(`${page}healthz`)).status).toBe(200);
    const late = told.sink(event('d1.example'));
    await Promise.all([first.stop('SIGKILL'), late.catch(() => {})]);
    await expect(told.sink(event('d1.example'))).rejects.toMatchObject({ code: 'tlsrpt-not-counted' });
    const second = await start(...args);
    await told.sink(event('d9.example'));
    const sums = query(database, 'SELECT sum(successes) FROM policy');
    expect([502, 503]).toContain(Number(sums[0]));
    told.close();
    expect(await second.stop()).toBe(0);
  });

  test('who tells nonsense does not keep others from being heard', async () => {
    const socket = place('events');
    const collector = await start('--listen', `unix:${socket}`, '--database', place('database'));
    const bad = Array.from({ length: 50 }, () => connect(socket));
    for (const [i, one] of bad.entries()) {
      one.on('error', () => {});
      one.write(i % 2 === 0 ? Buffer.alloc(70_000, 0xff) : '{"at":\n\n\n[]\n');
    }
    const told = tlsRptSocketSink({ path: socket });
    await told.sink(event('d1.example'));
    told.close();
    for (const one of bad) one.destroy();
    expect(await collector.stop()).toBe(0);
  });
});

describe.skipIf(unbuilt)('what cannot be used', () => {
  test.each<[string, string[], RegExp]>([
    ['no source', [], /nothing to collect from: give --log FILE, --journal, --listen unix:PATH, or -/],
    ['a file in place of -', ['mail.log'], /mail\.log: a log file is given with --log/],
    ['a place that is no path', ['--listen', '127.0.0.1:25'], /--listen: "127\.0\.0\.1:25" is not a path/],
    ['a database that is none', ['--log', 'x', '--database', FIXTURE], /postfix-3\.7-dane\.log/],
  ])('%s', async (_, args, message) => {
    const run = await mailanchor(['tlsrpt', 'collect', ...args]);
    expect(run.stderr).toMatch(message);
    expect(run.stderr.trim().split('\n').length).toBe(1);
    expect(run.status).not.toBe(0);
  });
});
