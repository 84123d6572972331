/** Cached answers beside a server that does nothing but answer, in turn; and memory with 10,000 connections. */
import { connect, type Socket } from 'node:net';
import {
  type Figures,
  median,
  residentMiB,
  runClient,
  type Server,
  startEcho,
  startPolicy,
  table,
} from './processes.ts';

/** Questions a second at which latency is looked at; the aim. */
const PACE = 30_000;
const LOADS = [
  { name: '1 connection', connections: 1, rate: 0 },
  { name: '200 connections', connections: 200, rate: 0 },
  { name: `200, ${PACE}/s asked`, connections: 200, rate: PACE },
  { name: `200, ${PACE / 3}/s asked`, connections: 200, rate: PACE / 3 },
] as const;
const SECONDS = 5;
const HELD = 10_000;

export async function cached(config: string, domains: readonly string[], rounds: number): Promise<void> {
  const [policy, echo] = [await startPolicy('--config', config), await startEcho()];
  try {
    const measure = (
      { port }: Server,
      { connections, rate }: { connections: number; rate: number },
      seconds = SECONDS,
    ) => runClient<Figures>('client.ts', [port, connections, rate, seconds, ...domains]);
    await measure(policy, LOADS[0], 1);
    const rows = [
      [
        'cached answers',
        'per second',
        'p50 ms',
        'p99 ms',
        'p99.9 ms',
        'bare: per second',
        'p99 ms',
        'ours / bare',
      ],
    ];
    for (const load of LOADS) {
      const ours: Figures[] = [];
      const bare: Figures[] = [];
      for (let round = 0; round < rounds; round++) {
        ours.push(await measure(policy, load));
        bare.push(await measure(echo, load));
      }
      const of = (figures: readonly Figures[], key: keyof Figures) => median(figures.map((one) => one[key]));
      const [rate, bareRate] = [of(ours, 'perSecond'), of(bare, 'perSecond')];
      rows.push([
        load.name,
        Math.round(rate).toString(),
        ...(['p50', 'p99', 'p999'] as const).map((key) => of(ours, key).toFixed(3)),
        Math.round(bareRate).toString(),
        of(bare, 'p99').toFixed(3),
        (rate / bareRate).toFixed(2),
      ]);
    }
    table(rows);
    const before = residentMiB(policy.pid);
    const held = await Promise.all(Array.from({ length: HELD }, () => open(policy.port)));
    const after = await measure(policy, LOADS[0], 1);
    const memory = residentMiB(policy.pid);
    console.log(
      `${held.length} idle connections besides: ${(memory - before).toFixed(0)} MiB more (${memory.toFixed(0)} MiB), one more asks ${Math.round(after.perSecond)}/s`,
    );
    for (const socket of held) socket.destroy();
  } finally {
    await Promise.all([policy.stop(), echo.stop()]);
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}
