/**
 * Our resolver beside Unbound, in one run, interleaved: cold and warm validated answers, memory, and one lookup from nothing beside
 * `delv`. Zones and servers are the bed's (real NSD). First the resolver under test has one core, NSD and dnsperf the other; then all share
 * both, and ours verifies signatures on the second. Needs root and the Debian packages of the bed.
 *
 *     npm run bench resolver                                                            5,000 domains
 *     MAILANCHOR_BENCH_DOMAINS=20000 MAILANCHOR_BENCH_ROUNDS=5 npm run bench resolver   as in the documentation
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Network, raiseBed, readTable } from '../test/peers/bed.ts';
import { BED_SCRIPTS, whyNoPeers } from '../test/peers/peers.ts';

const DOMAINS = Number(process.env['MAILANCHOR_BENCH_DOMAINS'] ?? 5000);
const ROUNDS = Number(process.env['MAILANCHOR_BENCH_ROUNDS'] ?? 3);
/** Passes over the list for one warm figure. */
const WARM_PASSES = 5;
/** Single lookups from nothing, a program. */
const STARTS = 15;
const PROGRAM = fileURLToPath(new URL('../packages/mailanchor/bin/mailanchor.js', import.meta.url));
const CLOCK_TICKS = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout || 100);

interface Contender {
  readonly name: string;
  readonly address: string;
  readonly command: (bed: Network, address: string) => readonly string[];
}

const CONTENDERS: readonly Contender[] = [
  {
    name: 'mailanchor',
    address: '127.0.53.30',
    command: (bed, address) => [
      process.execPath,
      PROGRAM,
      'resolver',
      ...['--listen', `${address}:53`],
      ...['--root-hints', join(bed.folder, 'root.hints')],
      ...['--trust-anchor', join(bed.folder, 'root.key')],
      '-q',
    ],
  },
  {
    name: 'unbound',
    address: '127.0.53.20',
    command: (bed, address) => {
      // The bed's own configuration of Unbound: one thread, large caches, QNAME minimisation.
      const script = '. "$0/bed-lib.sh"; bed_load "$1"; unbound_conf "$2" 1';
      const made = spawnSync('bash', ['-c', script, BED_SCRIPTS, bed.folder, address], { encoding: 'utf8' });
      if (made.status !== 0) throw new Error(made.stderr);
      return ['unbound', '-d', '-c', join(bed.folder, 'etc', `unbound-${address}.conf`)];
    },
  },
];

interface Figures {
  coldPerSecond: number[];
  coldCpu: number[];
  warmPerSecond: number[];
  residentMiB: number[];
  /** MiB by which the resident memory grew while all was asked for. */
  grownMiB: number[];
  lost: number;
}

const noFigures = (): Figures => ({
  coldPerSecond: [],
  coldCpu: [],
  warmPerSecond: [],
  residentMiB: [],
  grownMiB: [],
  lost: 0,
});

/** The cores: the resolver's, and everybody else's. */
const RESOLVER_CORE = '0';
const OTHER_CORE = '1';
const BOTH_CORES = '0,1';

