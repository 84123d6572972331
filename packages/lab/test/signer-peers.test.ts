/** Our signer before the judges: `ldns-verify-zone` and `dnssec-verify` read the whole zone as text. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Name, parseZoneFile } from '@mailanchor/dns';
import {
  createSigningKey,
  type DenialMethod,
  Seed,
  SignedZone,
  type SigningAlgorithm,
  type SigningFault,
} from '@mailanchor/lab';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer, runPeer } from './peers.ts';

const ORIGIN = Name.fromText('lab.example.');

/** Every kind of name: wildcard, empty non-terminals, delegations with and without DS, glue, a DNAME, several RRsets at a name. */
const RECORDS = parseZoneFile(
  `$TTL 3600
@ SOA ns hostmaster 1 3600 600 86400 300
@ NS ns
@ MX 10 MX.lab.example.
@ MX 0 mx2
@ TXT "one" "two"
ns A 192.0.2.1
ns AAAA 2001:db8::1
MX A 192.0.2.2
_25._tcp.mx TLSA 3 1 1 ${'ab'.repeat(32)}
*.wild MX 10 mx
a.b.c TXT "below two empty non-terminals"
signed NS ns.signed
signed DS 1 13 2 ${'cd'.repeat(32)}
ns.signed A 192.0.2.3
unsigned NS ns.unsigned
ns.unsigned A 192.0.2.4
deep.er.unsigned2 NS ns
dname DNAME elsewhere.example.
alias CNAME mx
odd\\.label TXT "a dot in a label"
`,
  { origin: ORIGIN },
);

const NSEC3 = { kind: 'nsec3', optOut: false, iterations: 0, salt: new Uint8Array(0) } as const;
const DENIALS: readonly (readonly [string, DenialMethod])[] = [
  ['NSEC', { kind: 'nsec' }],
  ['NSEC3', NSEC3],
  ['NSEC3 with salt and iterations', { ...NSEC3, iterations: 5, salt: Uint8Array.of(0xab, 0xcd) }],
  ['NSEC3 with opt-out', { ...NSEC3, optOut: true }],
];
const ALGORITHMS: readonly SigningAlgorithm[] = ['ecdsa-p256', 'ed25519', 'rsa-2048'];
const KEYS = [['csk'], ['ksk', 'zsk']] as const;

const CASES = ALGORITHMS.flatMap((algorithm) =>
  DENIALS.flatMap(([name, denial]) =>
    KEYS.map((roles) => ({ algorithm, name, denial, roles, keys: roles.join('+') })),
  ),
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailanchor-lab-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function zoneFile(
  { algorithm, denial, roles }: Pick<(typeof CASES)[number], 'algorithm' | 'denial' | 'roles'>,
  faults: readonly SigningFault[] = [],
): Promise<string> {
  const seed = new Seed('signer');
  const keys = await Promise.all(roles.map((role) => createSigningKey(algorithm, role, seed, 'lab.example')));
  const zone = new SignedZone(ORIGIN, RECORDS, { keys, denial, clock: Date.now, faults });
  const path = join(folder, 'zone');
  writeFileSync(path, zone.toText());
  return path;
}

const JUDGES = [
  { program: 'ldns-verify-zone', args: (path: string) => [path] },
  { program: 'dnssec-verify', args: (path: string) => ['-q', '-o', 'lab.example.', path] },
  // Both kinds of key do both kinds of work where there is one.
  { program: 'dnssec-verify -z', args: (path: string) => ['-q', '-z', '-o', 'lab.example.', path] },
];

describe.each(JUDGES)('$program', ({ program, args }) => {
  const path = findPeer(program.split(' ')[0]!);
  // dnssec-verify wants separate keys to sign separately, unless told by -z to ignore the SEP flag.
  const cases = CASES.filter(
    ({ roles }) => !program.startsWith('dnssec-verify') || program.endsWith('-z') === (roles.length === 1),
  );

  const needed = (skip: (reason: string) => void): void => {
    if (path === undefined) skip(`${program} is not installed`);
  };

  test.for(cases)('accepts $algorithm $name $keys', async (kind, { skip }) => {
    needed(skip);
    const { status, output } = runPeer(path!, args(await zoneFile(kind)));
    expect(output).not.toMatch(/error|warning/i);
    expect(status, output).toBe(0);
  });

  test.for(['corrupt', 'expired', 'missing'] as const)('refuses %s signatures', async (kind, { skip }) => {
    needed(skip);
    const zone = await zoneFile(cases[0]!, [{ kind }]);
    expect(runPeer(path!, args(zone)).status).not.toBe(0);
  });
});
