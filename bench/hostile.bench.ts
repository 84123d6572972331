/**
 * `mailanchor resolver` under clients that mean ill, at volume: a process against the lab. Meanwhile an honest client asks 50 questions a
 * second, over UDP and TCP in turn, from an address of its own; what becomes of them, and of the memory, is the result.
 *
 *     npm run bench hostile                  MAILANCHOR_BENCH_SECONDS=10: longer for each attack
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { encodeMessage, makeQuery, Name, type QueryOptions, RRType } from '@mailanchor/dns';
import { issueCertificate, SERVERS, Seed, startLab, toPem } from '@mailanchor/lab';
import { writeLabFolder } from '../packages/mailanchor/src/lab/folder.ts';
import type { HonestResult, HonestSettings } from './hostile/honest-client.ts';

const SECONDS = Number(process.env['MAILANCHOR_BENCH_SECONDS'] ?? 4);
/** A pattern of titles. */
const ONLY = process.env['MAILANCHOR_BENCH_ONLY'];
const PROGRAM = fileURLToPath(new URL('../packages/mailanchor/bin/mailanchor.js', import.meta.url));
/** Milliseconds between two honest questions. */
const PACE = 20;
const NAME = Name.fromText('good-311.example');
/** Whose servers say nothing. */
const SILENT = 'partial.example';

interface Target {
  readonly port: number;
  readonly tlsPort: number;
  readonly signal: AbortSignal;
}

interface Attack {
  readonly title: string;
  /** Attacks until the signal; returns how much it was, in words. */
  readonly run: (target: Target) => Promise<string>;
}

const query = (name: string | Name, type: number, options: QueryOptions = {}) =>
  encodeMessage(
    makeQuery(typeof name === 'string' ? Name.fromText(name) : name, type, { rd: true, ...options }),
  );
const frame = (octets: Uint8Array) =>
  Buffer.concat([Uint8Array.of(octets.length >> 8, octets.length), octets]);

/** Datagrams as fast as they go; `make` gives the next. */
function datagrams(title: string, make: (n: number) => Uint8Array): Attack {
  return {
    title,
    run: async ({ port, signal }) => {
      const socket = createSocket('udp4').bind(0, '127.0.0.3');
      await once(socket, 'listening');
      let sent = 0;
      while (!signal.aborted) {
        for (let i = 0; i < 50; i++) socket.send(make(sent++), port, '127.0.0.1');
        await new Promise((resolve) => setImmediate(resolve));
      }
      await new Promise<void>((resolve) => socket.close(() => resolve()));
      return `${sent} datagrams`;
    },
  };
}

/** Connections from many addresses; `use` is called with each. */
function connections(
  title: string,
  count: number,
  use: (socket: Socket, signal: AbortSignal) => void,
  where: 'port' | 'tlsPort' = 'port',
): Attack {
  return {
    title,
    run: async (target) => {
      const open = new Set<Socket>();
      let made = 0;
      for (let i = 0; i < count && !target.signal.aborted; i++) {
        const localAddress = `127.0.1.${1 + (i % 200)}`;
        const socket = connect({ host: '127.0.0.1', port: target[where], localAddress });
        socket.on('error', () => {});
        socket.on('close', () => open.delete(socket));
        socket.on('connect', () => {
          made++;
          use(socket, target.signal);
        });
        open.add(socket);
        if (i % 50 === 49) await delay(5);
      }
      if (!target.signal.aborted) await once(target.signal, 'abort');
      const left = open.size;
      for (const socket of open) socket.destroy();
      return `${made} connections, ${left} left open`;
    },
  };
}

/** Writes the same octets for as long as the other side takes them. */
function flood(octets: Uint8Array): (socket: Socket, signal: AbortSignal) => void {
  return (socket, signal) => {
    const write = () => {
      if (signal.aborted || socket.destroyed) return;
      if (socket.write(octets)) setImmediate(write);
      else socket.once('drain', write);
    };
    write();
  };
}

const asked = query(NAME, RRType.MX, { do: true });
const manyAsked = Buffer.concat(new Array<Buffer>(100).fill(frame(asked)));
const bigAsked = Buffer.concat(
  new Array<Buffer>(100).fill(frame(query('rsa.example', RRType.DNSKEY, { do: true }))),
);
const random = (n: number) => Uint8Array.from({ length: n }, () => Math.random() * 256);
const noise = Array.from({ length: 256 }, () => random(20 + Math.random() * 200));

