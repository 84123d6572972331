/**
 * A child process that asks for each destination of a file once, over so many connections, at a rate or, at rate 0, as fast as answers come;
 * prints `{ perSecond, p50, p99, answers }`, latencies in milliseconds. Arguments: address, port, connections, rate, seconds (0: to the end), file.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

const [address = '', port, connections, rate, seconds, file = ''] = process.argv.slice(2);
const keys = readFileSync(file, 'utf8').split('\n').filter(Boolean);
const end = Number(seconds) > 0 ? performance.now() + Number(seconds) * 1000 : Number.POSITIVE_INFINITY;
const latencies: number[] = [];
const answers: Record<string, number> = {};
const began = performance.now();
let next = 0;

/** When the next may be asked, by the rate. */
const turn = (): Promise<void> | undefined => {
  if (Number(rate) === 0) return undefined;
  const due = began + (next / Number(rate)) * 1000 - performance.now();
  return due > 0 ? new Promise((resolve) => setTimeout(resolve, due)) : undefined;
};

async function ask(): Promise<void> {
  const socket = connect({ host: address, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  while (next < keys.length && performance.now() < end) {
    const waiting = turn();
    const payload = `policy ${keys[next++]!}`;
    await waiting;
    const sent = performance.now();
    socket.write(`${payload.length}:${payload},`);
    let reply = '';
    while (!reply.endsWith(',')) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      reply += chunk.toString('latin1');
    }
    latencies.push(performance.now() - sent);
    const status = /^\d+:(\w+)/.exec(reply)?.[1] ?? 'other';
    answers[status] = (answers[status] ?? 0) + 1;
  }
  socket.destroy();
}

await Promise.all(Array.from({ length: Number(connections) }, ask));
const took = (performance.now() - began) / 1000;
const sorted = Float64Array.from(latencies).sort();
const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
process.stdout.write(
  JSON.stringify({ perSecond: sorted.length / took, p50: at(0.5), p99: at(0.99), answers }),
);
