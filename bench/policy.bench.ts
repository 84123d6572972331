/**
 * `mailanchor policy` as a process: cached answers per second and their latency over one and 200 connections, and memory with 10,000
 * connections. The client is a process of its own, on the same machine: what it takes is taken from the server.
 *
 *     npm run bench policy                                      5 seconds and 3 rounds
 *     MAILANCHOR_BENCH_ROUNDS=5 npm run bench policy
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startLab } from '../packages/lab/src/index.ts';
import { writeLabFolder } from '../packages/mailanchor/src/lab/folder.ts';

const ROUNDS = Number(process.env['MAILANCHOR_BENCH_ROUNDS'] ?? 3);
const SECONDS = 5;
/** Questions a second at which latency is looked at; the aim. */
const PACE = 30_000;
const LOADS = [
  { name: '1 connection', connections: 1, rate: 0 },
  { name: '200 connections', connections: 200, rate: 0 },
  { name: `200, ${PACE}/s`, connections: 200, rate: PACE },
] as const;
const HELD = 10_000;
const PROGRAM = fileURLToPath(new URL('../packages/mailanchor/bin/mailanchor.js', import.meta.url));
const CLIENT = fileURLToPath(new URL('./policy/client.ts', import.meta.url));
const DOMAINS = ['good-311', 'good-211', 'rsa', 'ed25519', 'nsec3', 'no-mx', 'alias', 'cname-mx'];

type Load = Pick<(typeof LOADS)[number], 'connections' | 'rate'>;

interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export default async function bench(): Promise<void> {
  const lab = await startLab();
  const folder = await writeLabFolder(lab, undefined);
  const listen = ['--listen', '127.0.0.1:0', '--max-connections', '20000'];
  const server = spawn(process.execPath, [PROGRAM, 'policy', '--config', folder.config, ...listen], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    const port = await portOf(server.stderr);
    const domains = DOMAINS.map((name) => `${name}.example:${lab.mailPort}`);
    const results = new Map<(typeof LOADS)[number], Figures[]>(LOADS.map((load) => [load, []]));
    await measure(port, LOADS[0], 1, domains);
    for (let round = 0; round < ROUNDS; round++)
      for (const load of LOADS) results.get(load)!.push(await measure(port, load, SECONDS, domains));
    console.log('cached answers   per second   p50 ms   p99 ms   p99.9 ms   (medians)');
    for (const [load, figures] of results) {
      const [perSecond, p50, p99, p999] = (['perSecond', 'p50', 'p99', 'p999'] as const).map((key) =>
        median(figures.map((figure) => figure[key])),
      );
      const name = load.name.padEnd(16);
      const ms = [p50, p99, p999].map((value) => value!.toFixed(3).padStart(8)).join(' ');
      console.log(`${name} ${Math.round(perSecond!).toString().padStart(11)} ${ms}`);
    }
    const before = residentMiB(server.pid!);
    const held = await Promise.all(Array.from({ length: HELD }, () => open(port)));
    const after = await measure(port, LOADS[0], 1, domains);
    const memory = residentMiB(server.pid!);
    console.log(
      `${held.length} idle connections besides: ${memory - before} MiB more (${memory} MiB), one more asks ${Math.round(after.perSecond)}/s`,
    );
    for (const socket of held) socket.destroy();
  } finally {
    server.kill('SIGTERM');
    await folder.remove();
    await lab.close();
  }
}

function portOf(stream: NodeJS.ReadableStream): Promise<number> {
  return new Promise((resolve) => {
    let text = '';
    let port = 0;
    stream.on('data', (chunk) => {
      text += String(chunk);
      port = Number(/listening on 127\.0\.0\.1:(\d+), socketmap/.exec(text)?.[1] ?? 0);
      if (/: ready\n/.test(text)) resolve(port);
    });
  });
}

function measure(
  port: number,
  { connections, rate }: Load,
  seconds: number,
  domains: readonly string[],
): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const words = [CLIENT, String(port), String(connections), String(rate), String(seconds), ...domains];
    const client = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    client.stdout.on('data', (chunk) => {
      text += String(chunk);
    });
    client.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text) as Figures);
      else reject(new Error(`the client ended with ${code}`));
    });
  });
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
