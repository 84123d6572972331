/**
 * A child process that asks one policy server over so many connections, for so many seconds; prints
 * `{ perSecond, p50, p99, p999 }`, latencies in milliseconds. At rate 0 each asks again as soon as it has its answer; else so many questions a
 * second are asked in all, by whoever waits for none. Arguments: port, connections, rate, seconds, domains.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const [port, connections, rate, seconds, ...domains] = process.argv.slice(2);
const questions = domains.map((domain) => {
  const payload = `policy ${domain}`;
  return Buffer.from(`${payload.length}:${payload},`);
});
const COMMA = 0x2c;
const latencies: number[] = [];
let measuring = false;
let ended = false;
const paced = Number(rate) > 0;
/** Of connections without a question, the longest idle first. */
const free: (() => void)[] = [];

function run(socket: Socket, first: number): void {
  let next = first;
  let sent = 0;
  const ask = () => {
    sent = performance.now();
    socket.write(questions[next++ % questions.length]!);
  };
  free.push(ask);
  socket.on('data', (octets: Buffer) => {
    // The answers asked for here are shorter than a segment and have one comma, their last octet.
    if (octets[octets.length - 1] !== COMMA || !octets.includes('OK dane-only'))
      throw new Error(String(octets));
    if (measuring) latencies.push(performance.now() - sent);
    if (ended) return;
    if (paced) free.push(ask);
    else ask();
  });
}

function pace(perSecond: number): void {
  const start = performance.now();
  let asked = 0;
  const turn = () => {
    const due = Math.floor(((performance.now() - start) / 1000) * perSecond);
    for (; asked < due; asked++) free.shift()?.();
    if (!ended) setImmediate(turn);
  };
  turn();
}

const sockets = await Promise.all(
  Array.from({ length: Number(connections) }, async () => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return socket;
  }),
);
for (const [index, socket] of sockets.entries()) run(socket, index * 7);
if (paced) pace(Number(rate));
else for (const ask of free) ask();
await new Promise((resolve) => setTimeout(resolve, 1000));
const began = performance.now();
measuring = true;
await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000));
ended = true;
const took = (performance.now() - began) / 1000;
measuring = false;
const sorted = Float64Array.from(latencies).sort();
const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
process.stdout.write(
  JSON.stringify({ perSecond: sorted.length / took, p50: at(0.5), p99: at(0.99), p999: at(0.999) }),
);
process.exit(0);
