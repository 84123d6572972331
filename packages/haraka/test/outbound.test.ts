/** Haraka from npm with the plug-in, against hosts of the lab: mail arrives, waits in Haraka's queue, or goes back. */

import { readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Lab, type MailHost, startLab, toPem } from '@mailanchor/lab';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Collector, startCollector } from './collector.ts';
import { type RunningHaraka, startHaraka, unbuilt } from './haraka.ts';

const DELIVERED: readonly (readonly [domain: string, host: string, how: string])[] = [
  ['good-311.example', 'mx.good-311.example', 'dane, secure'],
  ['backup-down.example', 'mx1.backup-down.example', 'dane, secure'],
  ['primary-broken.example', 'mx2.primary-broken.example', 'dane, secure'],
  ['unsigned.example', 'mx.signed-host.example', 'dane'],
  ['no-tlsa.example', 'mx.no-tlsa.example', 'encrypted'],
];

const DEFERRED: readonly (readonly [domain: string, status: string, reason: string])[] = [
  ['renewed-key.example', '4.7.5', 'mismatch'],
  ['wrong-name.example', '4.7.5', 'mismatch'],
  ['no-starttls.example', '4.7.10', 'starttls'],
  ['starttls-refused.example', '4.7.10', 'starttls'],
  ['injected-data.example', '4.7.10', 'starttls'],
  ['expired.example', '4.7.5', 'bogus'],
  ['expired-tlsa.example', '4.7.5', 'bogus'],
  ['tlsa-servfail.example', '4.4.3', 'lookup-failed'],
  ['unreachable.example', '4.4.1', 'unreachable'],
];

const RETURNED = [
  ['null-mx.example', '556 5.1.10 null-mx'],
  ['no-such-domain.example', '550 5.1.2 no-such-domain'],
] as const;

/** Whose mail goes back, and gets there. */
const SENDER = 'me@good-211.example';

/** A plug-in that sends mail for the domain that offers no STARTTLS straight there, and one that undoes every refusal. */
const MEDDLERS = (lab: Lab): Record<string, string> => {
  const [host] = lab.mailHost('mx.no-starttls.example');
  return {
    test_route: `exports.hook_get_mx = function (next, hmail, domain) {
      next(OK, { exchange: '${host!.address}', port: ${lab.mailPort} });
    };`,
    test_undo: 'exports.hook_deny = function (next) { next(OK); };',
  };
};

/** A busy machine is no fault: milliseconds that something may take to come about. */
const PATIENT = { timeout: 15_000 } as const;

let lab: Lab;
let haraka: RunningHaraka;
let collector: Collector;

