/**
 * A sending Postfix with `smtp_tls_security_level = dane` whose only resolver is ours: good destinations get their mail over verified TLS, bad
 * ones do not, and what nobody could prove is tried again later. Name servers are NSD's, the receivers are Postfix too.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mailanchor, type Network, raiseBed, readTable } from '../../../test/peers/bed.ts';
import { type Run, runIn, startIn } from '../../../test/peers/namespace.ts';
import { BED_SCRIPTS, REQUIRED, whyNoPeers } from '../../../test/peers/peers.ts';
import { BIN, environment, unbuilt } from './program.ts';
import { type ResolverProcess, ready } from './resolver-process.ts';
import { deliveryIn, logWith, OUTCOMES, restartSender } from './sending-postfix.ts';

/** Neither Unbound's nor anybody else's in the bed. */
const ADDRESS = '127.0.53.60';
/** Of an Unbound without its validator. */
const CARELESS = '127.0.53.61';

const absent = whyNoPeers() ?? unbuilt;
if (absent !== undefined && REQUIRED) throw new Error(`MAILANCHOR_TEST_PEERS=required, but ${absent}`);

describe.skipIf(absent)(
  `Postfix with DANE through our resolver${absent ? ` (skipped: ${absent})` : ''}`,
  () => {
    let bed: ReturnType<typeof raiseBed> | undefined;
    let resolver: ResolverProcess | undefined;
    let maillog = '';
    let withUnbound: Run | undefined;

    beforeAll(async () => {
      bed = raiseBed(10, 3);
      const { folder, namespace } = bed.network;
      const script = (text: string) =>
        runIn(namespace, ['bash', '-c', `. "${BED_SCRIPTS}/bed-lib.sh"; bed_load "${folder}"; ${text}`]);
      withUnbound = await sending(bed.network, 'good.cases.example');
      // Nobody else who could answer.
      await script('stop unbound-$RESOLVER');
      const roots = ['--root-hints', join(folder, 'root.hints'), '--trust-anchor', join(folder, 'root.key')];
      const command = [
        process.execPath,
        BIN,
        'resolver',
        ...roots,
        '--listen',
        ADDRESS,
        '--metrics',
        ADDRESS,
      ];
      const child: ChildProcess = spawn('ip', ['netns', 'exec', namespace, ...command], {
        env: environment(undefined),
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      resolver = await ready(child);
      const settings = readFileSync(`/etc/netns/${namespace}/resolv.conf`, 'utf8');
      writeFileSync(
        `/etc/netns/${namespace}/resolv.conf`,
        settings.replace(/^nameserver .*$/m, `nameserver ${ADDRESS}`),
      );
      await restartSender(folder);
      maillog = join(folder, 'pf-send/data/maillog');
    }, 120_000);

    afterAll(async () => {
      await resolver?.stop();
      bed?.lower();
    });

    test('each destination as it deserves', { timeout: 90_000 }, async () => {
      const { network } = bed!;
      const cases = readTable(network, 'cases.tsv').map(([domain, expected]) => ({
        domain: domain!,
        expected: OUTCOMES[expected!]!,
      }));
      expect(cases.length).toBeGreaterThan(15);
      for (const { domain } of cases) {
        const message = ['-m', '1', '-l', '500', '-f', 's@sender.bedmail.example', '-t', `u@${domain}`];
        await runIn(network.namespace, ['smtp-source', ...message, 'inet:127.4.0.1:25']);
      }
      const log = await logWith(
        maillog,
        cases.map(({ domain }) => new RegExp(`to=<u@${domain}>.* status=`)),
      );
      const seen = cases.map(({ domain }) => deliveryIn(log, domain));
      for (const [index, { domain, expected }] of cases.entries()) {
        const { status, tls, why } = seen[index]!;
        expect({ domain, status, ...(expected.tls && { tls }) }).toEqual({
          domain,
          status: expected.status,
          ...(expected.tls && { tls: expected.tls }),
        });
        if (expected.why) expect(why).toMatch(expected.why);
      }
      // It was ours that answered, with proof where there is one.
      const fetchMetrics = `fetch('http://${ADDRESS}:9153/metrics').then(async (page) => console.log(await page.text()))`;
      const { stdout } = await runIn(network.namespace, [process.execPath, '-e', fetchMetrics]);
      const counted = (status: string) =>
        Number(new RegExp(`answers_total\\{status="${status}"\\} (\\d+)`).exec(stdout)?.[1]);
      expect(counted('secure')).toBeGreaterThan(30);
      expect(counted('bogus')).toBeGreaterThan(0);
    });

    test('check --sending sees nothing in its way, with Unbound or with ours', {
      timeout: 60_000,
    }, async () => {
      const { network } = bed!;
      const ours = await sending(network, 'good.cases.example');
      for (const [run, address] of [
        [withUnbound!, network.unbound],
        [ours, ADDRESS],
      ] as const) {
        const { seen, resolvers, connections, findings } = JSON.parse(run.stdout).sending;
        expect(seen).toContain('Postfix');
        expect(resolvers).toEqual([
          expect.objectContaining({ address, state: 'answers', ad: true, signed: true }),
        ]);
        expect(connections[0]).toMatchObject({ outcome: 'connected' });
        expect(findings).toEqual([]);
        expect(run.status).toBe(0);
      }
    });

    test('check --sending tells an Unbound that does not validate', { timeout: 60_000 }, async () => {
      const { network } = bed!;
      const { folder, namespace, unbound } = network;
      const config = readFileSync(join(folder, `etc/unbound-${unbound}.conf`), 'utf8');
      const careless = join(folder, 'etc/unbound-careless.conf');
      writeFileSync(
        careless,
        config
          .replaceAll(unbound, CARELESS)
          .replace('module-config: "validator iterator"', 'module-config: "iterator"'),
      );
      const resolvConf = join(folder, 'careless-resolv.conf');
      writeFileSync(resolvConf, `nameserver ${CARELESS}\noptions trust-ad\n`);
      const child = startIn(namespace, ['unbound', '-d', '-c', careless]);
      try {
        const wait = `. "${BED_SCRIPTS}/bed-lib.sh"; bed_load "${folder}"; waitres ${CARELESS}`;
        expect(await runIn(namespace, ['bash', '-c', wait])).toMatchObject({ status: 0 });
        const run = await sending(network, '--resolv-conf', resolvConf);
        expect(run.status).toBe(1);
        expect(JSON.parse(run.stdout).sending.findings).toEqual([
          expect.objectContaining({ code: 'resolver-not-validating', subject: CARELESS }),
        ]);
      } finally {
        child.kill();
      }
    });

    test('without a resolver nothing is sent in the clear', { timeout: 90_000 }, async () => {
      const { folder, namespace } = bed!.network;
      await resolver!.stop();
      await restartSender(folder);
      const message = [
        '-m',
        '1',
        '-l',
        '500',
        '-f',
        's@sender.bedmail.example',
        '-t',
        'late@good.cases.example',
      ];
      await runIn(namespace, ['smtp-source', ...message, 'inet:127.4.0.1:25']);
      const log = await logWith(maillog, [/to=<late@good\.cases\.example>.* status=/]);
      expect(log.find((line) => line.includes('late@good'))).toMatch(/status=deferred/);
    });
  },
);

/** `check --sending` for the sending Postfix of the bed. */
function sending(network: Network, ...args: readonly string[]): Promise<Run> {
  const env = { MAIL_CONFIG: join(network.folder, 'pf-send/etc') };
  return mailanchor(network, ['check', '--sending', '--json', ...args], { env });
}
