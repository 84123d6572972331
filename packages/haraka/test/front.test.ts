/** The socket that stands for a mail host, asked as Haraka asks, and worse. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { MxConnected, MxConnection } from '@mailanchor/smtp';
import { afterEach, describe, expect, test } from 'vitest';
import { Fronts, type OpenSession } from '../src/front.ts';
import { ehloReply, refusalOf } from '../src/front-session.ts';

const fronts = new Fronts();
const servers: Server[] = [];
afterEach(async () => {
  await fronts.close();
  for (const server of servers.splice(0)) server.close();
});

const CAPABILITIES = new Map([
  ['SIZE', '1000'],
  ['STARTTLS', ''],
  ['AUTH', 'PLAIN'],
  ['REQUIRETLS', ''],
  ['SMTPUTF8', ''],
]);

/** A mail host that answers each line with 250 and the line. */
async function session(more: Partial<MxConnected> = {}): Promise<{ result: MxConnected; said: string[] }> {
  const said: string[] = [];
  const server = createServer((socket) => {
    socket.on('data', (chunk) => {
      const lines = String(chunk).split('\r\n').filter(Boolean);
      said.push(...lines);
      for (const line of lines) socket.write(`250 ${line}\r\n`);
    });
    socket.on('error', () => {});
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const socket = connect(typeof address === 'object' && address ? address.port : 0, '127.0.0.1');
  await once(socket, 'connect');
  const fixed = { kind: 'connected', host: 'mx.example.org', capabilities: CAPABILITIES, requireTls: false };
  return { result: { ...fixed, socket, ...more } as MxConnected, said };
}

class Client {
  text = '';
  readonly socket: Socket;

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.on('data', (chunk) => {
      this.text += String(chunk);
    });
    this.socket.on('error', () => {});
  }

  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) await once(this.socket, 'data');
    return this.text;
  }
}

const front = async (open: OpenSession): Promise<Client> => new Client(await fronts.open(open));

const deferred = {
  kind: 'deferred',
  reason: 'mismatch',
  status: '4.7.5',
  text: 'no record matches',
} as const;
const NOTHING = { dns: null, attempts: [], events: [] };

describe('without a session the greeting says why', () => {
  test.each<[Omit<Exclude<MxConnection, { kind: 'connected' }>, 'dns' | 'attempts' | 'events'>, string]>([
    [deferred, '451 4.7.5 mismatch: no record matches'],
    [{ kind: 'failed', reason: 'null-mx', status: '5.1.10', text: 'x' }, '556 5.1.10 null-mx: x'],
    [{ kind: 'failed', reason: 'no-such-domain', status: '5.1.2', text: 'x' }, '550 5.1.2 no-such-domain: x'],
    [{ ...deferred, text: 'a\r\n220 b' }, '451 4.7.5 mismatch: a 220 b'],
  ])('%j', async (outcome, line) => {
    const result = { ...outcome, ...NOTHING } as Exclude<MxConnection, { kind: 'connected' }>;
    expect(refusalOf(result)).toBe(line);
    const client = await front(async () => result);
    await once(client.socket, 'end');
    expect(client.text).toBe(`${line}\r\n`);
  });

  test('an error of ours defers', async () => {
    const client = await front(() => Promise.reject(new Error('broken\r\n220 hello')));
    await once(client.socket, 'end');
    expect(client.text).toBe('451 4.3.0 broken 220 hello\r\n');
  });
});

describe('with a session', () => {
  test('EHLO is answered with what is offered, but for what is not for Haraka', async () => {
    expect(ehloReply({ host: 'mx.example.org', capabilities: CAPABILITIES })).toBe(
      '250-mx.example.org\r\n250-SIZE 1000\r\n250 SMTPUTF8\r\n',
    );
    expect(ehloReply({ host: 'mx.example.org', capabilities: new Map() })).toBe('250 mx.example.org\r\n');
  });

  test('nothing goes to the host before MAIL, everything from it on', async () => {
    const { result, said } = await session();
    const client = await front(async () => result);
    expect(await client.until(/\n/)).toBe('220 mx.example.org ESMTP\r\n');
    client.socket.write('NOOP\r\nDATA\r\nEHLO me\r\n');
    await client.until(/250 SMTPUTF8\r\n/);
    expect(client.text).toMatch(/250 2\.0\.0 ok\r\n503 5\.5\.1 MAIL first\r\n250-mx/);
    expect(said).toEqual([]);
    client.socket.write('MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n');
    await client.until(/250 RCPT TO:<c@d>/);
    expect(said).toEqual(['MAIL FROM:<a@b>', 'RCPT TO:<c@d>']);
    client.socket.destroy();
    await once(result.socket, 'close');
  });

  test('REQUIRETLS is put behind MAIL FROM', async () => {
    const { result, said } = await session({ requireTls: true });
    const client = await front(async () => result);
    client.socket.write('MAIL FROM:<a@b> SIZE=3\r\n');
    await client.until(/250 MAIL/);
    expect(said).toEqual(['MAIL FROM:<a@b> SIZE=3 REQUIRETLS']);
  });

  test('QUIT ends both', async () => {
    const { result, said } = await session();
    const client = await front(async () => result);
    client.socket.write('QUIT\r\n');
    await once(client.socket, 'end');
    expect(client.text).toMatch(/221 2\.0\.0 bye\r\n$/);
    await once(result.socket, 'close');
    expect(said).toEqual(['QUIT']);
  });

  test('a host that goes away ends Haraka\u2019s side', async () => {
    const { result } = await session();
    const client = await front(async () => result);
    await client.until(/\n/);
    result.socket.destroy();
    await once(client.socket, 'close');
  });

  test('what the host says last arrives, though it closes behind it', async () => {
    const { result } = await session();
    const client = await front(async () => result);
    client.socket.write('MAIL FROM:<a@b>\r\n');
    await client.until(/250 MAIL/);
    result.socket.unshift(`250-${'x'.repeat(500_000)}\r\n250 taken\r\n`);
    result.socket.destroySoon();
    await once(client.socket, 'end');
    expect(client.text).toMatch(/250 taken\r\n$/);
  });

  test('a flood before MAIL ends it', async () => {
    const { result, said } = await session();
    const client = await front(async () => result);
    client.socket.write('x'.repeat(10_000));
    await once(client.socket, 'close');
    expect(said).toEqual([]);
  });
});

test('Haraka gives up: the search for a session ends, and a late session is closed', async () => {
  let given: AbortSignal | undefined;
  const late = Promise.withResolvers<MxConnection>();
  const client = await front((signal) => {
    given = signal;
    return late.promise;
  });
  await once(client.socket, 'connect');
  while (!given) await new Promise(setImmediate);
  client.socket.destroy();
  await once(given, 'abort');
  const { result } = await session();
  late.resolve(result);
  await once(result.socket, 'close');
});

test('a socket serves one delivery', async () => {
  const { result } = await session();
  const path = await fronts.open(async () => result);
  const first = new Client(path);
  await first.until(/220/);
  const second = new Client(path);
  // It may never get in at all.
  await new Promise<void>((closed) => second.socket.once('close', () => closed()));
  expect(second.text).toBe('');
  first.socket.destroy();
});