describe.skipIf(unbuilt)('outgoing mail of Haraka', { timeout: 40_000 }, () => {
  beforeAll(async () => {
    const domains = [...DELIVERED, ...DEFERRED, ...RETURNED].map(([domain]) => domain);
    lab = await startLab({
      only: [...domains, 'good-211.example', 'shared-key.example', 'rollover.example'],
    });
    const [tls] = lab.mailHost('mx.good-211.example');
    const key = String(tls!.chain[0]!.key.privateKey.export({ format: 'pem', type: 'pkcs8' }));
    collector = await startCollector();
    haraka = await startHaraka({
      lab,
      settings: `sts=false\noffer_requiretls=true\nreport_file=FOLDER/events\nreport_socket=${collector.socket}`,
      plugins: MEDDLERS(lab),
      files: {
        'tls_key.pem': key,
        'tls_cert.pem': toPem(tls!.chain),
        'tls.ini': '[outbound]\nforce_tls_hosts[]=rollover.example\n',
      },
    });
  }, 60_000);
  afterAll(async () => {
    await haraka?.stop();
    await collector?.stop();
    await lab?.close();
  });

  const host = (name: string): MailHost => lab.mailHost(name)[0]!;

  async function send(to: string, more: SendMailOptions = {}, tls = false): Promise<void> {
    const mailer = createTransport({
      host: '127.0.0.1',
      port: haraka.port,
      ignoreTLS: !tls,
      tls: { rejectUnauthorized: false },
    });
    await mailer.sendMail({ from: SENDER, to, subject: `to ${to}`, text: 'Hello.\n', ...more });
    mailer.close();
  }

  describe.concurrent('mail goes out', () => {
    test.each(DELIVERED)('%s by %s: %s', async (domain, name, how) => {
      await send(`you@${domain}`);
      await haraka.logged(
        new RegExp(`\\[mailanchor\\] ${domain}: session with ${name} \\[[0-9.]+\\], ${how}$`),
      );
      await haraka.logged(new RegExp(`delivered .* domain=${domain} `));
      expect(host(name).received).toMatchObject([{ from: SENDER, to: [`you@${domain}`], tls: true }]);
    });
  });

  describe.concurrent('mail waits in the queue, with a reason for the postmaster', () => {
    test.each(DEFERRED)('%s: %s %s', async (domain, status, reason) => {
      await send(`you@${domain}`);
      const pattern = `Temp failing .*: Upstream error: 451 ${status} ${reason}: .*${domain.replace('.', '\\.')}`;
      await haraka.logged(new RegExp(pattern));
      const names = lab.destinations.find((one) => one.domain === domain)!.expected.hosts;
      for (const { host: name } of names) {
        for (const { received } of lab.mailHost(name)) expect(received).toEqual([]);
      }
      expect((await haraka.queue()).length).toBeGreaterThan(0);
    });
  });

  describe.concurrent('mail goes back', () => {
    test.each(RETURNED)('%s: %s', async (domain, why) => {
      const from = `${domain.split('.')[0]}@good-211.example`;
      const home = host('mx.good-211.example');
      home.keepsContent = true;
      await send(`you@${domain}`, { from });
      await haraka.logged(new RegExp(`bouncing mail: ${why}`));
      await haraka.logged(/delivered .* domain=good-211\.example /);
      await vi.waitFor(() => {
        const bounce = home.received.find(({ to }) => to.includes(from));
        expect(bounce?.content).toContain(why);
      }, PATIENT);
    });
  });

  test('what is mended is delivered at the next try', async () => {
    const mended = host('mx1.shared-key.example');
    for (const name of ['mx1.shared-key.example', 'mx2.shared-key.example']) host(name).fault = 'no-starttls';
    await send('you@shared-key.example');
    await haraka.logged(/Temp failing .* 451 4\.7\.10 starttls: mx1\.shared-key\.example/);
    mended.fault = undefined;
    await haraka.logged(/delivered .* domain=shared-key\.example /);
    expect(mended.received).toHaveLength(1);
  });

  test('a message that requires TLS all the way says so to the next host, or goes back', async () => {
    const before = host('mx.good-311.example').received.length;
    const envelope = { from: SENDER, to: 'tls@good-311.example' };
    await send('tls@good-311.example', { envelope, requireTLSExtensionEnabled: true }, true);
    await expect.poll(() => host('mx.good-311.example').received.length, PATIENT).toBe(before + 1);
    expect(host('mx.good-311.example').received.at(-1)!.parameters).toMatchObject({ REQUIRETLS: true });
    await send('tls@unsigned.example', { requireTLSExtensionEnabled: true }, true);
    await haraka.logged(/bouncing mail: 550 5\.7\.30 requiretls: /);
  });

  test('TLS-Required: No goes whatever the certificate', async () => {
    await send('no@renewed-key.example', { headers: { 'TLS-Required': 'No' } });
    await haraka.logged(/\[mailanchor\] renewed-key\.example: session with .*, encrypted$/);
    await expect.poll(() => host('mx.renewed-key.example').received.length, PATIENT).toBe(1);
  });

  test('what tls.ini forces holds: encrypted is not enough', async () => {
    // Signed and with TLSA records: verified. Without them there is nothing to verify by.
    await send('you@rollover.example');
    await haraka.logged(/\[mailanchor\] rollover\.example: session with .*, dane, secure$/);
    await send('no@rollover.example', { headers: { 'TLS-Required': 'No' } });
    host('mx.rollover.example').fault = 'no-starttls';
    await send('again@rollover.example', { headers: { 'TLS-Required': 'No' } });
    await haraka.logged(/Temp failing .* 451 4\.7\.5 pkix-failed: .*cleartext only, and force_tls_hosts/);
  });

  test('a folder that somebody has cleaned away: deferred, then on as before', async () => {
    const [folder] = readdirSync(haraka.folder).filter((name) => name.startsWith('mailanchor-haraka-'));
    await rm(join(haraka.folder, folder!), { recursive: true });
    await send('away@good-311.example');
    await haraka.logged(/\[mailanchor\] good-311\.example: no session can be handed to Haraka/);
    await haraka.logged(/Temp failing .*: Tried all MXs/);
    await send('back@good-311.example');
    const there = (): boolean =>
      host('mx.good-311.example').received.some(({ to }) => to.includes('back@good-311.example'));
    await expect.poll(there, PATIENT).toBe(true);
  });

  test('nothing reached the host that another plug-in would have sent mail to', () => {
    expect(host('mx.no-starttls.example').received).toEqual([]);
  });

  test('what TLS reports count is in the file, and with the collector', async () => {
    const lines = (await readFile(join(haraka.folder, 'events'), 'utf8')).trim().split('\n');
    const told = lines.map(
      (line) => JSON.parse(line) as { domain: string; failure: { resultType: string } | null },
    );
    const of = (domain: string): unknown =>
      told.find((event) => event.domain === domain)?.failure?.resultType ?? null;
    expect(of('good-311.example')).toBe(null);
    expect(of('no-starttls.example')).toBe('starttls-not-supported');
    expect(of('expired.example')).toBe('dnssec-invalid');
    // Haraka goes on trying meanwhile: the collector has no fewer.
    await vi.waitFor(() => {
      const counted = new Map(collector.counted().map((sum) => [sum.domain, sum]));
      for (const domain of ['good-311.example', 'no-starttls.example', 'expired.example']) {
        const events = told.filter((event) => event.domain === domain);
        const failures = events.filter(({ failure }) => failure !== null).length;
        expect(counted.get(domain)?.failures).toBeGreaterThanOrEqual(failures);
        expect(counted.get(domain)?.successes).toBeGreaterThanOrEqual(events.length - failures);
      }
    }, PATIENT);
  });

  test('a setting that cannot be: Haraka does not start', async () => {
    const start = startHaraka({ lab, settings: 'mode=sometimes' });
    await expect(start).rejects.toThrow(
      /mailanchor\.ini: mode must be one of opportunistic, dane-only, audit/,
    );
  });
});
