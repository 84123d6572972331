/** Our authority before a judge: `delv` asks it over UDP and TCP and validates every answer and every denial by itself. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { decodeDnskey, Name, parseZoneFile } from '@mailanchor/dns';
import {
  AuthorityNetwork,
  createSigningKey,
  type DenialMethod,
  type DnsServers,
  Seed,
  ServedZone,
  serveDns,
} from '@mailanchor/lab';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from './peers.ts';

const run = promisify(execFile);
const DELV = findPeer('delv');

const RECORDS = `$TTL 3600
@ SOA ns hostmaster 1 3600 600 86400 300
@ NS ns
@ MX 10 mx
ns A 192.0.2.1
mx A 192.0.2.2
_25._tcp.mx TLSA 3 1 1 ${'ab'.repeat(32)}
*.wild MX 10 mx
a.b.c TXT "below two empty non-terminals"
unsigned NS ns
dname DNAME elsewhere
x.elsewhere A 192.0.2.5
alias CNAME mx
big TXT ${Array.from({ length: 30 }, (_, i) => `"${'x'.repeat(60)}${i}"`).join(' ')}
`;

const QUESTIONS = [
  ['mx A', 'fully validated'],
  ['_25._tcp.mx TLSA', 'fully validated'],
  ['any.wild MX', 'fully validated'],
  ['very.any.wild MX', 'fully validated'],
  ['alias A', 'fully validated'],
  ['x.dname A', 'fully validated'],
  // More than a UDP response holds: by TCP.
  ['big TXT', 'fully validated'],
  ['mx TXT', 'negative response, fully validated'],
  ['b.c TXT', 'negative response, fully validated'],
  ['any.wild A', 'negative response, fully validated'],
  ['no.such A', 'negative response, fully validated'],
  ['_26._tcp.mx TLSA', 'negative response, fully validated'],
  // The alias is what is validated here; its target's denial follows.
  ['alias TXT', 'fully validated'],
] as const;

const NSEC3 = { kind: 'nsec3', optOut: false, iterations: 0, salt: new Uint8Array(0) } as const;
const DENIALS: Readonly<Record<string, DenialMethod>> = {
  nsec: { kind: 'nsec' },
  nsec3: NSEC3,
  optout: { ...NSEC3, optOut: true },
};

let folder: string;
let servers: DnsServers;
let broken: ServedZone;
const ADDRESS = '127.53.0.9';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailanchor-lab-'));
  const network = new AuthorityNetwork();
  const key = await createSigningKey('ecdsa-p256', 'csk', new Seed(), 'delv');
  for (const [label, denial] of Object.entries({ ...DENIALS, broken: { kind: 'nsec' } as const })) {
    const origin = Name.fromText(label);
    const zone = new ServedZone(origin, parseZoneFile(RECORDS, { origin }), {
      keys: [key],
      denial,
      clock: Date.now,
    });
    if (label === 'broken') broken = zone;
    network.server(ADDRESS).zones.push(zone);
    const publicKey = Buffer.from(decodeDnskey(key.rdata).publicKey).toString('base64');
    writeFileSync(join(folder, label), `trust-anchors { ${label}. static-key 257 3 13 "${publicKey}"; };\n`);
  }
  servers = await serveDns(network);
});
afterAll(async () => {
  await servers.close();
  rmSync(folder, { recursive: true, force: true });
});

async function delv(zone: string, question: string): Promise<string> {
  const [owner, type] = question.split(' ');
  const args = [`@${ADDRESS}`, '-p', String(servers.port), '-a', join(folder, zone), `+root=${zone}`];
  const { stdout, stderr } = await run(DELV!, [...args, `${owner}.${zone}.`, type!], {
    timeout: 15_000,
  }).catch((error: { stdout: string; stderr: string }) => error);
  return `${stdout}${stderr}`;
}

describe.each(Object.keys(DENIALS))('delv over %s', (zone) => {
  test.for(QUESTIONS)('%s: %s', async ([question, verdict], { skip }) => {
    if (!DELV) skip('delv is not installed');
    // Below opt-out, an unsigned name could hide where the wildcard answers (rfc5155#section-9.2).
    const insecure = zone === 'optout' && question.endsWith('wild MX');
    expect(await delv(zone, question)).toContain(insecure ? '; unsigned answer' : `; ${verdict}`);
  });
});

test('delv refuses a wrong and a missing denial', async ({ skip }) => {
  if (!DELV) skip('delv is not installed');
  for (const kind of ['wrong', 'missing'] as const) {
    broken.denialFault = { kind };
    expect(await delv('broken', 'no.such A')).toMatch(/resolution failed/);
  }
});
