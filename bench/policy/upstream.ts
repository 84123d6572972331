/** Cached answers while name servers of other destinations are slow or dead, and a client asks for those all the time. */
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Name } from '../../packages/dns/src/index.ts';
import { type Lab, SERVERS, type ServerFault } from '../../packages/lab/src/index.ts';
import { type Figures, median, runClient, startPolicy, table } from './processes.ts';

/** Questions a second, for what is known and for what is not. */
const CACHED = 10_000;
const UNKNOWN = 100;
const SECONDS = 4;
/** Unsigned: what does not exist there is proven by nothing, and each name is a question of its own. */
const BELOW = 'unsigned.test';

const UPSTREAMS: readonly {
  readonly name: string;
  readonly kind?: ServerFault['kind'];
  readonly asked: boolean;
}[] = [
  { name: 'nobody asks for them', asked: false },
  { name: 'whole', asked: true },
  { name: 'slow: 500 ms', kind: { delayMs: 500 }, asked: true },
  { name: 'dead', kind: 'silent', asked: true },
];

export async function upstream(
  lab: Lab,
  config: string,
  domains: readonly string[],
  rounds: number,
): Promise<void> {
  const server = await startPolicy('--config', config, '--timeout', '5');
  const list = join(tmpdir(), `mailanchor-bench-unknown-${process.pid}`);
  const figures = UPSTREAMS.map((): Figures[] => []);
  const counts = UPSTREAMS.map((): string => '');
  try {
    await runClient('client.ts', [server.port, 1, 0, 1, ...domains]);
    for (let round = 0; round < rounds; round++) {
      for (const [i, { kind, asked }] of UPSTREAMS.entries()) {
        for (const address of SERVERS.operators)
          lab.network.server(address).faults = kind ? [{ kind, below: Name.fromText(BELOW) }] : [];
        const names = Array.from(
          { length: UNKNOWN * SECONDS * 2 },
          (_, n) => `u${round}-${i}-${n}.${BELOW}\n`,
        );
        writeFileSync(list, names.join(''));
        const other = asked
          ? runClient<{ answers: object }>('ask-all.ts', [
              '127.0.0.1',
              server.port,
              600,
              UNKNOWN,
              SECONDS + 1,
              list,
            ])
          : undefined;
        figures[i]!.push(
          await runClient<Figures>('client.ts', [server.port, 200, CACHED, SECONDS, ...domains]),
        );
        counts[i] = other ? JSON.stringify((await other).answers) : '';
      }
    }
  } finally {
    for (const address of SERVERS.operators) lab.network.server(address).faults = [];
    rmSync(list, { force: true });
    await server.stop();
  }
  const of = (i: number, key: keyof Figures) => median(figures[i]!.map((one) => one[key]));
  table([
    [
      `${CACHED}/s of cached, name servers of ${UNKNOWN}/s others`,
      'per second',
      'p50 ms',
      'p99 ms',
      'p50 / whole',
      'others got',
    ],
    ...UPSTREAMS.map(({ name }, i) => [
      name,
      Math.round(of(i, 'perSecond')).toString(),
      of(i, 'p50').toFixed(3),
      of(i, 'p99').toFixed(3),
      (of(i, 'p50') / of(1, 'p50')).toFixed(2),
      counts[i]!,
    ]),
  ]);
}