function inside(bed: Network, core: string, command: readonly string[]): ChildProcess {
  return spawn('ip', ['netns', 'exec', bed.namespace, 'taskset', '-c', core, ...command], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** User and system seconds of a live process, all its threads. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

/** Pins the bed's name servers. */
function pinServers(bed: Network, cores: string): void {
  const pids = spawnSync('ip', ['netns', 'pids', bed.namespace], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean);
  for (const pid of pids) spawnSync('taskset', ['-acp', cores, pid]);
}

async function untilItAnswers(bed: Network, address: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { stdout } = spawnSync(
      'ip',
      ['netns', 'exec', bed.namespace, 'dig', '+time=1', '+tries=1', `@${address}`, '.', 'SOA'],
      { encoding: 'utf8' },
    );
    if (/status: NOERROR/.test(stdout)) return;
    await delay(100);
  }
  throw new Error(`no answer from ${address}`);
}

/** SO_REUSEPORT lets a forgotten server answer in another's place: the only owner of the port must be the process just started. */
function mustOwn(bed: Network, address: string, pid: number): void {
  const { stdout } = spawnSync('ip', ['netns', 'exec', bed.namespace, 'ss', '-lunpH', `src ${address}:53`], {
    encoding: 'utf8',
  });
  const owners = new Set([...stdout.matchAll(/pid=(\d+)/g)].map((match) => Number(match[1])));
  if (owners.size !== 1 || !owners.has(pid)) {
    throw new Error(`${address}:53 belongs to ${[...owners].join(', ') || 'nobody'}, not to ${pid}`);
  }
}

function dnsperf(
  bed: Network,
  address: string,
  list: string,
  passes: number,
  cores: string,
): { perSecond: number; seconds: number; lost: number } {
  const { stdout, stderr } = spawnSync(
    'ip',
    [
      ...['netns', 'exec', bed.namespace, 'taskset', '-c', cores],
      ...['dnsperf', '-s', address, '-d', join(bed.folder, 'queries', list), '-n', String(passes)],
      ...['-c', '8', '-q', '200', '-D', '-t', '20', '-b', '4096'],
    ],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  const number = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? Number.NaN);
  const perSecond = number(/Queries per second:\s+([\d.]+)/);
  if (Number.isNaN(perSecond)) throw new Error(`dnsperf: ${stderr || stdout}`);
  return { perSecond, seconds: number(/Run time \(s\):\s+([\d.]+)/), lost: number(/Queries lost:\s+(\d+)/) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Which cores the resolver has, and which everybody else. */
interface Cores {
  readonly resolver: string;
  readonly others: string;
}

async function round(
  bed: Network,
  contender: Contender,
  domains: number,
  figures: Figures,
  cores: Cores,
): Promise<void> {
  const { address } = contender;
  const child = inside(bed, cores.resolver, contender.command(bed, address));
  try {
    await untilItAnswers(bed, address);
    mustOwn(bed, address, child.pid!);
    const before = cpuSeconds(child.pid!);
    const small = residentMiB(child.pid!);
    const cold = dnsperf(bed, address, 'mx-tlsa.txt', 1, cores.others);
    figures.coldCpu.push(((cpuSeconds(child.pid!) - before) / domains) * 1000);
    figures.coldPerSecond.push(domains / cold.seconds);
    figures.grownMiB.push(residentMiB(child.pid!) - small);
    const warm = dnsperf(bed, address, 'mx-tlsa.txt', WARM_PASSES, cores.others);
    figures.warmPerSecond.push(warm.perSecond);
    figures.residentMiB.push(residentMiB(child.pid!));
    figures.lost += cold.lost + warm.lost;
  } finally {
    child.kill('SIGTERM');
    await new Promise((resolve) =>
      child.exitCode === null ? child.once('exit', resolve) : resolve(undefined),
    );
  }
}

function table(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join('  '),
    );
  }
}

/** RRsets that are cached once all has been asked for: NS, MX, and where signed DS and DNSKEY of a domain; TLSA of a host. */
function cachedRRsets(bed: Network): number {
  const algorithms = readTable(bed, 'domains.tsv').map((row) => row[7]);
  const hosts = readFileSync(join(bed.folder, 'queries', 'tlsa-uniq.txt'), 'utf8').split('\n').length - 1;
  return algorithms.reduce((count, algorithm) => count + (Number(algorithm) > 0 ? 4 : 2), hosts);
}

/** One lookup from nothing: the program started, the chain from the root validated, the program gone. */
function startTimes(bed: Network): void {
  const name = readFileSync(join(bed.folder, 'domains.tsv'), 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
    .find((row) => row[2] === 'secure-311')![1]!;
  const hints = join(bed.folder, 'root.hints');
  const anchor = join(bed.folder, 'root.key');
  const commands: readonly (readonly [string, readonly string[], RegExp | undefined])[] = [
    ['bare Node.js', [process.execPath, '-e', '0'], undefined],
    [
      'mailanchor resolve, from the root',
      [process.execPath, PROGRAM, 'resolve', name, 'MX', '--root-hints', hints, '--trust-anchor', anchor],
      /SECURE/,
    ],
    [
      'mailanchor resolve, by a resolver',
      [process.execPath, PROGRAM, 'resolve', name, 'MX', '--resolver', bed.unbound, '--trust-anchor', anchor],
      /SECURE/,
    ],
    [
      'delv, by a resolver',
      ['delv', '-a', join(bed.folder, 'root.bind-keys'), '+root=.', `@${bed.unbound}`, name, 'MX'],
      /fully validated/,
    ],
  ];
  const times = new Map<string, number[]>(commands.map(([what]) => [what, []]));
  for (let i = 0; i < STARTS; i++) {
    for (const [what, command, expected] of commands) {
      const begin = performance.now();
      const { stdout } = spawnSync('ip', ['netns', 'exec', bed.namespace, ...command], { encoding: 'utf8' });
      times.get(what)!.push(performance.now() - begin);
      if (expected && !expected.test(stdout)) throw new Error(`${what}: ${stdout}`);
    }
  }
  const bare = median(times.get('bare Node.js')!);
  console.log(`\none lookup from nothing, ${STARTS} starts each, in turn`);
  table([
    ['program', 'ms, median', 'of bare Node.js'],
    ...[...times].map(([what, values]) => [
      what,
      median(values).toFixed(1),
      (median(values) / bare).toFixed(2),
    ]),
  ]);
}

export default async function resolverBench(): Promise<void> {
  const why = whyNoPeers();
  if (why) {
    console.log(`left out: ${why}`);
    return;
  }
  const raised = raiseBed(DOMAINS, 50);
  try {
    const bed = raised.network;
    const domains = readFileSync(join(bed.folder, 'queries', 'mx-tlsa.txt'), 'utf8').match(/ MX$/gm)!.length;
    const rrsets = cachedRRsets(bed);
    console.log(`${domains} domains, MX then TLSA, ${ROUNDS} rounds, in turn; medians, and ours / Unbound's`);
    for (const [title, cores] of [
      [
        'a core for the resolver, the other for everybody else',
        { resolver: RESOLVER_CORE, others: OTHER_CORE },
      ],
      ['two cores for all of them', { resolver: BOTH_CORES, others: BOTH_CORES }],
    ] as const) {
      pinServers(bed, cores.others);
      const figures = new Map(CONTENDERS.map(({ name }) => [name, noFigures()]));
      for (let i = 0; i < ROUNDS; i++) {
        for (const contender of CONTENDERS)
          await round(bed, contender, domains, figures.get(contender.name)!, cores);
      }
      const ours = figures.get('mailanchor')!;
      const theirs = figures.get('unbound')!;
      const row = (what: string, of: (f: Figures) => readonly number[], digits: number): string[] => [
        what,
        median(of(ours)).toFixed(digits),
        median(of(theirs)).toFixed(digits),
        (median(of(ours)) / median(of(theirs))).toFixed(2),
      ];
      console.log(`\n${title}`);
      table([
        ['', 'mailanchor', 'unbound', 'ratio'],
        row('cold, domains a second', (f) => f.coldPerSecond, 0),
        row('cold, CPU seconds per 1,000 domains', (f) => f.coldCpu, 3),
        row('warm, answers a second', (f) => f.warmPerSecond, 0),
        row('resident MiB, all cached', (f) => f.residentMiB, 0),
        row('grown MiB per 100,000 RRsets', (f) => f.grownMiB.map((mib) => (mib / rrsets) * 100_000), 0),
        ['questions lost', String(ours.lost), String(theirs.lost), ''],
      ]);
    }
    startTimes(bed);
  } finally {
    raised.lower();
  }
}
