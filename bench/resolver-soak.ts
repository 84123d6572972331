/**
 * Mixed load on `mailanchor resolver` for a while, and its memory along the way: names asked before and names never asked, proven, denied,
 * bogus, unanswered, over UDP and TCP, with and without DNSSEC, and octets that are no question at all. The lab is the Internet.
 *
 *     npm run build && npx node bench/resolver-soak.ts 600        seconds; default 600
 *
 * Prints a line in ten seconds. Ends with 1 where memory in the last third was more than a tenth above that in the third before.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createTcpTransport, encodeMessage, makeQuery, Name, RRType } from '@mailanchor/dns';
import { SERVERS, startLab } from '@mailanchor/lab';
import { writeLabFolder } from '../packages/mailanchor/src/lab/folder.ts';

const SECONDS = Number(process.argv[2] ?? 600);
/** Seconds between two lines. */
const STEP = 10;
/** Questions under way at a time, over UDP and over TCP. */
const WINDOW = 64;
const TCP_WINDOW = 4;
/** Milliseconds until a question counts as unanswered and its place is given to another. */
const PATIENCE = 1500;
/** Small, so that it is full long before the end: MiB. */
const CACHE = 16;
const PROGRAM = fileURLToPath(new URL('../packages/mailanchor/bin/mailanchor.js', import.meta.url));

/** A question: name, type and options. `fresh` stands for a label never asked before. */
const KINDS: readonly { readonly share: number; readonly name: string; readonly type: number }[] = [
  { share: 40, name: 'good-311.example', type: RRType.MX },
  { share: 10, name: 'mx.good-211.example', type: RRType.A },
  { share: 10, name: 'alias.example', type: RRType.MX },
  { share: 15, name: 'fresh.wildcard-mx.example', type: RRType.MX },
  { share: 10, name: 'fresh.nsec3.example', type: RRType.TLSA },
  { share: 5, name: 'fresh.rsa.example', type: RRType.A },
  { share: 5, name: 'fresh.expired.example', type: RRType.MX },
  { share: 2, name: 'fresh.partial.example', type: RRType.MX },
  { share: 3, name: 'fresh.unsigned.test', type: RRType.A },
];
/** Each kind as often as its share. */
const DRAWN = KINDS.flatMap((kind) => new Array<(typeof KINDS)[number]>(kind.share).fill(kind));
/** Whose name servers say nothing. */
const SILENT = 'partial.example';

let asked = 0;
let answered = 0;
let unanswered = 0;
const random = () => Math.random();

function nextQuery(id: number): Uint8Array {
  const kind = DRAWN[Math.floor(random() * DRAWN.length)]!;
  const name = Name.fromText(kind.name.replace('fresh', `n${asked.toString(36)}`));
  const edns = random() < 0.9;
  return encodeMessage(
    makeQuery(name, kind.type, {
      id,
      rd: true,
      edns,
      do: random() < 0.5,
      ad: random() < 0.5,
      cd: random() < 0.05,
    }),
  );
}

/** Keeps `WINDOW` questions under way until the signal; now and then something that is no question. */
async function loadUdp(port: number, signal: AbortSignal): Promise<void> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const waiting = new Map<number, number>();
  let id = 0;
  const send = (now: number) => {
    do id = (id + 1) & 0xffff;
    while (waiting.has(id));
    waiting.set(id, now);
    const octets = nextQuery(id);
    asked++;
    socket.send(octets, port, '127.0.0.1');
    if (random() < 0.02)
      socket.send(
        octets.map((octet) => (random() < 0.1 ? octet ^ 0xff : octet)),
        port,
        '127.0.0.1',
      );
  };
  const fill = () => {
    const now = performance.now();
    for (const [old, since] of waiting) {
      if (now - since < PATIENCE) break;
      waiting.delete(old);
      unanswered++;
    }
    while (waiting.size < WINDOW) send(now);
  };
  socket.on('message', (octets) => {
    if (!waiting.delete((octets[0]! << 8) | octets[1]!)) return;
    answered++;
    send(performance.now());
  });
  const timer = setInterval(fill, 50);
  await once(signal, 'abort');
  clearInterval(timer);
  socket.close();
}

/** A connection for each few questions. */
async function loadTcp(port: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const transport = createTcpTransport();
    for (let i = 0; i < 20 && !signal.aborted; i++) {
      const name = Name.fromText(
        i % 2 === 0 ? 'good-311.example' : `t${asked.toString(36)}.wildcard-mx.example`,
      );
      asked++;
      const query = makeQuery(name, RRType.MX, { rd: true, do: true });
      await transport.exchange(query, { address: '127.0.0.1', port }, { timeoutMs: PATIENCE }).then(
        () => answered++,
        () => unanswered++,
      );
    }
    await transport.close();
  }
}

/** MiB of the heap that is in use, as the resolver itself tells. */
async function heapOf(metricsPort: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  return Number(/memory_bytes\{kind="heap_used"\} (\d+)/.exec(text)?.[1]) / 1024 / 1024;
}

/** MiB of resident memory. */
function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

const lab = await startLab();
const folder = await writeLabFolder(lab, undefined);
for (const address of SERVERS.operators) {
  lab.network.server(address).faults = [{ kind: 'silent', below: Name.fromText(SILENT) }];
}
const port = await freePort();
const metricsPort = await freePort();
const place = `127.0.0.1:${port}`;
const resolver = spawn(
  process.execPath,
  [
    PROGRAM,
    'resolver',
    ...['--config', folder.config, '--listen', place, '--metrics', `127.0.0.1:${metricsPort}`],
    ...['--cache-size', String(CACHE), '-q'],
  ],
  { stdio: ['ignore', 'ignore', 'ignore'] },
);
const stop = new AbortController();
const memory: number[] = [];
try {
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const began = performance.now();
  const load = [
    loadUdp(port, stop.signal),
    ...Array.from({ length: TCP_WINDOW }, () => loadTcp(port, stop.signal)),
  ];
  console.log('second  MiB resident  MiB heap used  questions/s  answered  unanswered');
  let before = 0;
  for (let second = STEP; second <= SECONDS; second += STEP) {
    await new Promise((resolve) =>
      setTimeout(resolve, Math.max(0, began + second * 1000 - performance.now())),
    );
    if (resolver.exitCode !== null) throw new Error(`the resolver ended with ${resolver.exitCode}`);
    const rss = memoryOf(resolver.pid!);
    memory.push(rss);
    const heap = await heapOf(metricsPort);
    const row = [
      second,
      rss.toFixed(1),
      heap.toFixed(1),
      Math.round((answered - before) / STEP),
      answered,
      unanswered,
    ];
    console.log(row.map((value, i) => String(value).padStart([6, 13, 14, 12, 9, 11][i]!)).join(' '));
    before = answered;
  }
  stop.abort();
  await Promise.all(load);
} finally {
  resolver.kill('SIGTERM');
  if (resolver.exitCode === null) await once(resolver, 'close');
  await folder.remove();
  await lab.close();
}
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const third = Math.floor(memory.length / 3);
const middle = mean(memory.slice(third, 2 * third));
const last = mean(memory.slice(2 * third));
const growth = last / middle - 1;
console.log(
  `middle third ${middle.toFixed(1)} MiB, last third ${last.toFixed(1)} MiB: ${(growth * 100).toFixed(1)} %`,
);
process.exitCode = growth > 0.1 ? 1 : 0;
