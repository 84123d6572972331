/** `mailanchor policy` and clients that mean no good: they are closed, and others are answered meanwhile. */
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import {
  askSocketmap,
  askTcpTable,
  netstring,
  open,
  type PolicyProcess,
  readAll,
  startPolicy,
} from './policy-process.ts';
import { unbuilt } from './program.ts';
import { Stage } from './resolver-stage.ts';

const stage = new Stage();

async function closed(policy: PolicyProcess): Promise<Record<string, number>> {
  const page = /http:\/\/[0-9.:]+/.exec(policy.process.lines.find((line) => line.includes('http://'))!)![0];
  const text = await (await fetch(`${page}/metrics`)).text();
  return Object.fromEntries(
    [...text.matchAll(/^mailanchor_policy_connections_closed_total\{reason="(\w+)"\} (\d+)$/gm)].map(
      ([, reason, count]) => [reason, Number(count)],
    ),
  );
}

/** A reset is an end like any other. */
const closing = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

const start = (...args: string[]) => startPolicy([...stage.configured, '--metrics', '127.0.0.1:0', ...args]);

test.skipIf(unbuilt)('what is no request ends the connection, with a word', async () => {
  const policy = await start();
  const say = async (port: number, text: string | Buffer) => {
    const socket = await open({ port });
    socket.write(text);
    return readAll(socket);
  };
  expect(await say(policy.socketmap, 'GET / HTTP/1.1\r\n\r\n')).toBe('17:PERM no netstring,');
  expect(await say(policy.socketmap, '99999999:')).toMatch(/PERM a request that is too long,$/);
  expect(await say(policy.socketmap, '5:abcdefgh')).toMatch(/PERM a netstring without its comma,$/);
  expect(await say(policy.tcpTable, 'x'.repeat(5000))).toBe('400 a%20line%20that%20is%20too%20long\n');
  expect(await say(policy.socketmap, Buffer.alloc(300_000, 0xff))).toMatch(/no netstring|^$/);
  expect(await closed(policy)).toMatchObject({ malformed: 5 });
  // One line, not five.
  expect(policy.process.lines.filter((line) => line.includes('is closed'))).toEqual([
    'mailanchor policy: the client 127.0.0.1 is closed: what it says is no request of this protocol',
  ]);
  expect(await askSocketmap({ port: policy.socketmap }, '.')).toBe('NOTFOUND ');
  await policy.process.stop();
});

test.skipIf(unbuilt)(
  'questions sent ahead are answered in order, a half question when the rest has come',
  async () => {
    const policy = await start();
    const socket = await open({ port: policy.socketmap });
    const good = `policy good-311.example:${stage.lab.mailPort}`;
    socket.write(
      netstring('policy .a') + netstring(good) + netstring('other x') + netstring(good).slice(0, 9),
    );
    let text = '';
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.includes('PERM') && !socket.writableEnded) socket.end(netstring(good).slice(9));
    }
    expect(text.replace(/PERM [^,]*/, 'PERM')).toMatch(
      /^9:NOTFOUND ,12:OK dane-only,\d+:PERM,12:OK dane-only,$/,
    );
    await policy.process.stop();
  },
);

test.skipIf(unbuilt)('who sends on and reads nothing is closed', async () => {
  const policy = await start();
  const socket = await open({ port: policy.socketmap });
  socket.pause();
  const gone = closing(socket);
  const burst = netstring('policy .').repeat(4000);
  const send = () => {
    while (!socket.destroyed && socket.write(burst));
  };
  socket.on('drain', send);
  send();
  await gone;
  expect(await closed(policy)).toMatchObject({ unread: 1 });
  expect(policy.process.lines.at(-1)).toMatch(/it does not read its answers$/);
  await policy.process.stop();
});

test.skipIf(unbuilt)('who sends on behind a question that is looked up is closed', async () => {
  const policy = await start('--timeout', '5');
  stage.silence();
  const socket = await open({ port: policy.socketmap });
  const gone = closing(socket);
  socket.write(netstring('policy rsa.example') + netstring('policy .').repeat(10_000));
  await gone;
  expect(await closed(policy)).toMatchObject({ flood: 1 });
  expect(policy.process.lines.join('\n')).toMatch(/it sends on and on behind a question/);
  await policy.process.stop('SIGKILL');
});

test.skipIf(unbuilt)(
  '10,000 connections and more: the idlest makes room, and questions are answered',
  { timeout: 60_000 },
  async () => {
    const policy = await start();
    const sockets: Socket[] = [];
    while (sockets.length < 10_200)
      sockets.push(
        ...(await Promise.all(Array.from({ length: 200 }, () => open({ port: policy.socketmap })))),
      );
    expect(await askSocketmap({ port: policy.socketmap }, '.')).toBe('NOTFOUND ');
    expect(await askSocketmap({ port: policy.socketmap }, `good-311.example:${stage.lab.mailPort}`)).toBe(
      'OK dane-only',
    );
    // Each makes room for one; those that asked and went are room themselves.
    const { evicted } = await closed(policy);
    expect(evicted).toBeGreaterThanOrEqual(200);
    expect(evicted).toBeLessThanOrEqual(202);
    for (const socket of sockets) socket.destroy();
    await policy.process.stop();
  },
);

test.skipIf(unbuilt)('fewer open files than connections: told of, and questions are answered', async () => {
  const policy = await startPolicy([...stage.configured, '--metrics', '127.0.0.1:0'], {}, [
    ...['prlimit', '--nofile=512:512'],
  ]);
  expect(policy.process.lines.join('\n')).toMatch(
    /256 connections at most, not 10000: the system allows 512 open files \(LimitNOFILE, ulimit -n\)/,
  );
  const sockets = await Promise.all(
    Array.from({ length: 600 }, async () => (await open({ port: policy.socketmap })).resume()),
  );
  expect(await askSocketmap({ port: policy.socketmap }, `rsa.example:${stage.lab.mailPort}`)).toBe(
    'OK dane-only',
  );
  for (const socket of sockets) socket.destroy();
  await policy.process.stop();
});

test.skipIf(unbuilt)('whatever is sent, others are answered', async () => {
  const policy = await start();
  let seed = 7;
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed;
  };
  const noise = () => Buffer.from(Array.from({ length: random() % 400 }, () => random() >> 8));
  const names = ['\xff\xfe', 'a b', '..', '*', '-', 'x'.repeat(299), '[::1', 'a:b:c', '%', '\0', 'é.example'];
  for (let i = 0; i < 100; i++) {
    for (const port of [policy.socketmap, policy.tcpTable]) {
      const socket = await open({ port });
      socket.resume().end(noise());
    }
    const name = names[i % names.length]!;
    expect(await askSocketmap({ port: policy.socketmap }, name)).toMatch(/^(?:NOTFOUND |PERM )/);
    expect(await askTcpTable({ port: policy.tcpTable }, name)).toMatch(/^[45]00 /);
  }
  expect(await askSocketmap({ port: policy.socketmap }, `rsa.example:${stage.lab.mailPort}`)).toBe(
    'OK dane-only',
  );
  expect(await policy.process.stop()).toBe(0);
});
