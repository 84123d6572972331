/** `mailanchor policy` and clients that mean no good: they are closed, and others are answered meanwhile. */
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { askSocketmap, netstring, open, type PolicyProcess, readAll, startPolicy } from './policy-process.ts';
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
  await policy.process.stop('SIGKILL');
});

test.skipIf(unbuilt)(
  'more connections than are kept: the idlest makes room, and questions are answered',
  { timeout: 60_000 },
  async () => {
    const policy = await start('--max-connections', '1000');
    const sockets: Socket[] = [];
    for (let i = 0; i < 1500; i++) {
      const socket = await open({ port: policy.socketmap });
      socket.resume();
      sockets.push(socket);
    }
    expect(await askSocketmap({ port: policy.socketmap }, '.')).toBe('NOTFOUND ');
    const { evicted } = await closed(policy);
    expect(evicted).toBe(501);
    for (const socket of sockets) socket.destroy();
    await policy.process.stop();
  },
);
