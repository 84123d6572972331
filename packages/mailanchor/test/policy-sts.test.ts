/** `mailanchor policy` and MTA-STS: what it fetches, tells of and keeps. */
import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { askSocketmap, metricsOf, type PolicyProcess, startPolicy } from './policy-process.ts';
import { unbuilt } from './program.ts';
import { Stage } from './resolver-stage.ts';

const stage = new Stage();
const start = (...args: string[]) => startPolicy([...stage.configured, '--metrics', '127.0.0.1:0', ...args]);
/** At this port the lab has no TLSA records: what is left is MTA-STS. */
const ask = ({ socketmap }: PolicyProcess, domain: string) =>
  askSocketmap({ port: socketmap }, `${domain}:2525`);
const ENFORCED = 'OK secure match=mx.sts-good.example servername=hostname';

describe.skipIf(unbuilt)('fetched', () => {
  test.each([
    ['sts-huge.example', 'size', 'the policy is larger than 65536 octets'],
    ['sts-redirect.example', 'status', 'the server answers 301, and redirects must not be followed'],
    ['sts-certificate.example', 'certificate', 'self-signed certificate'],
    ['sts-html.example', 'media-type', 'the media type is text/html, not text/plain'],
    ['sts-policy-invalid.example', 'invalid', 'max_age is no number of seconds'],
  ])('%s: none, a log line and a count', async (domain, result, text) => {
    const policy = await start();
    const began = performance.now();
    expect(await ask(policy, domain)).toBe('NOTFOUND ');
    expect(performance.now() - began).toBeLessThan(3000);
    expect(policy.process.lines.at(-1)).toBe(
      `mailanchor policy: ${domain}: its MTA-STS policy cannot be fetched: ${text}; mail goes out as if there were none`,
    );
    const { metrics } = await metricsOf(policy);
    expect(metrics.get(`sts_fetches_total{result="${result}"}`)).toBe(1);
    // Others are answered as ever.
    expect(await ask(policy, 'sts-good.example')).toBe(ENFORCED);
    await policy.process.stop();
  });
});

test.skipIf(unbuilt)('never from addresses that are not on the Internet, unless that is set', async () => {
  const { dnsPort, policyPort } = stage.lab;
  const own = stage.folder.config.replace(/[^/]+$/, 'public.yaml');
  const roots = 'root-hints: root.hints\ntrust-anchor: root.key\n';
  writeFileSync(
    own,
    `${roots}dns-port: ${dnsPort}\npolicy-service: {sts-port: ${policyPort}, sts-ca: lab-ca.pem}\n`,
  );
  const policy = await startPolicy(['--config', own, '--metrics', '127.0.0.1:0']);
  expect(await ask(policy, 'sts-good.example')).toBe('NOTFOUND ');
  expect(policy.process.lines.at(-1)).toMatch(/mta-sts\.sts-good\.example has no address on the Internet; /);
  const { metrics } = await metricsOf(policy);
  expect(metrics.get('sts_fetches_total{result="address"}')).toBe(1);
  await policy.process.stop();
});

describe.skipIf(unbuilt)('kept', () => {
  test('over a stop and over kill -9, whatever becomes of the policy host', async () => {
    const state = stage.path('kept');
    const first = await start('--state', state);
    expect(await ask(first, 'sts-good.example')).toBe(ENFORCED);
    expect(await ask(first, 'sts-testing.example')).toBe('NOTFOUND ');
    // Policies are on disk a second after they were fetched.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await first.process.stop('SIGKILL');

    stage.silence('_mta-sts.sts-good.example');
    for (const end of ['SIGTERM', 'SIGKILL'] as const) {
      const next = await start('--state', state, '--timeout', '2');
      expect(next.process.lines.join('\n')).toMatch(/2 MTA-STS policies of the last run still hold/);
      expect(await ask(next, 'sts-good.example')).toBe(ENFORCED);
      const { metrics } = await metricsOf(next);
      expect(metrics.get('sts_policies{mode="enforce"}')).toBe(1);
      expect(metrics.get('sts_policies{mode="testing"}')).toBe(1);
      await next.process.stop(end);
      rmSync(`${state}/policy-cache`, { force: true });
    }
  });

  test('SIGHUP takes up other CAs, and forgets what was fetched under the old', async () => {
    const own = stage.folder.config.replace(/[^/]+$/, 'sts.yaml');
    const ca = stage.path('other-ca.pem');
    writeFileSync(ca, stage.lab.ca);
    const { mailPort, policyPort, dnsPort } = stage.lab;
    const settings = `root-hints: root.hints
trust-anchor: root.key
dns-port: ${dnsPort}
check: {port: ${mailPort}}
policy-service: {sts-port: ${policyPort}, sts-ca: ${ca}, sts-private-addresses: true}
`;
    writeFileSync(own, settings);
    const policy = await startPolicy(['--config', own]);
    expect(await ask(policy, 'sts-good.example')).toBe(ENFORCED);
    writeFileSync(own, settings.replace(`, sts-ca: ${ca}`, ''));
    policy.process.child.kill('SIGHUP');
    await policy.process.line(/lookups are made otherwise now; the cache is empty/);
    expect(await ask(policy, 'sts-good.example')).toBe('NOTFOUND ');
    writeFileSync(own, settings);
    policy.process.child.kill('SIGHUP');
    const again = /lookups are made otherwise now; the cache is empty/;
    await policy.process.line(again, policy.process.lines.findIndex((line) => again.test(line)) + 1);
    expect(await ask(policy, 'sts-good.example')).toBe(ENFORCED);
    await policy.process.stop();
  });
});
