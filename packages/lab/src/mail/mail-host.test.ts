import { connect, type Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Seed } from '../keys/seed.ts';
import type { Listener } from '../port.ts';
import { issueCertificate, type LabCertificate } from './certificate.ts';
import type { MailFault } from './mail-fault.ts';
import { MailHost } from './mail-host.ts';

const seed = new Seed('mail');
const now = Date.now();
const certificate = (label: string): LabCertificate =>
  issueCertificate(seed, label, {
    subject: 'mx.example',
    names: ['mx.example'],
    notBefore: now - 86_400_000,
    notAfter: now + 86_400_000,
  });

let host: MailHost;
let listener: Listener;
beforeEach(async () => {
  host = new MailHost({
    name: 'mx.example',
    address: '127.0.0.1',
    chain: [certificate('one')],
    octetIntervalMs: 1,
  });
  listener = await host.listen(0);
});
afterEach(() => listener.close());

/** What comes until `done` says that it is enough, or the server closes. */
function read(socket: Socket, done: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const end = (): void => {
      socket.removeAllListeners();
      resolve(text);
    };
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (done(text)) end();
    });
    socket.on('end', end);
    socket.on('error', reject);
  });
}

const reply = (socket: Socket): Promise<string> => read(socket, (text) => /^\d{3} [^\n]*\n/m.test(text));

async function dial(): Promise<Socket> {
  return connect({ host: '127.0.0.1', port: listener.port });
}

async function command(socket: Socket, text: string): Promise<string> {
  socket.write(`${text}\r\n`);
  return reply(socket);
}

async function starttls(): Promise<TLSSocket> {
  const socket = await dial();
  await reply(socket);
  await command(socket, 'EHLO me');
  expect(await command(socket, 'STARTTLS')).toMatch(/^220 /);
  const secured = tlsConnect({ socket, servername: 'mx.example', rejectUnauthorized: false });
  await new Promise((resolve, reject) => secured.once('secureConnect', resolve).once('error', reject));
  return secured;
}

describe('an ordinary host', () => {
  test('greets, offers STARTTLS and not AUTH', async () => {
    const socket = await dial();
    expect(await reply(socket)).toMatch(/^220 mx\.example ESMTP/);
    const ehlo = await command(socket, 'EHLO me');
    expect(ehlo).toContain('STARTTLS');
    expect(ehlo).not.toContain('AUTH');
    expect(await command(socket, 'QUIT')).toMatch(/^221/);
  });

  test('takes and counts mail over TLS', async () => {
    const socket = await starttls();
    await command(socket, 'EHLO me');
    await command(socket, 'MAIL FROM:<a@sender.example>');
    await command(socket, 'RCPT TO:<b@mx.example>');
    expect(await command(socket, 'DATA')).toMatch(/^354/);
    expect(await command(socket, 'Subject: x\r\n\r\n..dot\r\n.')).toMatch(/^250/);
    expect(host.received).toEqual([
      { from: 'a@sender.example', to: ['b@mx.example'], octets: 20, tls: true, parameters: {} },
    ]);
    expect(host.connections).toBe(1);
    socket.destroy();
  });

  test('presents its certificate, and another from when it is told', async () => {
    const first = await starttls();
    // Asked once each: the second answer of a socket is undefined.
    const before = first.getPeerX509Certificate()!.raw;
    expect(new Uint8Array(before)).toEqual(host.chain[0]!.der);
    host.present([certificate('two')]);
    const second = await starttls();
    const after = second.getPeerX509Certificate()!.raw;
    expect(after).not.toEqual(before);
    expect(new Uint8Array(after)).toEqual(host.chain[0]!.der);
    first.destroy();
    second.destroy();
  });

  test('closing ends sessions under way, in a handshake too', async () => {
    const idle = await dial();
    await reply(idle);
    const handshaking = await dial();
    await reply(handshaking);
    await command(handshaking, 'EHLO me');
    await command(handshaking, 'STARTTLS');
    const closed = [idle, handshaking].map(
      (socket) => new Promise((resolve) => socket.once('close', resolve)),
    );
    for (const socket of [idle, handshaking]) socket.on('error', () => {}).resume();
    await listener.close();
    await Promise.all(closed);
  });
});

describe('faults', () => {
  const withFault = (fault: MailFault, body: (socket: Socket) => Promise<void>): void => {
    test(fault, async () => {
      host.fault = fault;
      const socket = await dial();
      await body(socket);
      socket.destroy();
    });
  };

  withFault('no-starttls', async (socket) => {
    await reply(socket);
    expect(await command(socket, 'EHLO me')).not.toContain('STARTTLS');
    expect(await command(socket, 'STARTTLS')).toMatch(/^5/);
  });
  withFault('starttls-refused', async (socket) => {
    await reply(socket);
    expect(await command(socket, 'EHLO me')).toContain('STARTTLS');
    expect(await command(socket, 'STARTTLS')).toMatch(/^454/);
    expect(await command(socket, 'QUIT')).toMatch(/^221/);
  });
  withFault('injected-data', async (socket) => {
    await reply(socket);
    await command(socket, 'EHLO me');
    socket.write('STARTTLS\r\n');
    expect(await read(socket, (text) => text.includes('AUTH'))).toMatch(/^220 [^\n]*\n250-/);
  });
  withFault('no-handshake', async (socket) => {
    await reply(socket);
    await command(socket, 'EHLO me');
    expect(await command(socket, 'STARTTLS')).toMatch(/^220/);
    expect(await command(socket, 'client hello')).toMatch(/^500/);
  });
  withFault('greeting-refused', async (socket) => {
    expect(await reply(socket)).toMatch(/^554/);
  });
  withFault('silent', async (socket) => {
    const heard: Buffer[] = [];
    socket.on('data', (chunk) => heard.push(chunk));
    await new Promise((resolve) => socket.once('connect', resolve));
    // A second connection is served after the first: had the host anything to say, it would have been said.
    host.fault = 'greeting-refused';
    const other = await dial();
    await reply(other);
    other.destroy();
    expect(heard).toEqual([]);
  });
  withFault('byte-a-second', async (socket) => {
    const chunks: number[] = [];
    socket.on('data', (chunk) => chunks.push(chunk.length));
    await new Promise<void>((resolve) =>
      socket.on('data', () => (chunks.length >= 3 ? resolve() : undefined)),
    );
    expect(chunks[0]).toBe(1);
  });
  for (const [fault, start] of [
    ['banner-flood', '220-flood'],
    ['endless-line', '220 endless'],
  ] as const) {
    withFault(fault, async (socket) => {
      let octets = 0;
      let lines = 0;
      let head = '';
      socket.on('data', (chunk) => {
        if (octets === 0) head = chunk.toString('latin1', 0, 20);
        octets += chunk.length;
        lines += chunk.toString('latin1').split('\n').length - 1;
      });
      await new Promise((resolve) => socket.once('end', resolve));
      expect(head.startsWith(start)).toBe(true);
      expect(octets).toBeGreaterThanOrEqual(10_000_000);
      expect(lines > 0).toBe(fault === 'banner-flood');
    });
  }

  test('closing-after-starttls', async () => {
    host.fault = 'closing-after-starttls';
    const socket = await starttls();
    expect(await command(socket, 'EHLO me')).toMatch(/^421/);
    socket.destroy();
  });

  test('a flood to nobody ends when the client goes', async () => {
    host.fault = 'banner-flood';
    const socket = await dial();
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    await listener.close();
  });
});
