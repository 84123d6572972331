/** `check --sending` as a process: a resolv.conf of a resolver of ours, of one that strips, of none; the lab is its Internet. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createListener, type DnsListener, decodeMessage, encodeMessage, responseTo } from '@mailanchor/dns';
import { type Lab, startLab } from '@mailanchor/lab';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LabFolder, writeLabFolder } from '../src/lab/folder.ts';
import { SENDING_FINDINGS } from '../src/sending/finding-table.ts';
import { mailanchor, temporaryFolder, unbuilt } from './program.ts';
import { type ResolverProcess, startResolver } from './resolver-process.ts';

const scratch = temporaryFolder();
const binaries = join(scratch.path, 'bin');
let lab: Lab;
let folder: LabFolder;
let resolver: ResolverProcess;
let deaf: DnsListener;

/** A Postfix that is set up for DANE, its client in a chroot without a resolv.conf, or not. */
const POSTCONF = `#!/bin/sh
if [ -n "$FATAL" ]; then echo "postconf: fatal: $FATAL" >&2; exit 1; fi
if [ "$1" = -M ]; then echo "smtp unix - - $CHROOT - - smtp"; exit; fi
echo "compatibility_level = 3.6"
echo "queue_directory = ${scratch.path}"
echo "smtp_tls_security_level = dane"
echo "smtp_dns_support_level = dnssec"
`;

beforeAll(async () => {
  mkdirSync(binaries);
  writeFileSync(join(binaries, 'postconf'), POSTCONF);
  chmodSync(join(binaries, 'postconf'), 0o755);
  lab = await startLab();
  folder = await writeLabFolder(lab, undefined);
  const roots = ['--root-hints', folder.rootHints, '--trust-anchor', folder.trustAnchor];
  resolver = await startResolver([...roots, '--dns-port', String(lab.dnsPort)]);
  deaf = await createListener({
    protocols: ['udp', 'tcp'],
    onQuery: (octets, _, reply) => reply(encodeMessage(responseTo(decodeMessage(octets), { rcode: 5 }))),
  });
});
afterAll(async () => {
  await resolver?.stop();
  await deaf?.close();
  await folder?.remove();
  await lab?.close();
  scratch.done();
});

const hoursFromNow = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();

async function sending(port: number, args: readonly string[] = [], env: Record<string, string> = {}) {
  const resolvConf = join(scratch.path, 'resolv.conf');
  writeFileSync(resolvConf, 'nameserver 127.0.0.1\noptions trust-ad\n');
  const options = ['--config', folder.config, '--resolv-conf', resolvConf, '--json'];
  const run = await mailanchor(['check', '--sending', ...options, ...args], {
    env: {
      MAILANCHOR_RESOLV_CONF_PORT: String(port),
      PATH: `${binaries}:${process.env['PATH']}`,
      CHROOT: 'n',
      ...env,
    },
  });
  const { sending: result } = JSON.parse(run.stdout) as {
    sending: {
      findings: { code: keyof typeof SENDING_FINDINGS; severity: string; text: string }[];
      seen: string[];
      resolvers: { state: string; ad: boolean; signed: boolean; acceptsBogus?: boolean }[];
      connections: { outcome: string }[];
    };
  };
  for (const { code, severity } of result.findings) {
    expect(SENDING_FINDINGS[code].severities).toContain(severity);
  }
  const codes = result.findings.map(({ code, severity }) => `${code} ${severity}`);
  return { status: run.status, stderr: run.stderr, codes, ...result };
}

