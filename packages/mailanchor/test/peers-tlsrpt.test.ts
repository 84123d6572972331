/** A sending Postfix with DANE, good and broken destinations, and the collector that reads its log: what it counts is what happened. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { raiseBed, readTable } from '../../../test/peers/bed.ts';
import { runIn } from '../../../test/peers/namespace.ts';
import { REQUIRED, whyNoPeers } from '../../../test/peers/peers.ts';
import { BIN, environment, mailanchor, unbuilt } from './program.ts';
import { type ResolverProcess, ready } from './resolver-process.ts';
import { logWith, restartSender } from './sending-postfix.ts';

const absent = whyNoPeers() ?? unbuilt;
if (absent !== undefined && REQUIRED) throw new Error(`MAILANCHOR_TEST_PEERS=required, but ${absent}`);

/** Policy type, successes, failures, result types: of each destination of the bed. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'good.cases.example': ['tlsa good.bedmail.example 1 0'],
  'bad.cases.example': ['tlsa bad.bedmail.example 0 1 validation-failure dane-no-match'],
  'ta.cases.example': ['tlsa ta.bedmail.example 1 0'],
  'nostarttls.cases.example': ['tlsa nostarttls.bedmail.example 0 1 starttls-not-supported'],
  'notlsa.cases.example': ['no-policy-found notlsa.cases.example 1 0'],
  'expired.cases.example': ['tlsa expired.bedmail.example 1 0'],
  'taname.cases.example': ['tlsa taname.bedmail.example 0 1 certificate-host-mismatch'],
  'unusable.cases.example': ['tlsa unusable.bedmail.example 0 1 tlsa-invalid tlsa-unusable'],
  'roll.cases.example': ['tlsa roll.bedmail.example 1 0'],
  'fullcert.cases.example': ['tlsa fullcert.bedmail.example 1 0'],
  'sha512.cases.example': ['tlsa sha512.bedmail.example 1 0'],
  'tanochain.cases.example': ['tlsa tanochain.bedmail.example 0 1 validation-failure dane-no-match'],
  'eename.cases.example': ['tlsa eename.bedmail.example 1 0'],
  'alias.cases.example': ['tlsa good.bedmail.example 1 0'],
  'failover.cases.example': [
    'tlsa bad.bedmail.example 0 1 validation-failure dane-no-match',
    'tlsa good.bedmail.example 1 0',
  ],
  'nullmx.cases.example': [],
  'bogustlsa.cases.example': ['tlsa mxbt.bogusprov.example 0 1 dnssec-invalid tlsa-lookup'],
  'bogusdenial.cases.example': ['tlsa mxbd.bogusprov.example 0 1 dnssec-invalid tlsa-lookup'],
};

describe.skipIf(absent)(`a Postfix log, counted${absent ? ` (skipped: ${absent})` : ''}`, () => {
  let bed: ReturnType<typeof raiseBed>;
  let maillog = '';
  let database = '';

  const collect = (): Promise<ResolverProcess> => {
    const { folder, namespace } = bed.network;
    const roots = ['--root-hints', join(folder, 'root.hints'), '--trust-anchor', join(folder, 'root.key')];
    const command = [
      process.execPath,
      BIN,
      'tlsrpt',
      'collect',
      '--log',
      maillog,
      '--database',
      database,
      ...roots,
    ];
    const child = spawn('ip', ['netns', 'exec', namespace, ...command], {
      env: environment(undefined),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return ready(child);
  };
  const send = (to: string, count = 1) => {
    const message = ['-m', String(count), '-s', '2', '-l', '500', '-f', 's@sender.bedmail.example', '-t', to];
    return runIn(bed.network.namespace, ['smtp-source', ...message, 'inet:127.4.0.1:25']);
  };
  /** One line a policy. */
  const counted = (domain: string): string[] => {
    if (!existsSync(database)) return [];
    const file = new DatabaseSync(database, { readOnly: true });
    const rows = file
      .prepare(
        `SELECT type, policy_domain, successes, failures, result_type, reason_code FROM policy p JOIN domain d ON d.id = p.domain
         LEFT JOIN detail ON detail.policy = p.id WHERE d.domain = ? ORDER BY policy_domain`,
      )
      .all(domain);
    file.close();
    return rows.map((row) =>
      Object.values(row)
        .filter((value) => value !== null && value !== '')
        .join(' '),
    );
  };

  beforeAll(async () => {
    bed = raiseBed(10, 3);
    maillog = join(bed.network.folder, 'pf-send/data/maillog');
    database = join(bed.network.folder, 'tlsrpt/tlsrpt.sqlite');
    await restartSender(bed.network.folder);
  }, 120_000);
  afterAll(() => bed?.lower());

  test('each destination as it went', { timeout: 60_000 }, async () => {
    const collector = await collect();
    const domains = readTable(bed.network, 'cases.tsv').map(([domain]) => domain!);
    expect(domains.toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
    for (const domain of domains) await send(`u@${domain}`);
    const done = domains.map((domain) => new RegExp(`to=<u@${domain}>.* status=`));
    await logWith(maillog, done);
    await vi.waitFor(
      () => expect(Object.fromEntries(domains.map((domain) => [domain, counted(domain)]))).toEqual(EXPECTED),
      { timeout: 20_000, interval: 200 },
    );
    expect(await collector.stop()).toBe(0);
    const shown = await mailanchor(['tlsrpt', 'show', 'bad.cases.example', '--database', database]);
    expect(shown.stdout).toMatch(/^bad\.cases\.example {2}\S+ {2}0 good, 1 failed\n/);
    expect(shown.stdout).toMatch(/\n +1 +validation-failure +.*dane-no-match/);
    // The same report, as it would be sent, read by whoever it is for.
    const sent = await mailanchor(['tlsrpt', 'show', 'bad.cases.example', '--database', database, '--json']);
    const received = join(bed.network.folder, 'received.sqlite');
    const read = await mailanchor(['tlsrpt', 'read', '-', '--database', received], { input: sent.stdout });
    expect(read.stdout).toMatch(/stored: .* on bad\.bedmail\.example: 0 good, 1 failed\n/);
    const reports = await mailanchor(['tlsrpt', 'reports', '--database', received]);
    expect(reports.stdout).toMatch(
      / failed with validation-failure on bad\.bedmail\.example since .* \(1 session\): see tlsa-mismatch or tls-fails\n/,
    );
  });

  test('killed again and again, it neither loses a session nor counts one twice', {
    timeout: 60_000,
  }, async () => {
    const sessions = () => {
      const log = readFileSync(maillog, 'utf8').split('\n');
      const of = (host: string) =>
        log.filter(
          (line) =>
            line.includes('/smtp[') &&
            line.includes(`TLS connection established to ${host}.bedmail.example[`),
        ).length;
      return { good: of('good'), bad: of('bad') };
    };
    const total = (host: string) => {
      const file = new DatabaseSync(database, { readOnly: true });
      const sum = 'SELECT sum(successes + failures) AS all_sessions FROM policy WHERE policy_domain = ?';
      const row = file.prepare(sum).get(`${host}.bedmail.example`);
      file.close();
      return Number(row?.['all_sessions']);
    };
    // alias.cases.example has good.bedmail.example under another name.
    const others = 1;
    for (let kill = 0; kill < 5; kill++) {
      const collector = await collect();
      const sending = Promise.all([send('k@good.cases.example', 20), send('k@bad.cases.example', 10)]);
      await new Promise((resolve) => setTimeout(resolve, 150 + kill * 130));
      await collector.stop('SIGKILL');
      await sending;
    }
    const all = /k@good\.cases\.example>.* status=/g;
    await vi.waitFor(() => expect(readFileSync(maillog, 'utf8').match(all)?.length).toBe(100), {
      timeout: 20_000,
      interval: 200,
    });
    const last = await collect();
    const expected = sessions();
    // Postfix gives up on the bad one for a while.
    expect(expected.good).toBeGreaterThanOrEqual(101);
    expect(expected.bad).toBeGreaterThanOrEqual(3);
    await vi.waitFor(
      () => {
        expect(total('bad')).toBe(expected.bad);
        expect(total('good')).toBe(expected.good + others);
      },
      { timeout: 15_000, interval: 200 },
    );
    await last.stop();
  });
});
