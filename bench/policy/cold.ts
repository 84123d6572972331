/** Destinations looked up from nothing, beside our own resolver with the MX and TLSA questions of the same destinations. Zones are the bed's. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Network, raiseBed } from '../../test/peers/bed.ts';
import { whyNoPeers } from '../../test/peers/peers.ts';
import { median, PROGRAM, residentMiB, runClient, startServer, table } from './processes.ts';

const TICKS = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout || 100);
const PLACE = '127.0.53.40';

interface Cold {
  readonly perSecond: number;
  readonly cpuPerThousand: number;
  readonly mib: number;
}

export async function cold(domains: number, rounds: number): Promise<void> {
  const why = whyNoPeers();
  if (why) return console.log(`cold answers left out: ${why}`);
  const raised = raiseBed(domains, 50);
  try {
    const bed = raised.network;
    const questions = readFileSync(join(bed.folder, 'queries/mx-tlsa.txt'), 'utf8');
    const keys = [...questions.matchAll(/^(\S+)\.? MX$/gm)].map(([, name]) => name!.replace(/\.$/, ''));
    const list = join(bed.folder, 'keys.txt');
    writeFileSync(list, keys.map((key) => `${key}\n`).join(''));
    const ours: Cold[] = [];
    const resolver: Cold[] = [];
    let answers: Record<string, number> = {};
    for (let round = 0; round < rounds; round++) {
      const one = await policyRound(bed, list, keys.length);
      ours.push(one);
      answers = one.answers;
      resolver.push(await resolverRound(bed, keys.length));
    }
    const of = (all: readonly Cold[], key: keyof Cold) => median(all.map((figures) => figures[key]));
    const row = (name: string, key: keyof Cold, digits: number) => [
      name,
      of(ours, key).toFixed(digits),
      of(resolver, key).toFixed(digits),
      (of(ours, key) / of(resolver, key)).toFixed(2),
    ];
    table([
      [`${keys.length} destinations, cold`, 'mailanchor policy', 'mailanchor resolver, MX and TLSA', 'ratio'],
      row('destinations a second', 'perSecond', 0),
      row('CPU seconds per 1,000', 'cpuPerThousand', 3),
      row('resident MiB afterwards', 'mib', 0),
    ]);
    console.log(`answers: ${JSON.stringify(answers)}`);
  } finally {
    raised.lower();
  }
}

const roots = ({ folder }: Network) => [
  ...['--root-hints', join(folder, 'root.hints')],
  ...['--trust-anchor', join(folder, 'root.key')],
];

async function policyRound(
  bed: Network,
  list: string,
  count: number,
): Promise<Cold & { answers: Record<string, number> }> {
  const inside = ['ip', 'netns', 'exec', bed.namespace];
  const server = await startServer([PROGRAM, 'policy', '--listen', `${PLACE}:8461`, ...roots(bed)], inside);
  try {
    const before = cpuSeconds(server.pid);
    const { perSecond, answers } = await runClient<{ perSecond: number; answers: Record<string, number> }>(
      'ask-all.ts',
      [PLACE, 8461, 200, 0, 0, list],
      inside,
    );
    const cpuPerThousand = ((cpuSeconds(server.pid) - before) / count) * 1000;
    return { perSecond, cpuPerThousand, mib: residentMiB(server.pid), answers };
  } finally {
    await server.stop();
  }
}

async function resolverRound({ namespace, folder }: Network, count: number): Promise<Cold> {
  const bed = { namespace, folder, unbound: '' };
  const words = [
    'netns',
    'exec',
    namespace,
    process.execPath,
    PROGRAM,
    'resolver',
    '--listen',
    PLACE,
    ...roots(bed),
  ];
  const child = spawn('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += String(chunk);
    });
    while (!text.includes(': ready')) await delay(20);
    await delay(100);
    const before = cpuSeconds(child.pid!);
    const { stdout } = spawnSync(
      'ip',
      [
        ...['netns', 'exec', namespace, 'dnsperf', '-s', PLACE, '-d', join(folder, 'queries/mx-tlsa.txt')],
        ...['-n', '1', '-c', '8', '-q', '200', '-D', '-t', '20', '-b', '4096'],
      ],
      { encoding: 'utf8', maxBuffer: 1 << 26 },
    );
    const seconds = Number(/Run time \(s\):\s+([\d.]+)/.exec(stdout)?.[1]);
    const cpuPerThousand = ((cpuSeconds(child.pid!) - before) / count) * 1000;
    return { perSecond: count / seconds, cpuPerThousand, mib: residentMiB(child.pid!) };
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'close');
  }
}

/** User and system seconds of a live process, all its threads. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
