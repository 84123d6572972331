/** Sockets handed down to another process, as systemd does: file descriptors 3 and 4 of a child. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { answerOf, echo, framed, header, StreamReader, tcpClient, udpClient } from './ask.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const INDEX = new URL('../src/index.ts', import.meta.url).href;

/** Node has no public way to a socket's file descriptor. */
function fdOf(socket: object): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  if (typeof fd !== 'number' || fd < 0) throw new Error('this Node does not tell its file descriptors');
  return fd;
}

/** A UDP and a TCP socket of one port: a port that is free for the one may be taken for the other. */
async function bothSockets(address: string) {
  for (let attempt = 0; ; attempt++) {
    const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    udp.bind(0, address);
    await once(udp, 'listening');
    const { port } = udp.address();
    const tcp = createServer();
    try {
      tcp.listen(port, address);
      await once(tcp, 'listening');
      return { udp, tcp, port };
    } catch (error) {
      udp.close();
      if (attempt === 20) throw error;
    }
  }
}

async function inherit(address: string, fds: string, protocols = "['udp', 'tcp']") {
  const { udp, tcp, port } = await bothSockets(address);
  const program = `
    import { createListener } from ${JSON.stringify(INDEX)};
    try {
      const listener = await createListener({
        fds: ${fds},
        protocols: ${protocols},
        onQuery(octets, client, reply) {
          octets[2] |= 0x80;
          reply(octets);
        },
      });
      console.log(listener.address + ' ' + listener.port);
      process.on('SIGTERM', async () => {
        await listener.close();
        console.log('closed');
      });
      process.on('message', () => {});
    } catch (error) {
      console.log(error.code + ': ' + error.message);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit', fdOf(udp), fdOf(tcp)],
  });
  const exited = once(child, 'exit');
  open.push({
    close: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  });
  // The child has them: here they would only take what is meant for it.
  udp.close();
  tcp.close();
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { port, said: line.toString().trim(), child, exited };
}

describe('inherited sockets', () => {
  it.each([
    ['127.0.0.1', '[3, 4]'],
    ['::1', '[3, 4]'],
    ['127.0.0.1', "[{ fd: 3, type: 'udp4' }, { fd: 4, type: 'stream' }]"],
  ])('%s, given as %s: UDP and TCP are served until closed', async (address, fds) => {
    const { port, said, child, exited } = await inherit(address, fds);
    expect(said).toBe(`${address} ${port}`);
    const udp = await udpClient(port, address);
    open.push(udp);
    expect(await answerOf(udp, header(1))).toEqual(echo(header(1)));
    const tcp = await tcpClient(port, address);
    open.push({ close: () => tcp.destroy() });
    const reader = new StreamReader(tcp);
    tcp.write(framed(header(2)));
    await reader.until(1);
    expect(reader.messages).toEqual([echo(header(2))]);
    const last = once(child.stdout!, 'data');
    child.kill('SIGTERM');
    expect(String((await last)[0])).toBe('closed\n');
    // Nothing keeps it alive any more.
    expect(await exited).toEqual([0, null]);
  });

  it.each([
    [
      'a socket that is not to be served',
      '[3, 4]',
      "['udp']",
      /^bad-options: file descriptor 4 is a TCP socket/,
    ],
    ['what is no socket', '[0]', "['udp']", /^bad-options: file descriptor 0 is no socket/],
    ['a type that is not true', "[{ fd: 4, type: 'udp4' }]", "['udp']", /^failed: /],
  ])('refuses %s', async (_what, fds, protocols, expected) => {
    const { said } = await inherit('127.0.0.1', fds, protocols);
    expect(said).toMatch(expected);
  });
});
