/**
 * BIND's resolver walks the lab from its root and validates beside us: it must see every destination as the lab says. Its answers
 * have three kinds: AD set, AD clear, SERVFAIL; the last stands for bogus and for a failed lookup alike.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createTransport,
  decodeMx,
  makeQuery,
  Name,
  parseRecord,
  Rcode,
  RRType,
  rdataToText,
  type Transport,
} from '@mailanchor/dns';
import { type Lab, startLab } from '@mailanchor/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findPeer } from './peers.ts';
import { statusesOf, tlsaBase } from './statuses.ts';

const NAMED = findPeer('named');
// The one address that named finds on the interface.
const ADDRESS = '127.0.0.1';

let folder: string;
let lab: Lab;
let named: ChildProcess | undefined;
let transport: Transport;

beforeAll(async () => {
  if (!NAMED) return;
  folder = mkdtempSync(join(tmpdir(), 'mailanchor-named-'));
  lab = await startLab();
  transport = createTransport();
  const [tag, algorithm, type, digest] = rdataToText(
    RRType.DS,
    parseRecord(lab.trustAnchor.trim()).rdata,
  ).split(' ');
  writeFileSync(join(folder, 'hints'), lab.rootHints);
  writeFileSync(
    join(folder, 'named.conf'),
    `options {
  directory "${folder}"; pid-file none; session-keyfile none; port ${lab.dnsPort};
  listen-on { ${ADDRESS}; }; listen-on-v6 { none; };
  recursion yes; allow-query { any; }; dnssec-validation yes; empty-zones-enable no; minimal-responses yes; max-cache-size 32m;
};
controls { };
zone "." { type hint; file "hints"; };
trust-anchors { . static-ds ${tag} ${algorithm} ${type} "${digest}"; };
`,
  );
  named = spawn(NAMED, ['-g', '-n', '1', '-c', join(folder, 'named.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    named!.once('exit', () => reject(new Error(`named ended: ${log}`)));
    named!.stderr!.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (/ running$/m.test(log)) resolve();
    });
  });
}, 30_000);

afterAll(async () => {
  if (!NAMED) return;
  if (named?.exitCode === null) {
    const exited = new Promise((resolve) => named!.once('exit', resolve));
    named.kill();
    await exited;
  }
  await transport.close();
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(name: string, type: number): Promise<{ outcome: string; hosts: string[] }> {
  const query = makeQuery(Name.fromText(name), type, { rd: true, do: true });
  const { rcode, ad, answers } = await transport.exchange(
    query,
    { address: ADDRESS, port: lab.dnsPort },
    { timeoutMs: 15_000 },
  );
  const found = answers.filter((record) => record.type === type);
  const hosts =
    type !== RRType.MX
      ? []
      : found
          .map(({ rdata }) => decodeMx(rdata))
          .filter(({ exchange }) => !exchange.isRoot)
          .sort((a, b) => a.preference - b.preference)
          .map(({ exchange }) => exchange.toString().slice(0, -1));
  if (rcode === Rcode.SERVFAIL) return { outcome: 'failure', hosts };
  const kind = found.length > 0 ? 'answer' : rcode === Rcode.NXDOMAIN ? 'nxdomain' : 'nodata';
  return { outcome: `${ad ? 'secure' : 'insecure'} ${kind}`, hosts };
}

/** named still accepts SHA-1 where its OpenSSL does; we do not (RFC 9905). */
const SHA1: ReadonlySet<string> = new Set(['sha1-zone.example', 'ds-sha1.example']);

const asNamedSays = (outcome: string | undefined): string | undefined =>
  outcome?.replace(/^(bogus|indeterminate) /, '');

test('named sees every destination as we do', { timeout: 60_000 }, async ({ skip }) => {
  if (!NAMED) skip('named is not installed');
  for (const { domain } of lab.destinations) {
    const expected = SHA1.has(domain) ? statusesOf('good-311.example') : statusesOf(domain);
    const mx = await ask(domain, RRType.MX);
    expect(mx.outcome, `${domain} MX`).toBe(asNamedSays(expected.mx));
    for (const [i, host] of mx.hosts.entries()) {
      expect((await ask(host, RRType.A)).outcome, `${host} A`).toBe(asNamedSays(expected.address?.[i]));
      const tlsa = `_${lab.mailPort}._tcp.${tlsaBase(host)}`;
      expect((await ask(tlsa, RRType.TLSA)).outcome, tlsa).toBe(asNamedSays(expected.tlsa?.[i]));
    }
  }
});