describe.skipIf(unbuilt)('check --sending', () => {
  test('nothing in the way', async () => {
    const bogus = lab.destinations.find(({ expected }) => expected.findings.includes('domain-bogus'))!;
    const run = await sending(resolver.place.port, ['--bogus-name', bogus.domain, 'good-311.example']);
    expect(run).toMatchObject({
      status: 0,
      stderr: '',
      codes: [],
      resolvers: [{ state: 'answers', ad: true, signed: true, acceptsBogus: false }],
      connections: [{ outcome: 'connected' }],
    });
  });

  test('a name that is not bogus says nothing of a resolver', async () => {
    const run = await sending(resolver.place.port, ['--bogus-name', 'mx.good-311.example']);
    expect(run).toMatchObject({ status: 0, codes: ['check-incomplete info'] });
  });

  test('the name server of the root: signatures, and nobody who validates', async () => {
    const rootServer = /\sA\s+(127\.\S+)/.exec(lab.rootHints)![1]!;
    const resolvConf = join(scratch.path, 'root-server.conf');
    writeFileSync(resolvConf, `nameserver ${rootServer}\noptions trust-ad\n`);
    const run = await sending(lab.dnsPort, ['--resolv-conf', resolvConf]);
    expect(run).toMatchObject({ status: 1, codes: ['resolver-not-validating error'] });
  });

  test('a resolver that refuses, and one that is not there', async () => {
    expect(await sending(deaf.port)).toMatchObject({ status: 1, codes: ['resolver-no-answer error'] });
    const { port } = deaf;
    await deaf.close();
    expect(await sending(port)).toMatchObject({
      status: 1,
      codes: ['resolver-no-answer error'],
      resolvers: [{ state: 'silent' }],
    });
  });

  test('a clock that is years off', async () => {
    const { status, codes, findings } = await sending(resolver.place.port, ['--at', '2019-01-01T00:00:00Z']);
    expect(status).toBe(1);
    expect(codes).toContain('clock-wrong error');
    expect(findings.find(({ code }) => code === 'clock-wrong')?.text).toContain('2019-01-01T00:00Z');
  });

  test('a clock that is hours off shows beside those of name servers', async () => {
    const right = await sending(resolver.place.port, ['good-311.example']);
    expect(right.seen).toContainEqual(
      expect.stringMatching(/^the clock \(beside those of \d+ name servers\)$/),
    );
    // The lab's signatures hold for days: nothing proves a clock wrong that is hours ahead.
    const ahead = await sending(resolver.place.port, ['--at', hoursFromNow(3), 'good-311.example']);
    expect(ahead).toMatchObject({ status: 0, codes: ['clock-wrong warning'] });
    expect(ahead.findings[0]!.text).toMatch(/name servers say .*: it is 3 h ahead\.$/);
    // They begin an hour before they are made: that proves it of a clock that is three behind.
    const behind = await sending(resolver.place.port, ['--at', hoursFromNow(-3), 'good-311.example']);
    expect(behind.status).toBe(1);
    expect(behind.findings.find(({ code }) => code === 'clock-wrong')).toMatchObject({
      severity: 'error',
      text: expect.stringMatching(/not valid yet: .* at least 2 h behind\.$/),
    });
  });

  test('a postconf that fails is told, and the rest is looked at all the same', async () => {
    const env = { FATAL: 'bad configuration' };
    const run = await sending(resolver.place.port, ['good-311.example'], env);
    expect(run).toMatchObject({
      status: 5,
      stderr: '',
      codes: ['postfix-unreadable warning'],
      resolvers: [{ state: 'answers', ad: true }],
      connections: [{ outcome: 'connected' }],
    });
    expect(run.findings[0]!.text).toBe('postconf fails: postconf: fatal: bad configuration');
    expect(await sending(deaf.port, [], env)).toMatchObject({ status: 1 });
  });

  test('mail hosts at which nobody listens', async () => {
    const run = await sending(resolver.place.port, ['--port', '9', 'good-311.example', 'rsa.example']);
    expect(run).toMatchObject({ status: 1, codes: ['port-25-blocked error'] });
  });

  test('a client in a chroot', async () => {
    const run = await sending(resolver.place.port, [], { CHROOT: 'y' });
    expect(run).toMatchObject({ status: 0, codes: ['postfix-chroot warning'] });
  });
});
