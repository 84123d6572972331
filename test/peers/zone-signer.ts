/** Zones signed by others' tools: `dnssec-signzone` of BIND and `ldns-signzone` of ldns. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Denial = 'nsec' | 'nsec3' | 'opt-out';

export interface Signing {
  readonly tool: 'bind' | 'ldns';
  /** Mnemonic as both tools know it: ECDSAP256SHA256, RSASHA256, ED25519. */
  readonly algorithm: string;
  readonly denial: Denial;
  /** Hexadecimal, `-` for none. */
  readonly salt?: string;
  readonly iterations?: number;
  /** Signatures that ended a day ago. */
  readonly expired?: boolean;
}

export interface SignedZone {
  /** `.` or without a dot at its end. */
  readonly name: string;
  readonly file: string;
  /** DS records of the key-signing key, for the parent. */
  readonly ds: string;
  /** The DNSKEY record of the key-signing key, a trust anchor. */
  readonly dnskey: string;
}

function run(folder: string, program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (error !== undefined || status !== 0)
    throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

/** RSA keys have a size; the others know theirs. */
function sizeOf(algorithm: string): readonly string[] {
  return algorithm.startsWith('RSA') ? ['-b', '2048'] : [];
}

/** `20261124031500`, in UTC. */
function timeAt(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/[-:T]|\..*/g, '');
}

const DAY = 86_400_000;

function timesOf({ expired }: Signing, start: string, end: string): readonly string[] {
  const now = Date.now();
  return expired ? [start, timeAt(now - 10 * DAY), end, timeAt(now - DAY)] : [];
}

function signWithBind(folder: string, name: string, file: string, signing: Signing): SignedZone {
  const { algorithm, denial, salt = '-', iterations = 0 } = signing;
  const key = (...flags: readonly string[]): string =>
    run(folder, 'dnssec-keygen', '-q', '-a', algorithm, ...sizeOf(algorithm), ...flags, name).trim();
  const ksk = key('-f', 'KSK');
  const zsk = key();
  const keys = [ksk, zsk].map((base) => readFileSync(join(folder, `${base}.key`), 'utf8'));
  writeFileSync(join(folder, file), `${readFileSync(join(folder, file), 'utf8')}\n${keys.join('\n')}`);
  const nsec3 = denial === 'nsec' ? [] : ['-3', salt, '-H', String(iterations)];
  const optOut = denial === 'opt-out' ? ['-A'] : [];
  const out = `${file}.signed`;
  const flags = [...nsec3, ...optOut, ...timesOf(signing, '-s', '-e')];
  run(folder, 'dnssec-signzone', '-P', '-o', name, '-f', out, ...flags, '-k', ksk, file, zsk);
  return {
    name,
    file: join(folder, out),
    ds: run(folder, 'dnssec-dsfromkey', '-2', `${ksk}.key`),
    dnskey: keys[0]!,
  };
}

function signWithLdns(folder: string, name: string, file: string, signing: Signing): SignedZone {
  const { algorithm, denial, salt = '-', iterations = 0 } = signing;
  const key = (...flags: readonly string[]): string =>
    run(folder, 'ldns-keygen', '-a', algorithm, ...sizeOf(algorithm), ...flags, name).trim();
  const ksk = key('-k');
  const zsk = key();
  const nsec3 =
    denial === 'nsec' ? [] : ['-n', '-t', String(iterations), ...(salt === '-' ? [] : ['-s', salt])];
  const optOut = denial === 'opt-out' ? ['-p'] : [];
  const out = `${file}.signed`;
  const flags = [...nsec3, ...optOut, ...timesOf(signing, '-i', '-e')];
  run(folder, 'ldns-signzone', '-o', name, '-f', out, ...flags, file, ksk, zsk);
  return {
    name,
    file: join(folder, out),
    ds: run(folder, 'ldns-key2ds', '-n', '-2', `${ksk}.key`),
    dnskey: readFileSync(join(folder, `${ksk}.key`), 'utf8'),
  };
}

/** Signs the master file `text` of the zone; keys and files go to `folder`. */
export function signZone(folder: string, name: string, text: string, signing: Signing): SignedZone {
  const file = `${name === '.' ? 'root' : name}.zone`;
  writeFileSync(join(folder, file), text);
  return (signing.tool === 'bind' ? signWithBind : signWithLdns)(folder, name, file, signing);
}
