/**
 * A sending Postfix that takes its TLS policies from us, with opportunistic TLS as its own default: what it does with good and bad destinations
 * is then our word. Name servers are NSD's, Postfix's resolver is Unbound, the receivers are Postfix too.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { raiseBed, readTable } from '../../../test/peers/bed.ts';
import { runIn } from '../../../test/peers/namespace.ts';
import { REQUIRED, whyNoPeers } from '../../../test/peers/peers.ts';
import { BIN, environment, unbuilt } from './program.ts';
import { type ResolverProcess, ready } from './resolver-process.ts';
import { deliveryIn, logWith, OUTCOMES, restartSender } from './sending-postfix.ts';

const absent = whyNoPeers() ?? unbuilt;
if (absent !== undefined && REQUIRED) throw new Error(`MAILANCHOR_TEST_PEERS=required, but ${absent}`);

/** As docs/policy.md has them, but that the default is opportunistic. */
const SETTINGS = `
smtp_dns_support_level = dnssec
smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:policy
`;

describe.skipIf(absent)(`Postfix with our policies${absent ? ` (skipped: ${absent})` : ''}`, () => {
  let bed: ReturnType<typeof raiseBed>;
  let policy: ResolverProcess;
  let maillog = '';

  const start = (): Promise<ResolverProcess> => {
    const { folder, namespace } = bed.network;
    const roots = ['--root-hints', join(folder, 'root.hints'), '--trust-anchor', join(folder, 'root.key')];
    const command = [process.execPath, BIN, 'policy', ...roots, '--state', join(folder, 'policy-state')];
    const child: ChildProcess = spawn('ip', ['netns', 'exec', namespace, ...command], {
      env: environment(undefined),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return ready(child);
  };
  const send = (to: string) => {
    const message = ['-m', '1', '-l', '500', '-f', 's@sender.bedmail.example', '-t', to];
    return runIn(bed.network.namespace, ['smtp-source', ...message, 'inet:127.4.0.1:25']);
  };

  beforeAll(async () => {
    bed = raiseBed(10, 3);
    const { folder, namespace } = bed.network;
    policy = await start();
    await restartSender(folder, 'may');
    appendFileSync(join(folder, 'pf-send/etc/main.cf'), SETTINGS);
    await runIn(namespace, ['postfix', '-c', join(folder, 'pf-send/etc'), 'reload']);
    maillog = join(folder, 'pf-send/data/maillog');
  }, 120_000);

  afterAll(async () => {
    await policy?.stop();
    bed?.lower();
  });

  test('each destination as it deserves', { timeout: 90_000 }, async () => {
    const cases = readTable(bed.network, 'cases.tsv').map(([domain, expected]) => ({
      domain: domain!,
      kind: expected!,
      expected: OUTCOMES[expected!]!,
    }));
    expect(cases.length).toBeGreaterThan(15);
    for (const { domain } of cases) await send(`u@${domain}`);
    const log = await logWith(
      maillog,
      cases.map(({ domain }) => new RegExp(`to=<u@${domain}>.* status=`)),
    );
    for (const { domain, kind, expected } of cases) {
      const { status, tls } = deliveryIn(log, domain);
      expect({ domain, status, ...(expected.tls && { tls }) }).toEqual({
        domain,
        status: expected.status,
        ...(expected.tls && { tls: expected.tls }),
      });
      // What could not be proven waits, and the log says why in our words.
      if (kind === 'tempfail')
        expect(
          log.find((line) => line.includes(`temporary error: ${domain}: the TLSA records of `)),
        ).toBeDefined();
    }
  });

  test('killed, mail waits; started again, it is delivered', { timeout: 60_000 }, async () => {
    await policy.stop('SIGKILL');
    await send('killed@good.cases.example');
    const waiting = await logWith(maillog, [/to=<killed@good\.cases\.example>.* status=/]);
    expect(waiting.find((line) => line.includes('to=<killed@good'))).toMatch(/status=deferred/);
    policy = await start();
    await send('restarted@good.cases.example');
    const log = await logWith(maillog, [/to=<restarted@good\.cases\.example>.* status=/]);
    expect(log.find((line) => line.includes('to=<restarted@good'))).toMatch(/status=sent/);
  });
});
