/** Services by the program against the lab: every protocol, by SRV records and by host; and the example of `daneConnect`. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createLabNetwork, type Lab, startLab } from '@mailanchor/lab';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LabFolder, writeLabFolder } from '../src/lab/folder.ts';
import { checkSchema } from './fixtures/check-schema.ts';
import { environment, mailanchor, unbuilt } from './program.ts';

const { services } = await createLabNetwork({ only: [], services: true });
const EXAMPLE = fileURLToPath(new URL('../../../examples/dane-connect.ts', import.meta.url));
let lab: Lab;
let folder: LabFolder;

beforeAll(async () => {
  lab = await startLab({ only: [], services: true });
  folder = await writeLabFolder(lab, undefined);
});
afterAll(async () => {
  await folder?.remove();
  await lab?.close();
});

const check = async (...args: string[]) => {
  const run = await mailanchor(['check', '--config', folder.config, '--json', ...args]);
  const documents = run.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => checkSchema.parse(JSON.parse(line)));
  return { ...run, documents };
};

describe.skipIf(unbuilt)('check of services', () => {
  test('every service of the lab, by its SRV records', async () => {
    const { stderr, documents } = await check(...services.map(({ target }) => target));
    expect(stderr).toBe('');
    expect(
      documents.map(({ target, kind, verdict, hosts }) => ({
        target,
        kind,
        verdict,
        hosts: hosts.map(({ host, verdict: hostVerdict }) => ({ host, verdict: hostVerdict })),
      })),
    ).toEqual(
      services.map(({ target, kind, expected: { verdict, hosts } }) => ({ target, kind, verdict, hosts })),
    );
    for (const [i, { target, expected }] of services.entries()) {
      const codes = documents[i]!.findings.map(({ code }) => code);
      expect(codes, target).toEqual(expect.arrayContaining([...expected.findings]));
      for (const { effect = '' } of documents[i]!.findings)
        expect(effect).not.toMatch(/\bmail\b|\bsenders?\b/i);
    }
  });

  test.each([
    ['https', 'server.imaps-service.example', 'protected', 0],
    ['imaps', 'server.imaps-service.example', 'protected', 0],
    ['imap', 'server.imap-service.example', 'protected', 0],
    ['pop3', 'server.pop3-service.example', 'protected', 0],
    ['pop3s', 'server.pop3s-service.example', 'protected', 0],
    ['submission', 'server.submission-service.example', 'protected', 0],
    ['smtps', 'server.submissions-service.example', 'protected', 0],
    ['sieve', 'server.sieve-service.example', 'protected', 0],
    ['xmpp-client', 'server.xmpp-client-service.example', 'protected', 0],
    ['xmpp-server', 'server.xmpp-server-service.example', 'protected', 0],
    ['ldaps', 'server.ldaps-service.example', 'protected', 0],
    ['imap', 'server.imap-injected-service.example', 'broken', 1],
    // Another protocol than the server's: no verdict on its certificate.
    ['imap', 'server.pop3-service.example', 'unknown', 5],
  ])('%s:%s at a port: %s', async (scheme, host, verdict, exit) => {
    const { status, documents } = await check('--timeout', '5', `${scheme}:${host}:${lab.mailPort}`);
    expect(documents[0]).toMatchObject({ kind: 'host', verdict });
    expect(status).toBe(exit);
  });

  test('XMPP of a domain by its SRV records, the stream opened to the domain', async () => {
    const { status, documents } = await check('xmpp-client:xmpp-client-service.example');
    expect(documents[0]).toMatchObject({ kind: 'srv-service', verdict: 'protected' });
    expect(documents[0]?.hosts[0]?.sessions[0]?.greeting).toBeDefined();
    expect(status).toBe(0);
  });

  test('for a person', async () => {
    const { stdout } = await mailanchor([
      'check',
      '--config',
      folder.config,
      '_imaps._tcp.renewed-key-service.example',
    ]);
    expect(stdout).toMatch(
      /^✘ BROKEN _imaps\._tcp\.renewed-key-service\.example {2}clients that verify DANE do not go on/,
    );
    expect(stdout).toMatch(/SRV {2}secure {2}10 0 \d+ server\.renewed-key-service\.example/);
  });
});

describe.skipIf(unbuilt)('examples/dane-connect.ts', () => {
  const example = (...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> =>
    new Promise((resolve, reject) => {
      const env = environment({
        LAB_HINTS: folder.rootHints,
        LAB_ANCHOR: folder.trustAnchor,
        LAB_DNS_PORT: String(lab.dnsPort),
      });
      const child = spawn(process.execPath, [EXAMPLE, ...args], { env });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (data) => (stdout += data));
      child.stderr.on('data', (data) => (stderr += data));
      child.on('error', reject);
      child.on('close', (status) => resolve({ status, stdout, stderr }));
    });

  test.each([
    ['@imaps-service.example', 'imaps'],
    ['@imap-service.example', 'imap'],
    ['@xmpp-client-service.example', 'xmpp-client'],
  ])('%s %s: verified, and the server is heard', async (...args) => {
    const { status, stdout, stderr } = await example(...args);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^verified: server\.\S+ \[127\.53\.\d+\.\d+\] by \{"kind":"match","usage":3/);
    expect(stdout).toMatch(/^says: ".* ready, under TLS"$/m);
    expect(status).toBe(0);
  });

  test.each([
    ['@renewed-key-service.example', 'imaps', /^refused: mismatch: /],
    ['@imap-injected-service.example', 'imap', /^refused: starttls: the server sent data between/],
    ['@unsigned-service.example', 'imaps', /^refused: no-dane: /],
    ['@expired-service.example', 'imaps', /^refused: bogus: .*expired/],
    ['@not-offered-service.example', 'imaps', /^refused: not-offered: /],
  ])('%s %s: no socket', async (where, service, message) => {
    const { status, stdout } = await example(where, service);
    expect(stdout).toMatch(message);
    expect(status).toBe(1);
  });

  test('a host and port', async () => {
    const { stdout } = await example('server.imaps-service.example', 'imaps', String(lab.mailPort));
    expect(stdout).toMatch(/^verified: /);
  });
});
