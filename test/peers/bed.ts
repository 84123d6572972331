/**
 * The bed: a signed DNS served by NSD, Unbound beside us, STARTTLS sinks, a receiving and a sending Postfix, all in one network
 * namespace. Raised by the scripts that come with it; read here.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { namespaceName, type Run, removeForsaken, removeNamespace, runIn } from './namespace.ts';
import { BED_SCRIPTS } from './peers.ts';

const PROGRAM = fileURLToPath(new URL('../../packages/mailanchor/bin/mailanchor.js', import.meta.url));
const AGREE = fileURLToPath(new URL('./agree.ts', import.meta.url));

/** Where a bed, or another network of signed zones, can be asked. Plain data: it crosses from the global setup to the tests. */
export interface Network {
  /** Holds root.hints and root.key, and the bed's tables. */
  readonly folder: string;
  readonly namespace: string;
  /** Address of Unbound there. */
  readonly unbound: string;
}

/** What `lower` takes down again: processes, namespace, files. It may be called twice. */
export interface RaisedNetwork {
  readonly network: Network;
  lower(): void;
}

/** Raises a bed; takes some ten seconds. Throws, and leaves nothing behind, when a part of it does not start. */
export function raiseBed(domains: number, hosts: number): RaisedNetwork {
  removeForsaken();
  // Postfix gives up its rights and must still be able to enter: mkdtemp makes folders for the owner alone.
  const parent = mkdtempSync(join(tmpdir(), 'mailanchor-bed-'));
  chmodSync(parent, 0o755);
  const folder = join(parent, 'bed');
  const namespace = namespaceName('bed');
  let up = true;
  const lower = (): void => {
    if (!up) return;
    up = false;
    process.removeListener('exit', lower);
    spawnSync('bash', [join(BED_SCRIPTS, 'bed-down.sh'), folder, '--purge'], {
      stdio: 'ignore',
      timeout: 60_000,
    });
    removeNamespace(namespace);
    rmSync(parent, { recursive: true, force: true });
  };
  process.on('exit', lower);
  const { status, stdout, stderr } = spawnSync(
    'bash',
    [
      join(BED_SCRIPTS, 'bed-up.sh'),
      folder,
      ...['--domains', String(domains), '--hosts', String(hosts), '--ns', namespace],
    ],
    {
      encoding: 'utf8',
      timeout: 120_000,
      env: {
        ...process.env,
        PATH: [dirname(process.execPath), process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter),
      },
    },
  );
  if (status !== 0) {
    lower();
    throw new Error(`the bed did not come up (status ${status}):\n${stdout}${stderr}`);
  }
  return { network: { folder, namespace, unbound: '127.0.53.10' }, lower };
}

/** Rows of one of the bed's tables, the line of headings left out. */
export function readTable(bed: Network, file: string): readonly (readonly string[])[] {
  return readFileSync(join(bed.folder, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'));
}

/** Runs the program inside, on the network's root hints and trust anchor. */
export function mailanchor(
  { folder, namespace }: Network,
  args: readonly string[],
  input?: string,
): Promise<Run> {
  const roots = ['--root-hints', join(folder, 'root.hints'), '--trust-anchor', join(folder, 'root.key')];
  return runIn(
    namespace,
    [process.execPath, PROGRAM, ...args, ...roots],
    input === undefined ? {} : { input },
  );
}

/** What posttls-finger, Postfix's own client with DANE, makes of a destination. */
export type FingerVerdict =
  | 'verified'
  /** TLS, and nobody authenticated: no match, no usable records, or no records. */
  | 'unverified'
  | 'no-tls'
  | 'tlsa-lookup-fails'
  | 'null-mx'
  | 'unreachable'
  | 'unknown';

/** Reads the output of `posttls-finger -c -l dane`. Without STARTTLS it says nothing at all. */
export function fingerVerdict(output: string): FingerVerdict {
  if (/\bVerified TLS connection established/.test(output)) return 'verified';
  if (/\b(Untrusted|Trusted|Anonymous) TLS connection established/.test(output)) return 'unverified';
  if (/TLSA lookup error/.test(output)) return 'tlsa-lookup-fails';
  if (/does not accept mail \(nullMX\)/.test(output)) return 'null-mx';
  if (/Connection refused|timed out/.test(output)) return 'unreachable';
  return output.trim() === '' ? 'no-tls' : 'unknown';
}

/** Asks posttls-finger; `[host]` for a host by itself. */
export async function askFinger(bed: Network, destination: string): Promise<FingerVerdict> {
  const command = ['posttls-finger', '-t', '10', '-T', '10', '-c', '-l', 'dane', destination];
  const { stdout, stderr } = await runIn(bed.namespace, command, {
    env: { MAIL_CONFIG: join(bed.folder, 'pf-send/etc') },
    timeoutMs: 30_000,
  });
  return fingerVerdict(`${stdout}${stderr}`);
}

/** One answer of one resolver, in terms that can be compared. */
export interface ComparedAnswer {
  readonly status: 'secure' | 'insecure' | 'bogus' | 'indeterminate';
  /** `NOERROR`, `NXDOMAIN`; `SERVFAIL` for what failed. */
  readonly rcode: string;
  /** Aliases and records in presentation format, lower case, without TTL, sorted. */
  readonly records: readonly string[];
  readonly reason?: string;
}

export interface Comparison {
  readonly name: string;
  readonly type: string;
  readonly ours: ComparedAnswer;
  readonly unbound: ComparedAnswer;
}

/** Asks our resolver and Unbound the same questions, `[name, type]`, in one process inside the namespace. */
export async function compareWithUnbound(
  { folder, namespace, unbound }: Network,
  questions: readonly (readonly [name: string, type: string])[],
): Promise<readonly Comparison[]> {
  const input = questions.map(([name, type]) => `${name} ${type}\n`).join('');
  const run = await runIn(namespace, [process.execPath, AGREE, folder, unbound], {
    input,
    timeoutMs: 110_000,
  });
  if (run.status !== 0) throw new Error(`agree.ts ended with ${run.status}: ${run.stderr}`);
  return run.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Comparison);
}

/** Whether both say the same. A failure has no records to compare. */
export function agrees({ ours, unbound }: Comparison): boolean {
  if (ours.status !== unbound.status) return false;
  if (ours.status === 'bogus' || ours.status === 'indeterminate') return true;
  return ours.rcode === unbound.rcode && ours.records.join('\n') === unbound.records.join('\n');
}

/** What to show of a comparison that failed. */
export function describeComparison({ name, type, ours, unbound }: Comparison): string {
  const say = ({ status, rcode, records, reason = '' }: ComparedAnswer): string =>
    `${status} ${rcode} ${JSON.stringify(records)} ${reason}`;
  return `${name} ${type}\n  ours    ${say(ours)}\n  unbound ${say(unbound)}`;
}
