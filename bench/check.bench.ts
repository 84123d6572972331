/**
 * `check` beside `posttls-finger -l dane` and `danetool --check`, in one run, in turn: STARTTLS probes with DANE a second over the mail
 * hosts of the bed, fifty, eight at a time. Every probe of every contender is a connection of its own; DNS answers are warm for all. Needs
 * root and the Debian packages of the bed; danetool is of gnutls-bin, and left out where it is not installed;
 * it knows no trust anchor but the system's, so it does without DNSSEC here.
 *
 *     npm run bench check
 *     MAILANCHOR_BENCH_ROUNDS=5 MAILANCHOR_BENCH_HOSTS=400 npm run bench check
 */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Network, raiseBed, readTable } from '../test/peers/bed.ts';
import { whyNoPeers } from '../test/peers/peers.ts';

const ROUNDS = Number(process.env['MAILANCHOR_BENCH_ROUNDS'] ?? 3);
const PARALLEL = 8;
const HOSTS = Number(process.env['MAILANCHOR_BENCH_HOSTS'] ?? 50);
/** Times that each host is probed in a round. */
const TIMES = 4;
const PROBER = fileURLToPath(new URL('check-hosts.ts', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../packages/mailanchor/bin/mailanchor.js', import.meta.url));

interface Measured {
  readonly perSecond: number;
  readonly cpuMs: number;
  readonly verified: number;
  readonly probes: number;
}

interface Contender {
  readonly name: string;
  measure(bed: Network): Measured;
}

/** Runs a command inside; user and system milliseconds are those of it and of all that it started. */
function timed(
  bed: Network,
  command: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { seconds: number; cpuMs: number; output: string } {
  const script = 'TIMEFORMAT="cpu %R %U %S"; time "$@"';
  const { stdout, stderr, error } = spawnSync(
    'ip',
    ['netns', 'exec', bed.namespace, 'bash', '-c', script, 'bash', ...command],
    { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, ...env } },
  );
  if (error) throw error;
  const figures = /^cpu ([\d.]+) ([\d.]+) ([\d.]+)$/m.exec(stderr);
  if (!figures) throw new Error(stderr);
  const [seconds = 0, user = 0, system = 0] = figures.slice(1).map(Number);
  return { seconds, cpuMs: (user + system) * 1000, output: stdout + stderr };
}

function contenders(bed: Network, hosts: readonly string[]): Contender[] {
  const list = join(bed.folder, 'bench-hosts');
  writeFileSync(list, `${hosts.join('\n')}\n`);
  const each = Array.from({ length: TIMES }, () => hosts).flat();
  const many = join(bed.folder, 'bench-hosts-many');
  writeFileSync(many, `${each.join('\n')}\n`);
  const roots = [join(bed.folder, 'root.hints'), join(bed.folder, 'root.key')] as const;
  const library = (name: string, probes: 'yes' | 'no'): Contender => ({
    name,
    measure() {
      const command = [process.execPath, PROBER, ...roots, list, String(TIMES), String(PARALLEL), probes];
      const line = timed(bed, command)
        .output.split('\n')
        .find((text) => text.startsWith('{'));
      const { probes: count, verified, seconds, cpuMs } = JSON.parse(line ?? '{}') as Record<string, number>;
      return { perSecond: count! / seconds!, cpuMs: cpuMs!, verified: verified!, probes: count! };
    },
  });
  /** One process a host, as many at a time. */
  const perHost = (name: string, command: readonly string[], verified: RegExp, env = {}): Contender => ({
    name,
    measure() {
      const run = timed(bed, ['xargs', '-a', many, '-P', String(PARALLEL), '-I', '{}', ...command], env);
      const good = run.output.match(verified)?.length ?? 0;
      const { length } = each;
      return { perSecond: length / run.seconds, cpuMs: run.cpuMs / length, verified: good, probes: length };
    },
  });
  return [
    library('mailanchor, one connection a host', 'no'),
    library('mailanchor, RSA and ECDSA asked for', 'yes'),
    {
      name: 'mailanchor check --file, start and all',
      measure() {
        const [hints, anchor] = roots;
        const targets = join(bed.folder, 'bench-targets');
        writeFileSync(targets, hosts.map((host) => `${host}:25\n`).join(''));
        const { seconds, cpuMs, output } = timed(bed, [
          ...[process.execPath, PROGRAM, 'check', '-q', '--file', targets, '--parallel', String(PARALLEL)],
          ...['--root-hints', hints, '--trust-anchor', anchor],
        ]);
        const { length } = hosts;
        const verified = output.match(/PROTECTED/g)?.length ?? 0;
        return { perSecond: length / seconds, cpuMs: cpuMs / length, verified, probes: length };
      },
    },
    perHost(
      'posttls-finger -l dane',
      ['posttls-finger', '-c', '-l', 'dane', '-L', 'summary', '[{}]'],
      /Verified TLS connection/g,
      { MAIL_CONFIG: join(bed.folder, 'pf-send/etc') },
    ),
    ...(existsSync('/usr/bin/danetool')
      ? [
          perHost(
            'danetool --check, DNSSEC unchecked',
            [
              'danetool',
              '--check',
              '{}',
              '--port',
              '25',
              '--starttls-proto',
              'smtp',
              '--local-dns',
              '--insecure',
            ],
            /Verification: Certificate matches/g,
          ),
        ]
      : []),
  ];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export default async function checkBench(): Promise<void> {
  const why = whyNoPeers();
  if (why) {
    console.log(`left out: ${why}`);
    return;
  }
  const raised = raiseBed(100, HOSTS);
  try {
    const bed = raised.network;
    const hosts = readTable(bed, 'hosts.tsv')
      .filter((row) => row[2]?.startsWith('bench'))
      .map(([name = '']) => name.slice(0, -1));
    const all = contenders(bed, hosts);
    const measured = new Map<string, Measured[]>(all.map(({ name }) => [name, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const contender of all) measured.get(contender.name)!.push(contender.measure(bed));
    }
    const peer = median(measured.get('posttls-finger -l dane')!.map(({ perSecond }) => perSecond));
    console.log(`${hosts.length} hosts, ${PARALLEL} at a time, ${ROUNDS} rounds in turn; medians`);
    console.log(`${''.padEnd(44)}  hosts/s  of posttls-finger  CPU ms a host  verified`);
    for (const [name, figures] of measured) {
      const rate = median(figures.map(({ perSecond }) => perSecond));
      const cpu = median(figures.map(({ cpuMs }) => cpuMs));
      const verified = figures.reduce((sum, figure) => sum + figure.verified, 0);
      const probes = figures.reduce((sum, figure) => sum + figure.probes, 0);
      console.log(
        `${name.padEnd(44)}  ${rate.toFixed(0).padStart(7)}  ${(rate / peer).toFixed(2).padStart(17)}  ${cpu.toFixed(2).padStart(13)}  ${verified} of ${probes}`,
      );
    }
  } finally {
    raised.lower();
  }
}
