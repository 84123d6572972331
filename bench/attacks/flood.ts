/** What packets that are not the answer cost whoever waits for it, over real sockets. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createUdpTransport, makeQuery, Name, RRType } from '@mailanchor/dns';
import type { Oddity } from './flooding-server.ts';

const QUESTIONS = 20;
const PACKETS = 10_000;
const KINDS: readonly (readonly [string, Oddity, number])[] = [
  ['the answer alone', 'id', 0],
  ['the id is another', 'id', PACKETS],
  ['the question is another', 'question', PACKETS],
  ['less than a header', 'scrap', PACKETS],
];

export async function floodTable(): Promise<void> {
  console.log(`\n${PACKETS} packets before each answer, over UDP\n`);
  console.log(
    '| packets that are not the answer | answered | CPU ms a question | microseconds a packet | longest hold ms |',
  );
  console.log('|---|---:|---:|---:|---:|');
  for (const [title, oddity, count] of KINDS) {
    const server = new Worker(new URL('./flooding-server.ts', import.meta.url), {
      workerData: { count, oddity },
    });
    const [port] = (await once(server, 'message')) as [number];
    const transport = createUdpTransport();
    let longest = 0;
    let turning = true;
    let last = process.threadCpuUsage();
    const turn = () => {
      const now = process.threadCpuUsage();
      longest = Math.max(longest, now.user + now.system - last.user - last.system);
      last = now;
      if (turning) setTimeout(turn, 1);
    };
    turn();
    const begin = process.threadCpuUsage();
    let answered = 0;
    for (let i = 0; i < QUESTIONS; i++) {
      const query = makeQuery(Name.fromText(`n${i}.example`), RRType.A);
      await transport.exchange(query, { address: '127.0.0.1', port }, { timeoutMs: 2000 }).then(
        () => answered++,
        () => {},
      );
    }
    const { user, system } = process.threadCpuUsage(begin);
    turning = false;
    await transport.close();
    await server.terminate();
    const ms = (user + system) / 1000 / QUESTIONS;
    const each = count === 0 ? '' : ((ms * 1000) / count).toFixed(2);
    console.log(
      `| ${title} | ${answered} of ${QUESTIONS} | ${ms.toFixed(1)} | ${each} | ${(longest / 1000).toFixed(1)} |`,
    );
  }
}