const ATTACKS: readonly Attack[] = [
  {
    title: 'nothing',
    run: async ({ signal }) => {
      await once(signal, 'abort');
      return '';
    },
  },
  datagrams('random octets', (n) => noise[n & 255]!),
  datagrams('questions with octets changed', (n) => asked.with(n % asked.length, (n * 37) & 255)),
  datagrams('responses', () => asked.with(2, 0x81)),
  datagrams('the same question', () => asked),
  datagrams('names never asked before, in a signed zone', (n) => query(`n${n}.nsec3.example`, RRType.TLSA)),
  datagrams('names never asked before, of servers that are silent', (n) =>
    query(`n${n}.${SILENT}`, RRType.MX),
  ),
  datagrams('the longest names', (n) =>
    query(`${n}.${'a.'.repeat(115)}example`, RRType.A, { cd: n % 2 === 0 }),
  ),
  connections('TCP connections that say nothing', 10_000, () => {}),
  connections('TCP, frames of no octets', 5_000, flood(new Uint8Array(1000))),
  connections('TCP, half a question each', 5_000, (socket) => void socket.write(frame(asked).subarray(0, 9))),
  connections('TCP, questions for ever, answers read', 100, (socket, signal) => {
    socket.resume();
    flood(manyAsked)(socket, signal);
  }),
  connections('TCP, questions for ever, answers not read', 1000, (socket, signal) => {
    socket.pause();
    flood(bigAsked)(socket, signal);
  }),
  connections(
    'TLS, half a ClientHello',
    5_000,
    (socket) => void socket.write(Uint8Array.of(22, 3, 1, 0, 200, 1)),
    'tlsPort',
  ),
  connections('TLS, no TLS', 5_000, (socket) => void socket.write('GET / HTTP/1.0\r\n\r\n'), 'tlsPort'),
];

/** What became of an honest client's questions in so many seconds. */
async function honest(port: number): Promise<HonestResult> {
  const settings: HonestSettings = { port, name: NAME.toString(), seconds: SECONDS, pace: PACE };
  const worker = new Worker(new URL('./hostile/honest-client.ts', import.meta.url), { workerData: settings });
  const [result] = (await once(worker, 'message')) as [HonestResult];
  await worker.terminate();
  return result;
}

function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

const quantile = (values: readonly number[], q: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? Number.NaN;

export default async function bench(): Promise<void> {
  const lab = await startLab();
  const folder = await writeLabFolder(lab, undefined);
  for (const address of SERVERS.operators)
    lab.network.server(address).faults = [{ kind: 'silent', below: Name.fromText(SILENT) }];
  const day = 86_400_000;
  const certificate = issueCertificate(new Seed('hostile'), 'hostile', {
    subject: 'resolver.example',
    names: ['resolver.example'],
    notBefore: Date.now() - day,
    notAfter: Date.now() + day,
  });
  const files = [join(folder.path, 'tls.crt'), join(folder.path, 'tls.key')] as const;
  writeFileSync(files[0], toPem([certificate]));
  writeFileSync(files[1], certificate.key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const resolver = spawn(
    process.execPath,
    [
      PROGRAM,
      'resolver',
      ...['--config', folder.config, '--listen', '127.0.0.1:0', '--listen-tls', '127.0.0.1:0'],
      ...['--tls-cert', files[0], '--tls-key', files[1], '--cache-size', '32'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let told = '';
  resolver.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  let failed = false;
  try {
    while (!/: ready$/m.test(told)) await once(resolver.stderr, 'data');
    const port = Number(/listening on 127\.0\.0\.1:(\d+), UDP/.exec(told)![1]);
    const tlsPort = Number(/listening on 127\.0\.0\.1:(\d+), TLS/.exec(told)![1]);
    console.log(`${SECONDS} seconds each; an honest question every ${PACE} ms\n`);
    console.log(
      '| attack | volume | honest answered | asked again | median ms | 99 % ms | slowest ms | MiB resident after |',
    );
    console.log('|---|---|---:|---:|---:|---:|---:|---:|');
    for (const { title, run } of ATTACKS) {
      if (ONLY && !new RegExp(ONLY).test(title)) continue;
      const signal = AbortSignal.timeout(SECONDS * 1000);
      const [volume, { asked: count, good, again, ms }] = await Promise.all([
        run({ port, tlsPort, signal }),
        honest(port),
      ]);
      const row = [
        title,
        volume,
        `${good} of ${count}`,
        String(again),
        ...[0.5, 0.99, 1].map((q) => quantile(ms, q).toFixed(1)),
        residentMiB(resolver.pid!).toFixed(0),
      ];
      console.log(`| ${row.join(' | ')} |`);
      if (resolver.exitCode !== null)
        throw new Error(`the resolver ended with ${resolver.exitCode}:\n${told}`);
      if (good < count) failed = true;
    }
  } finally {
    resolver.kill('SIGTERM');
    if (resolver.exitCode === null) await once(resolver, 'close');
    for (const file of files) rmSync(file, { force: true });
    await folder.remove();
    await lab.close();
  }
  console.log(`\nsaid by the resolver:\n${told.trim().split('\n').slice(3).join('\n')}`);
  if (failed) console.log('\nsome honest questions were not answered');
}
